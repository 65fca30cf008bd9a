import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { plainRunFile } from '../../../src/store/plain-run-file.js'
import { type RunFile, writeRunFile } from '../../../src/store/run-file.js'
import { JournalMaker } from '../../support/journal-maker.js'

/** A run directory with rows, as a run that ended has it. */
export function writeRun(
  root: string,
  id: string,
  rows: Iterable<{ readonly [name: string]: number }>,
  fields: Partial<RunFile> = {},
): string {
  const dir = join(root, 'default', id)
  mkdirSync(dir, { recursive: true })
  const maker = new JournalMaker(dir)
  let step = 0
  for (const row of rows) {
    maker.row(row, step++)
    if (step % 1000 === 0) maker.flush()
  }
  maker.flush()
  maker.close()
  const startTime = new Date(Date.now() - 60_000).toISOString()
  writeRunFile(dir, plainRunFile({ id, project: 'default', status: 'completed', startTime, ...fields }))
  return dir
}

export const BEST_STEP = 400
export const NAN_STEP = 700

/** 1,000 steps of a training that overfits after BEST_STEP, with a loss that is NaN once. */
export function* overfitting(scale = 1): Generator<{ [name: string]: number }> {
  for (let step = 0; step < 1000; step++) {
    const part = step / 1000
    const noise = Math.sin(step * 12.9898) * 0.05
    yield {
      'train/loss': step === NAN_STEP ? Number.NaN : scale * (0.5 + 2 * Math.exp(-5 * part)) + noise,
      lr: 1e-3 * (1 - part),
      grad_norm: 1 + Math.abs(noise) * 10,
      tokens_per_second: 50_000 + noise * 1000,
      ...(step % 20 === 0 && {
        'val/loss': scale * (0.7 + 3 * ((step - BEST_STEP) / 1000) ** 2),
        'val/accuracy': part,
      }),
      'train/accuracy': part + noise,
      kl: noise,
    }
  }
}
