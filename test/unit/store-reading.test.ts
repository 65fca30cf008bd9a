import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, onTestFinished, test } from 'vitest'
import { commitCursor, firstCursor } from '../../src/delivery/cursor.js'
import { JournalReader } from '../../src/journal/reader.js'
import { Accumulators } from '../../src/sinks/summary/accumulators.js'
import { noRows } from '../../src/sinks/summary/rows.js'
import { writeRunFile } from '../../src/store/run-file.js'
import { compareRuns } from '../../src/store/runs/compare.js'
import { bestRun, latestStep, loadMetrics, summarize } from '../../src/store/runs/helpers.js'
import { RowTail } from '../../src/store/runs/row-tail.js'
import { StoredRun } from '../../src/store/runs/stored-run.js'
import { temporaryDirectory } from '../support/directory.js'
import { JournalMaker } from '../support/journal-maker.js'
import { type StoredRows, storeRun } from '../support/stored-runs.js'

const ROWS = {
  0: { loss: 3, acc: 0.1 },
  1: { loss: Number.NaN },
  2: { loss: 1, acc: 0.4 },
  7: { loss: 2, lr: Number.POSITIVE_INFINITY },
}

function open(dir: string): StoredRun {
  const run = new StoredRun(dir)
  onTestFinished(() => run.close())
  return run
}

const stored = (rows: StoredRows = ROWS, file = {}) =>
  open(storeRun(temporaryDirectory(), { id: 'r', ...file }, rows))

describe('a summary', () => {
  test('is made of the journal where there is no summary.json, or a damaged one', () => {
    for (const content of [null, '{"rows": 3', '[]', '{"rows": 1, "metrics": {"loss": 7}}']) {
      const dir = storeRun(temporaryDirectory(), { id: 'r' }, ROWS)
      if (content !== null) writeFileSync(join(dir, 'summary.json'), content)
      const { rows, steps, metrics } = open(dir).summary()
      expect([rows, steps]).toEqual([4, { first: 0, last: 7, max: 7 }])
      expect(metrics.loss).toMatchObject({
        first: { value: 3, step: 0 },
        last: { value: 2, step: 7 },
        min: { value: 1, step: 2 },
        max: { value: 3, step: 0 },
        best: { value: 1, step: 2, goal: 'minimize' },
        mean: 2,
        count: 4,
        nonFinite: 1,
      })
      expect(metrics.acc!.best).toMatchObject({ value: 0.4, goal: 'maximize' })
    }
  })

  test('has NaN and infinities as numbers', () => {
    const { metrics } = stored().summary()
    expect(metrics.lr!.last.value).toBe(Number.POSITIVE_INFINITY)
    expect(stored({ ...ROWS, 9: { loss: Number.NaN } }).summary().metrics.loss!.last.value).toBeNaN()
  })

  test('is that of summary.json, and with all of the journal where one asks for it', () => {
    const run = stored(ROWS, { delivered: false, status: 'running', endTime: null, durationSeconds: null })
    const old = {
      rows: 1,
      steps: { first: 0, last: 0, max: 0 },
      durationSeconds: 1,
      metrics: {},
      values: { note: 'x' },
    }
    writeFileSync(join(run.dir, 'summary.json'), JSON.stringify(old))
    expect(run.summary()).toMatchObject({ rows: 1, values: { note: 'x' } })
    expect(run.durationSeconds).toBe(1)
    expect(run.summary({ current: true }).rows).toBe(4)
    expect(run.durationSeconds).toBeGreaterThan(1)
    expect(latestStep(run)).toBe(7)
  })

  test('has every metric, also those that summary.json has no room for', () => {
    const run = stored()
    const full = { rows: 4, steps: null, durationSeconds: 1, metrics: {}, omittedValues: 3 }
    writeFileSync(join(run.dir, 'summary.json'), JSON.stringify(full))
    expect(Object.keys(summarize(run).metrics)).toEqual(['loss', 'acc', 'lr'])
  })

  test('does not go on from a cursor that has left metrics out', () => {
    const run = stored(ROWS, { delivered: false })
    const reader = new JournalReader(join(run.dir, 'journal'))
    while (reader.read() !== null) {
      // to the end
    }
    const state = { ...new Accumulators(0).state(), omittedValues: 7, rows: noRows(0) }
    commitCursor(run.dir, { ...firstCursor('summary'), place: reader.place, state })
    reader.close()
    expect(Object.keys(summarize(run).metrics)).toEqual(['loss', 'acc', 'lr'])
  })

  test('knows the goals that init() was told', () => {
    const sinks = [
      { name: 'summary', module: null, export: 'default', options: { goals: { lr: 'minimize' } } },
    ]
    expect(stored({ 0: { lr: 2 }, 1: { lr: 1 } }, { sinks }).summary().metrics.lr!.best).toMatchObject({
      value: 1,
    })
  })

  test('of a run that lost its journal, or never had one, is empty', () => {
    const run = stored()
    rmSync(join(run.dir, 'journal'), { recursive: true })
    expect(summarize(run)).toMatchObject({ rows: 0, steps: null, metrics: {} })
    expect([latestStep(run), loadMetrics(run), run.metrics()]).toEqual([null, [], []])
  })
})

describe('rows and series', () => {
  test('are those that were logged, also of the metrics that are asked for alone', () => {
    const run = stored()
    expect(loadMetrics(run).map(({ step, values }) => [step, values])).toEqual(
      Object.entries(ROWS).map(([step, values]) => [Number(step), values]),
    )
    expect(loadMetrics(run, ['acc']).map(({ step, values }) => [step, values])).toEqual([
      [0, { acc: 0.1 }],
      [2, { acc: 0.4 }],
    ])
  })

  test('a series has the range that is asked for, and is null of a metric that is none', () => {
    const run = stored()
    expect(run.series('loss', { from: 2 })!.points.map(({ step, value }) => [step, value])).toEqual([
      [2, 1],
      [7, 2],
    ])
    expect(run.series('none')).toBeNull()
  })

  test('are of the first producer that has the metric, or of the one that is named', () => {
    const dir = storeRun(temporaryDirectory(), {
      id: 'r',
      producers: [
        { id: 0, name: 'main' },
        { id: 1, name: 'eval' },
      ],
    })
    rmSync(join(dir, 'journal'), { recursive: true })
    const maker = new JournalMaker(dir, { producers: 2 })
    maker.row({ loss: 1 }, 0)
    maker.row({ loss: 5, 'val/loss': 2 }, 0, 1)
    maker.flush()
    maker.close()
    const run = open(dir)
    expect(run.metrics()).toEqual([
      { producer: 0, name: 'main', metrics: ['loss'] },
      { producer: 1, name: 'eval', metrics: ['loss', 'val/loss'] },
    ])
    const firstOf = (name: string, query = {}) => run.series(name, query)!.points[0]!.value
    expect([firstOf('loss'), firstOf('val/loss'), firstOf('loss', { producer: 1 })]).toEqual([1, 2, 5])
  })

  test('of a live run are read further after refresh()', () => {
    const dir = storeRun(temporaryDirectory(), { id: 'r', delivered: false })
    rmSync(join(dir, 'journal'), { recursive: true })
    const maker = new JournalMaker(dir)
    onTestFinished(() => maker.close())
    maker.append(10)
    const run = open(dir)
    expect([run.series('value')!.points.length, summarize(run).rows]).toEqual([10, 10])
    maker.append(5, 10)
    writeRunFile(dir, { ...run.file, tags: ['new'] })
    run.refresh()
    expect([run.series('value')!.points.length, summarize(run).rows, run.tags]).toEqual([15, 15, ['new']])
  })
})

describe('of several runs', () => {
  const root = temporaryDirectory.bind(null)

  test('the best is the one with the best value at any step, by the goal that the name tells', () => {
    const dir = root()
    const runs = [
      open(storeRun(dir, { id: 'a' }, { 0: { loss: 3, acc: 0.9, lr: 1 } })),
      open(storeRun(dir, { id: 'b' }, { 0: { loss: 1, acc: 0.2 }, 1: { loss: 8 } })),
      open(storeRun(dir, { id: 'c' }, { 0: { loss: Number.NaN } })),
    ]
    expect(bestRun(runs, 'loss')).toMatchObject({
      run: { id: 'b' },
      goal: 'minimize',
      best: { value: 1, step: 0 },
    })
    expect(bestRun(runs, 'acc')!.run.id).toBe('a')
    expect(bestRun(runs, 'loss', 'maximize')!.run.id).toBe('b')
    expect(bestRun(runs, 'lr', 'minimize')!.run.id).toBe('a')
    expect(() => bestRun(runs, 'lr')).toThrow('give "minimize" or "maximize"')
    expect(bestRun(runs, 'none')).toBeNull()
  })

  test('a comparison tells which parameters differ, and which values are the best', () => {
    const dir = root()
    const runs = [
      open(
        storeRun(
          dir,
          { id: 'a', config: { lr: 1, o: { name: 'x', wd: 0 } } },
          { 0: { loss: 1, n: 1 }, 1: { loss: 4 } },
        ),
      ),
      open(storeRun(dir, { id: 'b', config: { lr: 2, o: { name: 'x' } } }, { 0: { loss: 3 } })),
    ]
    const { config, metrics } = compareRuns(runs)
    expect(config).toEqual([
      { name: 'lr', values: [1, 2], differs: true },
      { name: 'o.name', values: ['x', 'x'], differs: false },
      { name: 'o.wd', values: [0, undefined], differs: true },
    ])
    const [loss, n] = metrics
    expect([loss!.goal, loss!.bestBest, loss!.bestLast]).toEqual(['minimize', [0], [1]])
    expect([n!.goal, n!.last.map((point) => point?.value), n!.bestLast]).toEqual([null, [1, undefined], []])
  })

  test('that are equally good none is marked', () => {
    const dir = root()
    const runs = ['a', 'b'].map((id) => open(storeRun(dir, { id }, { 0: { loss: 1 } })))
    expect(compareRuns(runs).metrics[0]!.bestBest).toEqual([])
  })
})

describe('the tail of a journal', () => {
  test('has the last rows, however they lie in segments, and goes on with what comes', () => {
    const property = fc.property(
      fc.integer({ min: 0, max: 4000 }),
      fc.integer({ min: 1, max: 3000 }),
      fc.integer({ min: 0, max: 50 }),
      (rows, count, more) => {
        const dir = temporaryDirectory(() => {})
        try {
          const maker = new JournalMaker(dir, { segmentBytes: 128 * 1024 })
          maker.append(rows)
          const tail = new RowTail(dir)
          const steps = (found: readonly { step: number }[]) => found.map(({ step }) => step)
          const all = Array.from({ length: rows + more }, (_, step) => step)
          expect(steps(tail.last(count))).toEqual(all.slice(Math.max(0, rows - count), rows))
          maker.append(more, rows)
          expect(steps(tail.next())).toEqual(all.slice(rows))
          tail.close()
          maker.close()
        } finally {
          rmSync(dir, { recursive: true })
        }
      },
    )
    fc.assert(property, { numRuns: 30 })
  })

  test('reads only the segments that it needs', () => {
    const dir = temporaryDirectory()
    const maker = new JournalMaker(dir, { segmentBytes: 128 * 1024 })
    maker.append(20_000)
    maker.close()
    const first = join(dir, 'journal/000001.log')
    // Whoever reads it fails.
    rmSync(first)
    mkdirSync(first)
    expect(new RowTail(dir).last(3).map(({ step }) => step)).toEqual([19_997, 19_998, 19_999])
  })

  test('of one metric goes back as far as it was logged', () => {
    const dir = temporaryDirectory()
    const maker = new JournalMaker(dir, { segmentBytes: 128 * 1024 })
    maker.row({ rare: 1 }, 0)
    maker.append(20_000, 1)
    maker.close()
    expect(new RowTail(dir, ['rare']).last(5)).toMatchObject([{ step: 0, values: { rare: 1 } }])
  })
})
