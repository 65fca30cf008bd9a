import { setTimeout as sleep } from 'node:timers/promises'
import { SinkError } from '../../../errors.js'
import type { Answer } from '../../../http/answer.js'

/** W&B takes two file_stream requests a second of each run: https://docs.wandb.ai (rate limits). */
const REQUESTS_PER_WINDOW = 2
/** A little more than a second: requests that leave a second apart may arrive closer to each other. */
const WINDOW_MS = 1050
/** A longer wait is the engine's: it would hold up the slice. */
const MAX_WAIT_MS = 5000
/** A wrong header must not end the delivery. */
const MAX_RESET_MS = 3_600_000

/** When the next file_stream request may go out: two in any second, and no more than the server says it has left. */
export class Pace {
  readonly #now: () => number
  readonly #windowMs: number
  /** When the last requests went out; as many as a window may have. */
  readonly #sent: number[] = []
  #notBefore = Number.NEGATIVE_INFINITY

  /** `windowMs`: the time in which two requests may go out. */
  constructor({ windowMs = WINDOW_MS, now = () => performance.now() } = {}) {
    this.#windowMs = windowMs
    this.#now = now
  }

  /** Milliseconds until the next request may go out. */
  get waitMs(): number {
    const oldest = this.#sent.length < REQUESTS_PER_WINDOW ? Number.NEGATIVE_INFINITY : this.#sent[0]!
    return Math.max(0, oldest + this.#windowMs - this.#now(), this.#notBefore - this.#now())
  }

  /** Waits for it, and takes it. Throws a `retry` SinkError where that is long from now, or the signal aborts. */
  async take(signal: AbortSignal): Promise<void> {
    const { waitMs } = this
    if (waitMs > MAX_WAIT_MS) {
      throw new SinkError('retry', 'RATE_LIMIT', 'W&B takes no more requests of this run for now', {
        retryAfterMs: waitMs,
      })
    }
    if (waitMs > 0 || signal.aborted) await this.#sleep(waitMs, signal)
    this.#sent.push(this.#now())
    if (this.#sent.length > REQUESTS_PER_WINDOW) this.#sent.shift()
  }

  async #sleep(ms: number, signal: AbortSignal): Promise<void> {
    try {
      await sleep(Math.ceil(ms), undefined, { signal })
    } catch (cause) {
      const message = 'the time was over before W&B could take another request'
      throw new SinkError('retry', 'RATE_LIMIT', message, { cause })
    }
  }

  /** RateLimit-Remaining requests, until RateLimit-Reset seconds from now: they are spread over that time. */
  heed(headers: Answer['headers']): void {
    const remaining = numberIn(headers, 'ratelimit-remaining')
    const resetMs = Math.min(numberIn(headers, 'ratelimit-reset') * 1000, MAX_RESET_MS)
    if (!(remaining >= 0 && resetMs > 0)) return
    const spacing = remaining === 0 ? resetMs : resetMs / remaining
    // Where there is plenty left, the two a second are the limit.
    if (spacing > this.#windowMs / REQUESTS_PER_WINDOW) this.#notBefore = this.#now() + spacing
  }
}

function numberIn(headers: Answer['headers'], name: string): number {
  const text = headers[name] ?? headers[`x-${name}`]
  return typeof text === 'string' && text.trim() !== '' ? Number(text) : Number.NaN
}
