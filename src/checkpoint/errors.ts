import { isNoRoom } from '../store/disk-space.js'

/**
 * A checkpoint cannot be saved, or what was saved cannot be used. The message names the file and says what to do.
 * `retryable`: the same call may succeed later, as when the disk has room again.
 */
export class CheckpointError extends Error {
  readonly code = 'OFFSTEP_CHECKPOINT'
  readonly retryable: boolean

  constructor(message: string, { cause, retryable = false }: { cause?: unknown; retryable?: boolean } = {}) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'CheckpointError'
    this.retryable = retryable
  }
}

/** The file system's error as a CheckpointError; `what` begins the sentence. Any other error is given back as it is. */
export function withSentence(error: unknown, what: string): unknown {
  if (error instanceof CheckpointError) return error
  const { code, syscall } = error as NodeJS.ErrnoException
  if (isNoRoom(code)) {
    const fix = 'free some space on the disk, and save again'
    return new CheckpointError(`${what}: there is no room on the disk (${code}): ${fix}`, {
      cause: error,
      retryable: true,
    })
  }
  if (syscall === undefined) return error
  const fix = 'check the disk and the permissions of the directory'
  return new CheckpointError(`${what} (${code} in ${syscall}): ${fix}`, { cause: error })
}

/** One sentence for a list of problems. */
export const sentenceOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
