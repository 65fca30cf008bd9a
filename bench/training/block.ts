import { cpuByRole, type ThreadTime, threadTimes } from '../threads.js'
import { loggedStep } from './logged-step.js'
import type { Block } from './measured.js'
import { Rows } from './row.js'
import type { Tracker } from './trackers.js'
import type { Workload } from './workload.js'

export interface BlockPlan {
  /** With the tracker too, but not counted: code is compiled, and the tracker has started. */
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
): Promise<Block> {
  const rows = new Rows()
  let totalMs = 0
  let lossSum = 0
  let before: ThreadTime[] = []
  for (let step = 1; step <= warmUpSteps + steps; step++) {
    if (step === warmUpSteps + 1) {
      await tracker?.started()
      before = threadTimes()
    }
    const number = { trained: step, logged: step, histogramEvery }
    const { ms, loss } = await loggedStep(workload, tracker, rows, number)
    lossSum += loss
    if (step > warmUpSteps) totalMs += ms
  }
  const cpuMs = cpuByRole(before, own)
  const stopping = trainingThreadMs()
  await tracker?.stop()
  return { totalMs, lossSum, cpuMs, afterwardsMs: trainingThreadMs() - stopping }
}

const trainingThreadMs = (): number => threadTimes().find(({ id }) => id === process.pid)?.cpuMs ?? 0
