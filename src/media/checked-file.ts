import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { MediaFile, MediaKind, MediaRecord, MediaRecordOf, MediaValues } from '../record/media.js'

/** A media file that cannot be delivered any more: it is gone, or not what was logged. */
export class MediaFileError extends Error {
  readonly code = 'OFFSTEP_MEDIA_FILE'

  constructor(path: string, what: string, fix = 'put it back, and run "offstep verify --repair" on the run') {
    super(`${path} ${what}: ${fix}`)
    this.name = 'MediaFileError'
  }
}

/** A record's file, whole. Blocks. Throws MediaFileError, and the file system's other errors. */
export function readMediaFile(runDir: string, { path, bytes, sha256 }: MediaFile): Buffer {
  let content: Buffer
  try {
    content = readFileSync(join(runDir, path))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    throw new MediaFileError(path, 'is gone')
  }
  if (content.length !== bytes) {
    throw new MediaFileError(path, `holds ${content.length} of ${bytes} bytes`)
  }
  // Else a repair would put damaged bytes in the place of a copy that may be the last sound one.
  if (createHash('sha256').update(content).digest('hex') === sha256) return content
  throw new MediaFileError(path, 'holds other bytes than were logged')
}

/** The record's value, from its file where it is long. Blocks. Throws as `readMediaFile()` does. */
export function checkedValue<Kind extends MediaKind>(
  runDir: string,
  record: MediaRecordOf<Kind>,
): MediaValues[Kind] {
  const { value, file } = record as MediaRecord
  if (value !== undefined) return value as MediaValues[Kind]
  return JSON.parse(readMediaFile(runDir, file!).toString('utf8')) as MediaValues[Kind]
}
