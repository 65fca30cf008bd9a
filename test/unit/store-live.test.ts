/** A store on runs that the whole pipeline writes. */
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { init } from '../../dist/src/index.js'
import { openStore, type StoredRun, summarize } from '../../dist/src/store/index.js'
import { summaryOfJournal } from '../../dist/src/store/runs/summary-journal.js'
import { temporaryDirectory } from '../support/directory.js'

const QUIET = { git: false, recover: false, handleSignals: false } as const

function onlyRun(dir: string): StoredRun {
  const [run] = openStore(dir).runs()
  onTestFinished(() => run!.close())
  return run!
}

test('media and updates are read back, by kind and by name, with step, time and value', async () => {
  const dir = temporaryDirectory()
  const before = Date.now()
  const live = init({ dir, ...QUIET, sinks: [] })
  live.log({ loss: 1 }, 1)
  live.histogram('weights', new Float32Array([1, 2, 3]), 2)
  live.text('sample', 'once upon a time', 3)
  live.histogram('biases', new Float32Array([4]), 4)
  live.updateConfig({ lr: 7 })
  await live.finish()
  const run = onlyRun(dir)
  expect([...run.media()].map(({ kind, name, step }) => [kind, name, step])).toEqual([
    ['histogram', 'weights', 2],
    ['text', 'sample', 3],
    ['histogram', 'biases', 4],
  ])
  const [weights, ...others] = run.media({ kind: 'histogram', name: 'weights' })
  expect(others).toEqual([])
  expect(weights!.value()).toMatchObject({ min: 1, max: 3, finite: 3 })
  expect(weights!.time).toBeGreaterThanOrEqual(before)
  expect([...run.media({ kind: 'config' })].map((update) => update.value())).toEqual([{ values: { lr: 7 } }])
  expect(run.config).toEqual({ lr: 7 })
  expect([...run.rows()].map(({ step }) => step)).toEqual([1])
})

test('what is made of the journal is what the summary sink wrote, to the last digit', async () => {
  const dir = temporaryDirectory()
  const live = init({ dir, ...QUIET, sinks: [], goals: { odd: 'maximize' } })
  for (let step = 0; step < 500; step++) {
    live.log(
      { 'train/loss': Math.sin(step) / 3, odd: step % 7, bad: step % 5 === 0 ? Number.NaN : step },
      step,
    )
  }
  live.updateSummary({ note: 'plateau', worst: Number.NEGATIVE_INFINITY })
  await live.finish()
  const run = onlyRun(dir)
  const written = summarize(run)
  expect(written.values).toEqual({ note: 'plateau', worst: Number.NEGATIVE_INFINITY })
  expect(readFileSync(join(run.dir, 'summary.json'), 'utf8')).toContain('"-Infinity"')
  const goals = { odd: 'maximize' } as const
  expect(summaryOfJournal(run.dir, run.file, goals)).toEqual(written)
  rmSync(join(run.dir, 'cursors'), { recursive: true })
  expect(summaryOfJournal(run.dir, run.file, goals)).toEqual(written)
})

test('a live run is running, and refresh() reads what has come since', async () => {
  const dir = temporaryDirectory()
  const live = init({ dir, ...QUIET, sinks: [] })
  live.log({ loss: 3 }, 0)
  await live.flush({ level: 'journaled' })
  const run = onlyRun(dir)
  expect([run.status, run.state.live, run.endTime]).toEqual(['running', true, null])
  expect(run.series('loss')!.points.length).toBe(1)
  live.log({ loss: 2 }, 1)
  await live.flush({ level: 'journaled' })
  run.refresh()
  expect(run.series('loss')!.points.length).toBe(2)
  expect(summarize(run).metrics.loss!.min!.value).toBe(2)
  await live.finish({ status: 'failed' })
  run.refresh()
  expect([run.status, run.state.live]).toEqual(['failed', false])
})
