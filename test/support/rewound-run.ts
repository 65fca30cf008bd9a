import { join } from 'node:path'
import { init, resume } from '../../dist/src/index.js'
import { addRewind } from '../../dist/src/journal/rewinds.js'
import { readRunFile, writeRunFile } from '../../dist/src/store/run-file.js'

const OPTIONS = { project: 'p', id: 'r', git: false, plots: false, recover: false } as const

/**
 * The run `p/r` whose process ended at step 10, with checkpoints of the steps 4, 6 and 8. What it has logged behind step 6
 * is better than all else, and has a metric and a summary value of its own.
 */
export async function firstProcess(dir: string): Promise<string> {
  const run = init({ ...OPTIONS, dir, checkpoints: { keepLast: 9 } })
  for (let step = 1; step <= 10; step++) {
    run.log(step <= 6 ? { loss: 1 / step } : { loss: -step, gone: step }, step)
    if (step === 9) run.updateSummary({ extra: 9 })
    if ([4, 6, 8].includes(step)) {
      const metrics = { loss: 1 / step }
      const saved = await run.checkpoints.save(step, { tensors: { w: Float32Array.of(step) } }, { metrics })
      if (!saved.saved) throw new Error(saved.problem)
    }
  }
  await run.finish({ status: 'failed' })
  return run.dir
}

/** The next process went back to step 6 and died: nothing but `rewinds.json` says so. */
export function diedAtOnce(runDir: string): void {
  addRewind(join(runDir, 'journal'), { step: 6, before: { 0: 100, 65535: 100 }, time: Date.now() })
}

/** The next process went back to step 6, logged the steps 7 and 8, and died before any sink had got a row. */
export async function diedLater(runDir: string): Promise<void> {
  const { sinks } = readRunFile(runDir)
  const run = await resume({ ...OPTIONS, run: runDir, from: 6, sinks: [] })
  run.log({ loss: 0.5 }, 7)
  run.log({ loss: 0.25 }, 8)
  await run.finish()
  const { exitCode: _, ...file } = readRunFile(runDir)
  const died = { status: 'running', endTime: null, durationSeconds: null, delivered: false } as const
  writeRunFile(runDir, { ...file, ...died, sinks })
}
