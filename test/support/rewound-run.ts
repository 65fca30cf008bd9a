import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll } from 'vitest'
import { init, resume } from '../../dist/src/index.js'
import { addRewind } from '../../dist/src/journal/rewinds.js'
import { readRunFile, writeRunFile } from '../../dist/src/store/run-file.js'
import { temporaryDirectory } from './directory.js'

const OPTIONS = { project: 'p', id: 'r', git: false, plots: false, recover: false } as const

const SINK_FILES = ['cursors', 'summary.json', 'metrics.jsonl', 'metrics.csv', 'tensorboard']

/**
 * The run `p/r` whose process ended at step 10, with checkpoints of the steps 4, 6 and 8. What it has logged behind step 6
 * is better than all else, and has a metric and a summary value of its own.
 */
async function firstProcess(dir: string): Promise<void> {
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
}

/** Makes that run once for a file of tests. Returns what copies it to a directory of runs of one's own. */
export function firstProcesses(): () => { dir: string; runDir: string } {
  const made = mkdtempSync(join(tmpdir(), 'offstep-rewound-'))
  beforeAll(() => firstProcess(made))
  afterAll(() => rmSync(made, { recursive: true }))
  return () => {
    const dir = temporaryDirectory()
    cpSync(made, dir, { recursive: true, verbatimSymlinks: true })
    return { dir, runDir: join(dir, 'p/r') }
  }
}

/** The next process went back to step 6 and died: nothing but `rewinds.json` says so. */
export function diedAtOnce(runDir: string): void {
  addRewind(join(runDir, 'journal'), { step: 6, before: { 0: 100, 65535: 100 }, time: Date.now() })
}

/** The next process went back to step 6, logged the steps 7 and 8, and died before any sink had got a row. */
export async function diedLater(runDir: string): Promise<void> {
  const { sinks } = readRunFile(runDir)
  const kept = mkdtempSync(`${runDir}-kept`)
  for (const name of SINK_FILES) cpSync(join(runDir, name), join(kept, name), { recursive: true })
  const run = await resume({ ...OPTIONS, run: runDir, from: 6 })
  run.log({ loss: 0.5 }, 7)
  run.log({ loss: 0.25 }, 8)
  await run.finish()
  for (const name of SINK_FILES) {
    rmSync(join(runDir, name), { recursive: true })
    cpSync(join(kept, name), join(runDir, name), { recursive: true })
  }
  rmSync(kept, { recursive: true })
  const { exitCode: _, ...file } = readRunFile(runDir)
  const died = { status: 'running', endTime: null, durationSeconds: null, delivered: false } as const
  writeRunFile(runDir, { ...file, ...died, sinks })
}
