/** Work that goes on between the slices of a delivery. */
import { SinkError } from './errors.js'

/** Some at once. After an error none is begun; it is thrown when those on their way have ended. */
export async function eachOf<Item>(
  items: readonly Item[],
  atOnce: number,
  work: (item: Item) => Promise<void>,
): Promise<void> {
  const queue = [...items]
  const lane = async (): Promise<void> => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) {
      await work(item).catch((error: unknown) => {
        queue.length = 0
        throw error
      })
    }
  }
  const ended = await Promise.allSettled(Array.from({ length: atOnce }, lane))
  for (const one of ended) if (one.status === 'rejected') throw one.reason
}

/** Waits for `work`, which goes on, no longer than the signal allows: then throws a `retry` SinkError, `late`. */
export async function orAborted<Result>(
  work: Promise<Result>,
  signal: AbortSignal,
  late: string,
  retryAfterMs = 0,
): Promise<Result> {
  let stop: (() => void) | undefined
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(new SinkError('retry', 'TIMEOUT', late, { retryAfterMs }))
    signal.addEventListener('abort', stop, { once: true })
    if (signal.aborted) stop()
  })
  try {
    return await Promise.race([work, aborted])
  } finally {
    signal.removeEventListener('abort', stop!)
  }
}
