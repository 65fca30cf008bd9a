/** Resolves to false after `ms`, or at once where that is not positive. Does not keep the thread alive. */
export function sleep(ms: number): Promise<false> {
  if (ms <= 0) return Promise.resolve(false)
  return new Promise((resolve) => {
    setTimeout(() => resolve(false), ms).unref()
  })
}
