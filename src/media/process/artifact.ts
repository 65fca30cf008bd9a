import { checkAbout, checkName } from '../../artifact/about.js'
import { checkDistinct, checkPath, sortedByPath } from '../../artifact/paths.js'
import { referenceEntries } from '../../artifact/reference.js'
import { keepBytes, keepFile } from '../../artifact/store.js'
import { filesOf } from '../../artifact/walk.js'
import type { ArtifactEntry } from '../../record/updates.js'
import { MediaError, type MediaInputs, type ProcessedMedia } from '../request.js'
import { describe, isRecord } from './checks.js'

/** What is to be an entry: content, or what refers to it. */
interface Part {
  readonly path: string
  readonly entry: (runDir: string) => ArtifactEntry
}

/** Everything is checked, and every directory gone through, before the first file is read. */
export function processArtifact(
  { files, about }: MediaInputs['artifact'],
  runDir: string,
  name: string,
): ProcessedMedia<'artifact'> {
  checkName(name)
  const checked = checkAbout(about)
  if (!Array.isArray(files) || files.length === 0) {
    throw new MediaError(`the artifact has no sources: give the path of a file or a directory, or bytes`)
  }
  const parts = sortedByPath(files.flatMap((file: unknown) => partsOf(file, name)))
  checkDistinct(parts)
  return { value: { ...checked, entries: parts.map(({ entry }) => entry(runDir)) } }
}

/** Bytes without a path of their own have the artifact's name. */
function partsOf(file: unknown, artifact: string): Part[] {
  const { name = null, path, bytes, reference } = isRecord(file) ? file : {}
  if (name !== null && typeof name !== 'string') {
    throw new MediaError(`a path within the artifact is ${describe(name)}: give a string`)
  }
  if (reference !== undefined) {
    return referenceEntries(reference, name).map((entry) => ({ path: entry.path, entry: () => entry }))
  }
  if (bytes instanceof Uint8Array) {
    const at = checkPath(name ?? artifact)
    return [{ path: at, entry: (runDir) => ({ path: at, ...keepBytes(runDir, bytes) }) }]
  }
  if (typeof path === 'string') {
    return filesOf(path, name).map(({ path: at, source }) => ({
      path: at,
      entry: (runDir) => ({ path: at, ...keepFile(runDir, source) }),
    }))
  }
  throw new MediaError(
    `a source is ${describe(path ?? bytes)}: give a path, bytes as a Uint8Array, or { reference: "s3://..." }`,
  )
}
