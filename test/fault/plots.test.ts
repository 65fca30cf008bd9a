/** Plots that a run draws by itself: at its end, and now and then while it lives. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { init, type Run, type RunOptions } from '../../dist/src/index.js'
import { temporaryDirectory } from '../support/directory.js'
import { until } from '../support/until.js'

function start(options: RunOptions): Run {
  const run = init({
    dir: temporaryDirectory(),
    git: false,
    handleSignals: false,
    sinks: ['jsonl'],
    ...options,
  })
  for (let step = 0; step < 200; step++) run.log({ 'train/loss': 1 / (step + 1), lr: 0.1 }, step)
  return run
}

const plotsOf = (run: Run): string[] =>
  existsSync(join(run.dir, 'plots')) ? readdirSync(join(run.dir, 'plots')).sort() : []

const logOf = (run: Run): string => readFileSync(join(run.dir, 'training.log'), 'utf8')

test('a run that is to have plots has them when finish() resolves', async () => {
  const run = start({ plots: true })
  expect(await run.finish()).toMatchObject({ reached: true })
  expect(plotsOf(run)).toEqual(
    expect.arrayContaining(['learning_rate.png', 'loss_by_step.png', 'loss_by_time.png']),
  )
})

test('a run of less than ten seconds has none unless it is asked for them', async () => {
  const [short, never] = [start({}), start({ plots: false })]
  await Promise.all([short.finish(), never.finish()])
  expect([plotsOf(short), plotsOf(never)]).toEqual([[], []])
})

test('plots are drawn while the run lives, as often as it says', async () => {
  const run = start({ plots: false, plotEvery: 200 })
  await until('there are plots', () => plotsOf(run).includes('loss_by_step.png'))
  await run.finish()
})

test('plots that cannot be written are a warning, and the run ends as it should', async () => {
  const run = start({ plots: true })
  await run.flush()
  writeFileSync(join(run.dir, 'plots'), 'in the way')
  expect(await run.finish()).toMatchObject({ reached: true })
  expect(logOf(run)).toContain('The plots could not be drawn: EEXIST')
  expect(JSON.parse(readFileSync(join(run.dir, 'run.json'), 'utf8'))).toMatchObject({ status: 'completed' })
})

test('a run whose deadline comes before its plots is complete, and says how to draw them', async () => {
  const run = start({ plots: true })
  await run.flush({ level: 'delivered' })
  expect(await run.finish({ timeoutMs: 150 })).toMatchObject({ reached: true })
  expect(logOf(run)).toContain(`\`offstep plot ${run.dir}\` draws them`)
})
