import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Rows } from './row.js'
import type { Tracker } from './trackers.js'
import type { Workload } from './workload.js'

export interface LoggedStep {
  /** All of it; and of that, in the tracker's calls. */
  readonly ms: number
  readonly callsMs: number
  readonly histograms: boolean
  readonly loss: number
}

/** One step of training, logged under the number `logged`, and a turn of the event loop. */
export async function loggedStep(
  workload: Workload,
  tracker: Tracker | null,
  rows: Rows,
  { trained, logged, histogramEvery }: { trained: number; logged: number; histogramEvery: number },
): Promise<LoggedStep> {
  const histograms = logged % histogramEvery === 0
  const start = performance.now()
  const result = await workload.step(trained)
  const calling = performance.now()
  if (tracker !== null) {
    const row = rows.of(result, logged, (calling - start) / 1000)
    const done = tracker.log(row, logged, histograms ? workload.weights : null)
    if (done !== undefined) await done
  }
  const callsMs = performance.now() - calling
  // The WASM backend computes on this thread: as in the example, timers and sockets have their turn after a step.
  await nextTurn()
  return { ms: performance.now() - start, callsMs, histograms, loss: result.loss }
}
