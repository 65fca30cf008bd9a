export interface BackoffOptions {
  readonly baseMs: number
  readonly maxMs: number
}

export const DEFAULT_BACKOFF: BackoffOptions = { baseMs: 250, maxMs: 60_000 }

/**
 * Exponential back-off with full jitter: a uniform delay below `base * 2^attempts`, capped. Many runs that lose
 * one server at once come back spread out
 * (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/). A time that the server named
 * is a lower bound.
 */
export function backoffMs(
  attempts: number,
  retryAfterMs = 0,
  { baseMs, maxMs } = DEFAULT_BACKOFF,
  random: () => number = Math.random,
): number {
  const ceiling = Math.min(maxMs, baseMs * 2 ** Math.min(attempts, 30))
  return Math.max(retryAfterMs, Math.ceil(random() * ceiling))
}
