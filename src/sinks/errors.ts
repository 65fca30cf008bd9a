/**
 * What the delivery engine does about a failed `write()`:
 * - `retry`: the same batch again, after the back-off (or `retryAfterMs`, where the server named a time); a
 *   smaller one where the slice's time was over or the code is `TIMEOUT`;
 * - `split`: the batch is too large: half of it, at once;
 * - `reject`: these records can never be delivered: halved until the bad ones stand alone, those go to the
 *   dead-letter file and the rest goes on;
 * - `pause`: nothing can be delivered until a person acts (bad credentials): keep the journal, say so once, and
 *   look each minute (or `retryAfterMs`) whether somebody has;
 * - `rebuild`: the destination no longer holds what the cursor says (a file was cut or removed): start again
 *   from the first record of the journal.
 */
export const SINK_ERROR_ACTIONS = ['retry', 'split', 'reject', 'pause', 'rebuild'] as const
export type SinkErrorAction = (typeof SINK_ERROR_ACTIONS)[number]

export class SinkError extends Error {
  readonly code: string
  readonly action: SinkErrorAction
  readonly retryAfterMs: number | undefined

  constructor(
    action: SinkErrorAction,
    code: string,
    message: string,
    options: { retryAfterMs?: number; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'SinkError'
    this.action = action
    this.code = code
    this.retryAfterMs = options.retryAfterMs
  }

  /** True where the same call may succeed later without anybody's help. */
  get retryable(): boolean {
    return this.action === 'retry' || this.action === 'split'
  }
}

/**
 * True for an error that says what to do next: a SinkError, also one of another copy of this package, or any
 * error with an `action` of ours, so that a sink need not import anything.
 */
export function saysWhatToDo(error: unknown): error is Error & { readonly action: SinkErrorAction } {
  const { action } = (error ?? {}) as { action?: SinkErrorAction }
  return error instanceof Error && SINK_ERROR_ACTIONS.includes(action!)
}

/** Whatever was thrown, as an error that says what to do: what says nothing is tried again later. Never throws. */
export function toSinkError(thrown: unknown): SinkError {
  if (thrown instanceof SinkError) return thrown
  const { code, retryAfterMs } = (thrown ?? {}) as { code?: unknown; retryAfterMs?: unknown }
  const message = thrown instanceof Error ? thrown.message : `${textOf(thrown)} was thrown, which is no error`
  return new SinkError(
    saysWhatToDo(thrown) ? thrown.action : 'retry',
    typeof code === 'string' ? code : 'UNEXPECTED',
    message,
    { cause: thrown, ...(typeof retryAfterMs === 'number' ? { retryAfterMs } : {}) },
  )
}

function textOf(thrown: unknown): string {
  try {
    return typeof thrown === 'string' ? JSON.stringify(thrown) : String(thrown)
  } catch {
    // An object whose toString() throws.
    return 'an object'
  }
}
