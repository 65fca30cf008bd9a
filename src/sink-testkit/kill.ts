import { Worker } from 'node:worker_threads'
import type { Stage } from './stage.js'
import { SinkTestError } from './types.js'

export interface KilledDelivery {
  readonly runDir: string
  readonly sink: Stage['sink']
  readonly maxRows: number
  /** An Int32Array: how many calls of `write()` have begun. */
  readonly begun: SharedArrayBuffer
}

/** Delivers in a thread that is ended in the middle of its `write`-th write, some microseconds into it. */
export async function deliverAndKill(stage: Stage, write: number, microseconds: number): Promise<void> {
  const begun = new SharedArrayBuffer(4)
  const { sink, place } = stage
  const workerData: KilledDelivery = { runDir: place.runDir, sink, maxRows: 4, begun }
  // As the engine's own threads: the application's preloads are not for them.
  const worker = new Worker(new URL('./kill-worker.js', import.meta.url), { workerData, execArgv: [] })
  const state: { over: boolean; error?: unknown } = { over: false }
  const ended = new Promise<void>((resolve) => {
    worker.once('error', (error) => {
      state.error = error
    })
    worker.once('exit', () => {
      state.over = true
      resolve()
    })
  })
  const counter = new Int32Array(begun)
  while (!state.over && Atomics.load(counter, 0) <= write)
    await new Promise((resolve) => setImmediate(resolve))
  const until = performance.now() + microseconds / 1000
  while (performance.now() < until) {
    // A timer is too coarse for the middle of a file call.
  }
  await worker.terminate()
  await ended
  if (state.error !== undefined)
    throw new SinkTestError(`the sink fails in a thread of its own: ${state.error}`, { cause: state.error })
}
