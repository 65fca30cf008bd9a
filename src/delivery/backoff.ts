export interface BackoffOptions {
  readonly baseMs: number
  readonly maxMs: number
}

export const DEFAULT_BACKOFF: BackoffOptions = { baseMs: 250, maxMs: 60_000 }

/** A server that asks for more than this is asked again all the same: a wrong header must not end a run's delivery. */
export const MAX_RETRY_AFTER_MS = 3_600_000

/**
 * Exponential back-off with full jitter: a uniform delay below `base * 2^attempts`, capped. Many runs that lose
 * one server at once come back spread out
 * (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/). A time that the server named
 * is a lower bound, up to an hour; one that makes no sense (negative, NaN) counts as none.
 */
export function backoffMs(
  attempts: number,
  retryAfterMs = 0,
  { baseMs, maxMs } = DEFAULT_BACKOFF,
  random: () => number = Math.random,
): number {
  const ceiling = Math.min(maxMs, baseMs * 2 ** Math.min(attempts, 30))
  const asked = retryAfterMs > 0 ? Math.min(retryAfterMs, MAX_RETRY_AFTER_MS) : 0
  return Math.max(Math.ceil(asked), Math.ceil(random() * ceiling))
}
