/**
 * Uploads: sinks beside those that the run has, which somebody asked for later. Each has a cursor of its own, as any
 * sink, and a note that it has been closed with all rows. run.json does not know them, so nothing goes on with an
 * upload but whoever asks again.
 */
import fs from 'node:fs'
import path from 'node:path'
import { writeFileAtomic } from '../store/atomic-file.js'

/** What an upload has come to when it was closed. */
export interface UploadNote {
  /** All rows that the journal had. */
  readonly rows: number
  /** Where the run can be seen. */
  readonly url: string | null
}

const noteOf = (runDir: string, name: string): string => path.join(runDir, 'uploads', `${name}.json`)

/** Null where the upload was never finished, or where its note cannot be read: it is then finished once more. */
export function readUpload(runDir: string, name: string): UploadNote | null {
  try {
    const { rows, url } = JSON.parse(fs.readFileSync(noteOf(runDir, name), 'utf8')) as UploadNote
    return Number.isSafeInteger(rows) ? { rows, url: typeof url === 'string' ? url : null } : null
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT' || error instanceof SyntaxError) return null
    throw error
  }
}

/** Blocks until it is on the disk. */
export function writeUpload(runDir: string, name: string, note: UploadNote): void {
  const file = noteOf(runDir, name)
  fs.mkdirSync(path.dirname(file), { recursive: true })
  writeFileAtomic(file, `${JSON.stringify(note)}\n`, { sync: true })
}
