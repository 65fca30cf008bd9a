import { checkAbout, checkName } from '../../artifact/about.js'
import { checkDistinct, checkPath, sortedByPath } from '../../artifact/paths.js'
import { keepBytes, keepFile } from '../../artifact/store.js'
import { filesOf } from '../../artifact/walk.js'
import type { ArtifactEntry } from '../../record/updates.js'
import { MediaError, type MediaInputs, type ProcessedMedia } from '../request.js'
import { describe, isRecord } from './checks.js'

/** Content that is to be an entry. */
interface Part {
  readonly path: string
  readonly content: string | Uint8Array
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
  return { value: { ...checked, entries: parts.map((part) => entryOf(runDir, part)) } }
}

/** Bytes without a path of their own have the artifact's name. */
function partsOf(file: unknown, artifact: string): Part[] {
  const { name = null, path, bytes } = isRecord(file) ? file : {}
  if (name !== null && typeof name !== 'string') {
    throw new MediaError(`a path within the artifact is ${describe(name)}: give a string`)
  }
  if (bytes instanceof Uint8Array) return [{ path: checkPath(name ?? artifact), content: bytes }]
  if (typeof path === 'string') {
    return filesOf(path, name).map((found) => ({ path: found.path, content: found.source }))
  }
  throw new MediaError(`a source is ${describe(path ?? bytes)}: give a path, or bytes as a Uint8Array`)
}

function entryOf(runDir: string, { path, content }: Part): ArtifactEntry {
  const { file, md5 } = typeof content === 'string' ? keepFile(runDir, content) : keepBytes(runDir, content)
  return { path, file, md5 }
}
