import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Histogram } from '../histogram.js'
import { median } from '../statistics.js'
import { cpuByRole, type ThreadTime, threadTimes } from '../threads.js'
import type { Block } from './measured.js'
import { Rows } from './row.js'
import type { Tracker } from './trackers.js'
import type { Workload } from './workload.js'

export interface BlockPlan {
  /** With the tracker too, but not timed: code is compiled, and the tracker has started. */
  readonly warmUpSteps: number
  readonly steps: number
  readonly histogramEvery: number
}

/** Trains, logs, and ends the tracker. `own`: the threads that there are without a tracker. */
export async function runBlock(
  workload: Workload,
  tracker: Tracker | null,
  { warmUpSteps, steps, histogramEvery }: BlockPlan,
  own: readonly ThreadTime[],
  distribution: Histogram,
): Promise<Block> {
  const rows = new Rows()
  const stepMs = new Float64Array(steps)
  let histogramCallsMs = 0
  let rowCallsMs = 0
  let lossSum = 0
  let before: ThreadTime[] = []
  for (let step = 1 - warmUpSteps; step <= steps; step++) {
    if (step === 1) {
      await tracker?.started()
      before = threadTimes()
    }
    const start = performance.now()
    const result = await workload.step(step + warmUpSteps)
    const calling = performance.now()
    if (tracker !== null) {
      const row = rows.of(result, step, (calling - start) / 1000)
      // The warm-up has step numbers too: a row of W&B is kept where its step is above that of the last.
      const logged = tracker.log(
        row,
        step + warmUpSteps,
        step % histogramEvery === 0 ? workload.weights : null,
      )
      if (logged !== undefined) await logged
    }
    const called = performance.now()
    // The WASM backend computes on this thread: as in the example, timers and sockets have their turn after a step.
    await nextTurn()
    const end = performance.now()
    lossSum += result.loss
    if (step < 1) continue
    stepMs[step - 1] = end - start
    if (step % histogramEvery === 0) histogramCallsMs += called - calling
    else rowCallsMs += called - calling
  }
  const cpuMs = cpuByRole(before, own)
  const stopping = trainingThreadMs()
  await tracker?.stop()
  const afterwardsMs = trainingThreadMs() - stopping
  for (const ms of stepMs) distribution.recordMs(ms)
  return {
    totalMs: stepMs.reduce((total, ms) => total + ms, 0),
    medianMs: median([...stepMs]),
    histogramCallsMs,
    rowCallsMs,
    lossSum,
    cpuMs,
    afterwardsMs,
  }
}

const trainingThreadMs = (): number => threadTimes().find(({ id }) => id === process.pid)?.cpuMs ?? 0
