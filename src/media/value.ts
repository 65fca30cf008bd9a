import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { FileKind, MediaKind, MediaRecordOf, MediaValues } from '../record/media.js'

/** The value of a record, from its file where it is long. Blocks. Throws the file system's errors. */
export function mediaValue<Kind extends MediaKind>(
  runDir: string,
  record: MediaRecordOf<Kind>,
): MediaValues[Kind] {
  if (record.value !== undefined) return record.value as MediaValues[Kind]
  return JSON.parse(readFileSync(join(runDir, record.file!.path), 'utf8')) as MediaValues[Kind]
}

/** The picture or the sound of a record. Blocks. Throws the file system's errors. */
export function mediaBytes(runDir: string, record: MediaRecordOf<FileKind>): Buffer {
  return readFileSync(join(runDir, record.file.path))
}
