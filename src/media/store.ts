import { createHash } from 'node:crypto'
import { mkdirSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { MediaFile, MediaKind } from '../record/media.js'
import { syncDirectory, writeFileAtomic } from '../store/atomic-file.js'

export interface NewMediaFile {
  readonly kind: MediaKind
  readonly name: string
  readonly step: number
  readonly bytes: Uint8Array
  readonly extension: string
}

const MAX_SEGMENT = 64

/**
 * Writes a file to `media/<kind>/<name>/<step>-<hash>.<extension>` of a run directory. It is on the disk, complete,
 * when this returns; one that is there already is left. Blocks. Throws the file system's errors.
 */
export function writeMediaFile(
  runDir: string,
  { kind, name, step, bytes, extension }: NewMediaFile,
): MediaFile {
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  const directory = ['media', kind, ...name.split('/').map(safeSegment)].join('/')
  const path = `${directory}/${safeSegment(String(step))}-${sha256.slice(0, 12)}.${extension}`
  const file = { path, bytes: bytes.length, sha256 }
  if (statSync(join(runDir, path), { throwIfNoEntry: false })?.size === bytes.length) return file
  makeDirectory(runDir, directory)
  writeFileAtomic(join(runDir, path), bytes, { sync: true })
  return file
}

/** Names come from users: nothing in them may leave the run directory. */
function safeSegment(segment: string): string {
  return (
    segment
      .replace(/[^A-Za-z0-9._-]+/g, '_')
      .replace(/^\.+/, '_')
      .slice(0, MAX_SEGMENT) || '_'
  )
}

/** With the names of the directories that lead to it on the disk. Blocks. */
export function makeDirectory(runDir: string, directory: string): void {
  const path = join(runDir, directory)
  if (mkdirSync(path, { recursive: true }) === undefined) return
  for (let at = path; at.length > runDir.length; ) {
    at = dirname(at)
    syncDirectory(at)
  }
}
