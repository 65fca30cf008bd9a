import { mkdirSync, readdirSync, readFileSync, rmdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Accumulators } from '../../src/sinks/summary/accumulators.js'
import { goalOf } from '../../src/sinks/summary/goal.js'
import { createSink } from '../../src/sinks/summary/sink.js'
import { BatchBuilder, type RowLiteral, START_TIME } from './support/batches.js'
import {
  COMPLETED,
  committedState,
  deliver,
  deliverThroughCrashes,
  runDirectory,
  sinkContext,
} from './support/sink-run.js'

const summary = (dir: string) => JSON.parse(readFileSync(join(dir, 'summary.json'), 'utf8'))
const seconds = START_TIME / 1000

async function summaryOf(values: readonly number[], name = 'm', options = {}) {
  const dir = runDirectory()
  await deliver(createSink(), sinkContext(dir, { options }), [
    values.map((value) => ({ metrics: { [name]: value } })),
  ])
  return summary(dir).metrics[name]
}

describe('what is kept of a metric', () => {
  test('first, last, min and max are values with their step and time', async () => {
    expect(await summaryOf([2, 9, 1, 5])).toEqual({
      first: { value: 2, step: 0, time: seconds },
      last: { value: 5, step: 3, time: seconds + 3 },
      min: { value: 1, step: 2, time: seconds + 2 },
      max: { value: 9, step: 1, time: seconds + 1 },
      mean: 4.25,
      count: 4,
      nonFinite: 0,
    })
  })

  test('of equal extremes the first one is kept', async () => {
    expect(await summaryOf([3, 1, 1, 3])).toMatchObject({ min: { step: 1 }, max: { step: 0 } })
  })

  test('NaN counts for first and last, not for min, max and mean', async () => {
    expect(await summaryOf([Number.NaN, 4, 2, Number.NaN])).toMatchObject({
      first: { value: 'NaN' },
      last: { value: 'NaN' },
      min: { value: 2 },
      max: { value: 4 },
      mean: 3,
      count: 4,
      nonFinite: 2,
    })
  })

  test('an infinity is a minimum or maximum, and leaves the mean alone', async () => {
    expect(await summaryOf([1, Infinity, 3])).toMatchObject({
      max: { value: 'Infinity' },
      min: { value: 1 },
      mean: 2,
    })
  })

  test('of nothing but NaN there is no min, max, mean or best', async () => {
    const found = await summaryOf([Number.NaN, Number.NaN], 'loss')
    expect(found).toMatchObject({ min: null, max: null, mean: null, nonFinite: 2 })
    expect(found).not.toHaveProperty('best')
  })

  test('each of many metrics has values of its own', async () => {
    const dir = runDirectory()
    const many = (offset: number) =>
      Array.from({ length: 500 }, (_, i) => ({ metrics: { [`m${i}`]: i + offset } }))
    await deliver(createSink(), sinkContext(dir), [many(0), many(1)])
    const means = Object.values(summary(dir).metrics as Record<string, { mean: number }>).map((m) => m.mean)
    expect(means).toEqual(Array.from({ length: 500 }, (_, i) => i + 0.5))
  })

  test('a metric may have any name', async () => {
    const dir = runDirectory()
    const names = ['__proto__', 'constructor', 'a "b"\n', '損失', '1']
    await deliver(createSink(), sinkContext(dir), [[{ metrics: names.map((name) => [name, 1] as const) }]])
    expect(Object.keys(summary(dir).metrics).sort()).toEqual([...names].sort())
  })
})

describe('the mean', () => {
  test('does not drift over a million values', () => {
    const tenths = Array.from({ length: 1000 }, (_, i) => ({ metrics: { m: i / 10 } }))
    const batch = new BatchBuilder().batchOf(tenths)
    const accumulators = new Accumulators(1)
    for (let i = 0; i < 1000; i++) accumulators.add(batch)
    expect([...accumulators.metrics()][0]!.mean).toBe(49.95)
  })

  test('does not overflow where the sum of the values would', async () => {
    const { mean } = await summaryOf([1.7e308, 1.7e308, -1.7e308])
    expect(mean / 1.7e308).toBeCloseTo(1 / 3, 12)
  })

  test('is that of exact arithmetic to 14 digits of the largest value', async () => {
    const value = fc.integer({ min: -1_000_000_000, max: 1_000_000_000 })
    const property = fc.asyncProperty(fc.array(value, { minLength: 1, maxLength: 300 }), async (values) => {
      const exact = values.reduce((sum, each) => sum + each, 0) / values.length
      const scale = Math.max(1, ...values.map(Math.abs))
      expect(Math.abs((await summaryOf(values)).mean - exact) / scale).toBeLessThan(1e-14)
    })
    await fc.assert(property, { numRuns: 100 })
  })
})

describe('the best value', () => {
  test('of a loss is its minimum', async () => {
    expect((await summaryOf([2, 1, 3], 'train/loss')).best).toEqual({
      value: 1,
      step: 1,
      time: seconds + 1,
      goal: 'minimize',
    })
  })

  test('of an accuracy is its maximum', async () => {
    expect((await summaryOf([0.2, 0.9, 0.3], 'val_accuracy')).best).toMatchObject({
      value: 0.9,
      step: 1,
      goal: 'maximize',
    })
  })

  test('is not given where nobody knows which way is better', async () => {
    expect(await summaryOf([1], 'learning_rate')).not.toHaveProperty('best')
  })

  test('follows the option where there is one, against the name too', async () => {
    const options = { goals: { odd_loss: 'maximize', mystery: 'minimize' } }
    expect((await summaryOf([1, 2], 'odd_loss', options)).best.value).toBe(2)
    expect((await summaryOf([1, 2], 'mystery', options)).best.value).toBe(1)
  })

  test.each([
    [
      'minimize',
      'loss Loss/train trainLoss val/word_error_rate eval.ppl test_rmse val/bpc WER fid_score loss2 val_nll',
    ],
    [
      'maximize',
      'acc train/accuracy eval/f1_score auc bleu4 rougeL episode/reward score mIoU r2 tokens_per_second steps/per_sec throughput recall@10',
    ],
    [undefined, 'learning_rate loss_scale epoch grad_norm reward_std step_time glossary accumulated lossy'],
  ])('%s is read from the names of metrics', (goal, names) => {
    for (const name of names.split(' ')) expect([name, goalOf(name)]).toEqual([name, goal])
  })
})

describe('what is kept of the run', () => {
  test('the run, its status and how far it came stand above the metrics', async () => {
    const dir = runDirectory()
    const sink = createSink(() => Date.UTC(2024, 10, 20))
    await sink.open(sinkContext(dir), null)
    await sink.write(new BatchBuilder().batch(...[5, 9, 7].map((step) => ({ step, metrics: { a: 1 } }))))
    await sink.close(COMPLETED)
    expect(summary(dir)).toMatchObject({
      runId: 'baseline_20241119_070640_0123abcd',
      project: 'tinystories',
      name: 'baseline',
      status: 'completed',
      updated: '2024-11-20T00:00:00.000Z',
      durationSeconds: 60,
      rows: 3,
      steps: { first: 5, last: 7, max: 9 },
    })
  })

  test('a running run has lasted until its newest row', async () => {
    const dir = runDirectory()
    await deliver(createSink(), sinkContext(dir), [[{ metrics: {} }, { metrics: {} }]])
    expect(summary(dir)).toMatchObject({ status: 'running', durationSeconds: 1 })
  })

  test('a run without rows has a summary', async () => {
    const dir = runDirectory()
    await deliver(createSink(), sinkContext(dir), [])
    expect(summary(dir)).toMatchObject({ rows: 0, steps: null, metrics: {} })
  })
})

describe('when the file is written', () => {
  test('at most once in everyMs, and when the sink is closed', async () => {
    const dir = runDirectory()
    const builder = new BatchBuilder()
    let now = START_TIME
    const sink = createSink(() => now)
    await sink.open(sinkContext(dir, { options: { everyMs: 2000 } }), null)
    const rowsAt = async (time: number) => {
      now = START_TIME + time
      await sink.write(builder.batch({ metrics: { a: 1 } }))
      return summary(dir).rows
    }
    expect([await rowsAt(0), await rowsAt(1999), await rowsAt(2000), await rowsAt(2001)]).toEqual([
      1, 1, 3, 3,
    ])
    await sink.close(COMPLETED)
    expect(summary(dir).rows).toBe(4)
  })

  test('nothing else is left in the run directory', async () => {
    const dir = runDirectory()
    await deliver(createSink(), sinkContext(dir), [[{ metrics: { a: 1 } }]])
    expect(readdirSync(dir)).toEqual(['summary.json'])
  })

  test('a batch that fails because the file cannot be written is not counted twice when it comes again', async () => {
    const dir = runDirectory()
    const builder = new BatchBuilder()
    const sink = createSink()
    await sink.open(sinkContext(dir, { options: { everyMs: 0 } }), null)
    await sink.write(builder.batch({ metrics: { a: 1 } }))
    rmSync(join(dir, 'summary.json'))
    mkdirSync(join(dir, 'summary.json'))
    const batch = builder.batch({ metrics: { a: 2, b: 3 } })
    await expect(sink.write(batch)).rejects.toMatchObject({ code: 'EISDIR' })
    expect(readdirSync(dir)).toEqual(['summary.json'])
    rmdirSync(join(dir, 'summary.json'))
    await sink.write(batch)
    await sink.close(COMPLETED)
    expect(summary(dir)).toMatchObject({ rows: 2, metrics: { a: { count: 2, mean: 1.5 }, b: { count: 1 } } })
  })
})

describe('exactly once', () => {
  const value = fc.oneof(fc.double(), fc.constantFrom(Number.NaN, Infinity, -Infinity, -0))
  const row = fc.dictionary(fc.constantFrom('a', 'b', 'loss', '損失'), value).map((metrics) => ({ metrics }))
  const life = fc.record({
    batchSizes: fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 3 }),
    uncommitted: fc.boolean(),
  })

  test('the summary is the same wherever the delivery was cut and taken up again', async () => {
    const create = () => createSink(() => START_TIME)
    const property = fc.asyncProperty(
      fc.array(row, { maxLength: 12 }),
      fc.array(life, { maxLength: 3 }),
      async (rows, lives) => {
        const [whole, cut] = [runDirectory(), runDirectory()]
        await deliver(create(), sinkContext(whole), [rows as RowLiteral[]])
        await deliverThroughCrashes(create, sinkContext(cut), rows as RowLiteral[], lives)
        expect(summary(cut)).toEqual(summary(whole))
      },
    )
    await fc.assert(property, { numRuns: 100 })
  })

  test('a sink that is opened again learns the names anew', async () => {
    const dir = runDirectory()
    const sink = createSink()
    const state = await deliver(sink, sinkContext(dir), [[{ metrics: { a: 1 } }]])
    await deliver(sink, sinkContext(dir), [[{ metrics: { b: 2 } }]], state)
    expect(summary(dir).metrics).toMatchObject({ a: { mean: 1, count: 1 }, b: { mean: 2, count: 1 } })
  })

  test('a state that makes no sense is answered with a rebuild', async () => {
    await expect(createSink().open(sinkContext(runDirectory()), { names: ['a'] })).rejects.toMatchObject({
      action: 'rebuild',
    })
  })
})

describe('the limit', () => {
  test('metrics beyond it are left out, and how many values that were is said', async () => {
    const dir = runDirectory()
    const warnings: string[] = []
    const context = sinkContext(dir, { options: { maxMetrics: 2 }, warn: (kind) => warnings.push(kind) })
    await deliver(createSink(), context, [
      [{ metrics: { a: 1, b: 1, c: 1 } }, { metrics: { c: 1, d: 1, a: 3 } }],
    ])
    expect(Object.keys(summary(dir).metrics)).toEqual(['a', 'b'])
    expect([summary(dir).omittedValues, warnings]).toEqual([3, ['summary_limit']])
  })

  test('the state of 100,000 names stays within the limit', async () => {
    const sink = createSink()
    await sink.open(sinkContext(runDirectory()), null)
    const metrics = Array.from({ length: 100_000 }, (_, i) => [`layer ${i}`, i] as const)
    const { state } = await sink.write(new BatchBuilder().batch({ metrics }))
    expect(JSON.stringify(committedState(state)).length).toBeLessThan(3_000_000)
    await sink.close(COMPLETED)
  })
})
