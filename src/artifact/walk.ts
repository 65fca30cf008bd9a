import { readdirSync, realpathSync, type Stats, statSync } from 'node:fs'
import { basename, join, relative, sep } from 'node:path'
import { MediaError } from '../media/request.js'
import { checkPath } from './paths.js'
import { fromSource } from './source.js'

/** A file that is to be kept. */
export interface FoundFile {
  /** Path within the artifact. */
  readonly path: string
  /** Absolute path of the content. */
  readonly source: string
}

/**
 * The files of one source: the file itself, or all files of a directory and those below it. `name`: its path within the
 * artifact; null: a file keeps its name, and a directory's files keep their paths in it. Symbolic links to files of the
 * same tree are followed; directories without files are nothing. Throws a MediaError where something is neither a file
 * nor a directory, or cannot be read. Blocks.
 */
export function filesOf(source: string, name: string | null): FoundFile[] {
  const stats = statOf(source)
  if (stats.isFile()) return [{ path: checkPath(name ?? basename(source)), source }]
  if (!stats.isDirectory()) throw notAFile(source)
  const root = fromSource(source, () => realpathSync(source))
  const found: FoundFile[] = []
  const prefix = name === null ? '' : `${checkPath(name)}/`
  walk({ root, directory: source, prefix, found })
  if (found.length > 0) return found
  throw new MediaError(`the directory ${JSON.stringify(source)} has no files: give one that has`)
}

interface Walk {
  readonly root: string
  readonly directory: string
  /** Of the paths within the artifact: empty, or with a `/` at its end. */
  readonly prefix: string
  readonly found: FoundFile[]
}

function walk({ root, directory, prefix, found }: Walk): void {
  for (const entry of fromSource(directory, () => readdirSync(directory, { withFileTypes: true }))) {
    const source = join(directory, entry.name)
    const path = `${prefix}${entry.name}`
    if (entry.isDirectory()) walk({ root, directory: source, prefix: `${path}/`, found })
    else {
      if (entry.isSymbolicLink()) checkLink(source, root)
      else if (!entry.isFile()) throw notAFile(source)
      found.push({ path: checkPath(path), source })
    }
  }
}

/** A link that leads elsewhere may show what nobody meant to keep; one to a directory may lead in a circle. */
function checkLink(link: string, root: string): void {
  const shown = JSON.stringify(link)
  const stats = statOf(link)
  if (stats.isDirectory()) {
    throw new MediaError(
      `${shown} is a symbolic link to a directory: give that directory as a source of its own`,
    )
  }
  if (!stats.isFile()) throw notAFile(link)
  const to = relative(
    root,
    fromSource(link, () => realpathSync(link)),
  )
  if (to !== '..' && !to.startsWith(`..${sep}`)) return
  throw new MediaError(
    `${shown} is a symbolic link to a file outside of the directory: give that file as a source of its own`,
  )
}

const statOf = (path: string): Stats => fromSource(path, () => statSync(path))

function notAFile(path: string): MediaError {
  const what = 'neither a file nor a directory (a device, a pipe or a socket)'
  return new MediaError(`${JSON.stringify(path)} is ${what}: give the path of a file`)
}
