import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { MediaFile } from '../../../record/media.js'

/** A media file that cannot be delivered any more: it is gone, or not what was logged. */
export class MediaFileError extends Error {
  readonly code = 'OFFSTEP_MEDIA_FILE'
}

/** A record's file, whole. Blocks. Throws MediaFileError, and the file system's other errors. */
export function readMediaFile(runDir: string, { path, bytes }: MediaFile): Buffer {
  let content: Buffer
  try {
    content = readFileSync(join(runDir, path))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    throw new MediaFileError(`${path} is gone: put it back, and run "offstep repair" on the run`)
  }
  if (content.length === bytes) return content
  throw new MediaFileError(
    `${path} holds ${content.length} of ${bytes} bytes: put it back, and run "offstep repair" on the run`,
  )
}
