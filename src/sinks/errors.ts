/**
 * What the delivery engine does about a failed `write()`:
 * - `retry`: the same batch again, after the back-off (or `retryAfterMs`, where the server named a time);
 * - `split`: the batch is too large: half of it, at once;
 * - `reject`: these records can never be delivered: halved until the bad ones stand alone, those go to the
 *   dead-letter file and the rest goes on;
 * - `pause`: nothing can be delivered until a person acts (bad credentials): keep the journal, say so once;
 * - `rebuild`: the destination no longer holds what the cursor says (a file was cut or removed): start again
 *   from the first record of the journal.
 */
export type SinkErrorAction = 'retry' | 'split' | 'reject' | 'pause' | 'rebuild'

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
