/** The longest that setTimeout() takes; more than this fires at once. */
const MAX_TIMER_MS = 2 ** 31 - 1

/** Resolves to false after `ms`, or at once where that is not positive. Does not keep the thread alive. */
export function sleep(ms: number): Promise<false> {
  if (ms <= 0) return Promise.resolve(false)
  return new Promise((resolve) => {
    setTimeout(() => resolve(false), Math.min(ms, MAX_TIMER_MS)).unref()
  })
}

/** A clock that no one sets, the same for all threads of the machine (performance.now() is each thread's own). */
export const monotonicMs = (): number => Number(process.hrtime.bigint()) / 1e6
