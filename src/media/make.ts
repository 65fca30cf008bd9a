import { yieldToTraining } from '../delivery/priority.js'
import { MAX_INLINE_BYTES, type MediaRecord } from '../record/media.js'
import { processMedia } from './process/index.js'
import { MediaError, type MediaRequest } from './request.js'
import { writeMediaFile } from './store.js'

/** One media call for the pool thread. */
export interface MediaTask {
  readonly runDir: string
  readonly request: MediaRequest
}

export type MediaTaskResult =
  | { readonly record: MediaRecord }
  /** The input makes no media: why, and what to give instead. */
  | { readonly invalid: string }
  /** The disk: to be tried again. */
  | { readonly code: string; readonly message: string }

/**
 * Works one media call up: checks, counts, encodes, hashes, and writes what is large to the run directory, on the
 * disk when this resolves. May be done again: the same input makes the same file.
 */
export async function makeMedia({ runDir, request }: MediaTask): Promise<MediaTaskResult> {
  yieldToTraining()
  const { kind, name, step, producer } = request
  try {
    const { value, bytes, extension, file: kept } = await processMedia(request, runDir)
    const head = { kind, name, producer }
    if (kept !== undefined) return { record: { ...head, value, file: kept } as MediaRecord }
    if (bytes !== undefined) {
      const file = writeMediaFile(runDir, { kind, name, step, bytes, extension: extension! })
      return { record: { ...head, value, file } as MediaRecord }
    }
    const json = Buffer.from(JSON.stringify(value), 'utf8')
    if (json.length <= MAX_INLINE_BYTES) return { record: { ...head, value } as MediaRecord }
    const file = writeMediaFile(runDir, { kind, name, step, bytes: json, extension: 'json' })
    return { record: { ...head, file } as MediaRecord }
  } catch (error) {
    if (error instanceof MediaError) return { invalid: error.message }
    const { code = '', syscall, message } = error as NodeJS.ErrnoException
    // Only the disk may take it later.
    return syscall === undefined ? { invalid: message } : { code, message }
  }
}
