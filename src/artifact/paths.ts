import { MediaError } from '../media/request.js'

const FIX = 'give a relative path with "/", without ".."'

/**
 * A path within an artifact, or of a saved file at the destinations, as it is given: relative, with `/`, the same on
 * every system. Throws a MediaError.
 */
export function checkPath(path: string): string {
  const shown = JSON.stringify(path)
  if (path === '') throw new MediaError(`a path is empty: ${FIX}`)
  if (!path.isWellFormed() || path.includes('\0'))
    throw new MediaError(`the path ${shown} is no text: ${FIX}`)
  if (path.includes('\\')) throw new MediaError(`the path ${shown} has a "\\": ${FIX}`)
  if (path.startsWith('/') || /^[A-Za-z]:/.test(path)) {
    throw new MediaError(`the path ${shown} is absolute: ${FIX}`)
  }
  const wrong = path.split('/').find((part) => part === '' || part === '.' || part === '..')
  if (wrong === undefined) return path
  throw new MediaError(`the path ${shown} has the part ${JSON.stringify(wrong)}: ${FIX}`)
}

/** In the order of their UTF-8 bytes, which is W&B's. */
export function sortedByPath<Entry extends { readonly path: string }>(entries: readonly Entry[]): Entry[] {
  return entries
    .map((entry) => ({ entry, bytes: Buffer.from(entry.path) }))
    .sort((a, b) => Buffer.compare(a.bytes, b.bytes))
    .map(({ entry }) => entry)
}

/** Throws a MediaError where two have one path, or one is a file where another has a directory. */
export function checkDistinct(entries: readonly { readonly path: string }[]): void {
  const paths = new Set<string>()
  for (const { path } of entries) {
    if (paths.has(path)) {
      throw new MediaError(`two sources have the path ${JSON.stringify(path)}: give each file one of its own`)
    }
    paths.add(path)
  }
  for (const { path } of entries) {
    for (let at = path.indexOf('/'); at >= 0; at = path.indexOf('/', at + 1)) {
      const directory = path.slice(0, at)
      if (!paths.has(directory)) continue
      const both = `${JSON.stringify(directory)} is a file, and a directory with ${JSON.stringify(path)}`
      throw new MediaError(`${both}: give one of them another path`)
    }
  }
}
