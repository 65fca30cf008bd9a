import { setImmediate } from 'node:timers/promises'
import type * as core from '@tensorflow/tfjs-core'
import * as data from '@tensorflow/tfjs-data'
import type * as layers from '@tensorflow/tfjs-layers'
import { beforeAll, expect, test } from 'vitest'
import { init } from '../../dist/src/index.js'
import { guard, trackerCallback } from '../../dist/src/tfjs/index.js'
import { reference, regression } from './support/regression.mjs'
import { rowsOf, startRun, stepsOf, tf, valuesOf, warningsSoFar } from './support/run.js'

beforeAll(async () => {
  await tf.setBackend('cpu')
})

const FIT = { epochs: 3, batchSize: 8, shuffle: false, verbose: 0 } as const

test('every value is the one that tfjs reports when it reads back at each batch', async () => {
  const plain = regression(tf)
  const expected = await reference(tf, (callbacks) =>
    plain.model.fit(plain.xs, plain.ys, { ...FIT, validationSplit: 0.25, callbacks }),
  )
  const run = startRun()
  const { model, xs, ys } = regression(tf)
  const callback = trackerCallback(run)
  await model.fit(xs, ys, { ...FIT, validationSplit: 0.25, callbacks: callback })
  const rows = await rowsOf(run)
  for (const name of ['loss', 'mae']) {
    expect(valuesOf(rows, `batch/${name}`)).toEqual(expected.batches.map((logs) => logs[name]))
  }
  for (const name of ['loss', 'mae', 'val_loss', 'val_mae']) {
    expect(valuesOf(rows, `epoch/${name}`)).toEqual(expected.epochs.map((logs) => logs[name]))
  }
  expect(stepsOf(rows, 'batch/loss')).toEqual(Array.from({ length: 27 }, (_, i) => i + 1))
  expect(stepsOf(rows, 'epoch/loss')).toEqual([9, 18, 27])
  expect(valuesOf(rows, 'epoch/epoch')).toEqual([0, 1, 2])
  expect(new Set(valuesOf(rows, 'batch/learning_rate'))).toEqual(new Set([0.05]))
  expect(valuesOf(rows, 'batch/ms').every((ms) => ms > 0)).toBe(true)
  expect(valuesOf(rows, 'epoch/samples_per_second').every((rate) => rate > 0)).toBe(true)
  expect(callback.counts).toMatchObject({ batches: 27, epochs: 3, problems: {} })
})

test('rows are in the order of their steps, and many batches share one read-back', async () => {
  const run = startRun()
  const { model, xs, ys } = regression(tf)
  const callback = trackerCallback(run, { readEvery: 8, readIntervalMs: 600_000 })
  await model.fit(xs, ys, { ...FIT, epochs: 1, batchSize: 3, callbacks: callback })
  const steps = (await rowsOf(run)).map(({ step }) => step)
  expect(steps).toEqual([...Array.from({ length: 32 }, (_, i) => i + 1), 32])
  // 32 batches in groups of 8; the row of the epoch is a group of its own.
  expect(callback.counts.readBacks).toBe(5)
})

test('fitDataset: the values of each epoch are kept although tfjs changes its object', async () => {
  const make = () => {
    const { model, xs, ys } = regression(tf)
    const rows = (t: typeof xs) => data.array(t.arraySync() as number[][])
    const dataset = data.zip({ xs: rows(xs), ys: rows(ys) }).batch(16)
    return { model, dataset: dataset as never }
  }
  const plain = make()
  const args = { epochs: 2, verbose: 0 as const }
  const expected = await reference(tf, (callbacks) =>
    plain.model.fitDataset(plain.dataset, { ...args, validationData: plain.dataset, callbacks }),
  )
  const run = startRun()
  const { model, dataset } = make()
  await model.fitDataset(dataset, { ...args, validationData: dataset, callbacks: trackerCallback(run) })
  const rows = await rowsOf(run)
  expect(valuesOf(rows, 'batch/loss')).toEqual(expected.batches.map((logs) => logs.loss))
  for (const name of ['loss', 'val_loss', 'val_mae']) {
    expect(valuesOf(rows, `epoch/${name}`)).toEqual(expected.epochs.map((logs) => logs[name]))
  }
})

test('the steps go on in a second fit(), and start where a resumed run says', async () => {
  const run = startRun()
  const { model, xs, ys } = regression(tf)
  const callback = trackerCallback(run, { startStep: 100, logEvery: 4, prefix: 'net/' })
  await model.fit(xs, ys, { ...FIT, epochs: 1, callbacks: callback })
  await model.fit(xs, ys, { ...FIT, epochs: 2, initialEpoch: 1, callbacks: callback })
  const rows = await rowsOf(run)
  expect(stepsOf(rows, 'net/batch/loss')).toEqual([104, 108, 112, 116, 120, 124])
  expect(stepsOf(rows, 'net/epoch/loss')).toEqual([112, 124])
  expect(valuesOf(rows, 'net/epoch/epoch')).toEqual([0, 1])
})

test('no tensor is left behind, and none of those that tfjs still needs is disposed', async () => {
  const run = startRun()
  const { model, xs, ys } = regression(tf)
  await model.fit(xs, ys, { ...FIT, epochs: 1, callbacks: trackerCallback(run) })
  const before = tf.memory().numTensors
  const history = await model.fit(xs, ys, { ...FIT, callbacks: trackerCallback(run) })
  expect(tf.memory().numTensors).toBe(before)
  expect(history.history.loss).toEqual(valuesOf(await rowsOf(run), 'epoch/loss').slice(1))
})

test('the event loop turns while the training runs', async () => {
  const run = startRun()
  const { model, xs, ys } = regression(tf)
  let turns = 0
  let training = true
  const turning = (async () => {
    while (training) {
      await setImmediate()
      turns++
    }
  })()
  await model.fit(xs, ys, { ...FIT, callbacks: trackerCallback(run, { yieldEveryMs: 0 }) })
  training = false
  await turning
  expect(turns).toBeGreaterThanOrEqual(36)
})

test('a disposed tensor costs its value, is counted, and told once; the training goes on', async () => {
  const warnings = warningsSoFar()
  const run = startRun()
  const { model, xs, ys } = regression(tf)
  class Spoiler extends tf.Callback {
    override async onBatchEnd(batch: number, logs?: Parameters<layers.Callback['onBatchEnd']>[1]) {
      if (batch >= 2) (logs!.mae as core.Scalar).dispose()
    }
  }
  const callback = trackerCallback(run)
  await model.fit(xs, ys, { ...FIT, epochs: 1, callbacks: [new Spoiler(), callback] })
  const rows = await rowsOf(run)
  expect(valuesOf(rows, 'batch/loss')).toHaveLength(12)
  expect(valuesOf(rows, 'batch/mae')).toHaveLength(2)
  expect(callback.counts.problems).toEqual({ unreadable: 10 })
  await setImmediate()
  expect(warnings).toEqual([expect.stringMatching(/Reading "batch\/mae" failed.*disposed/)])
})

test('NaN is logged, counted by name from its first step, and told once per name', async () => {
  const warnings = warningsSoFar()
  const run = startRun()
  const { model, xs, ys } = regression(tf)
  class Spoiler extends tf.Callback {
    override async onBatchBegin(batch: number) {
      if (batch === 5) model.setWeights(model.getWeights().map(({ shape }) => tf.fill(shape, Number.NaN)))
    }
  }
  const callback = trackerCallback(run)
  await model.fit(xs, ys, { ...FIT, epochs: 1, callbacks: [new Spoiler(), callback] })
  const losses = valuesOf(await rowsOf(run), 'batch/loss')
  expect(losses.map(Number.isNaN)).toEqual([...Array(5).fill(false), ...Array(7).fill(true)])
  expect(callback.guard!.counts['batch/loss']).toEqual({
    checked: 12,
    nan: 7,
    infinite: 0,
    firstBadStep: 6,
    lastBadStep: 12,
  })
  expect(callback.guard!.firstBadStep).toBe(6)
  await setImmediate()
  expect(warnings.filter((message) => message.includes('"batch/loss" holds 1 NaN at step 6'))).toHaveLength(1)
})

test('a guard that stops ends fit()', async () => {
  const run = startRun()
  const { model, xs, ys } = regression(tf)
  ys.dispose()
  const bad = tf.fill([96, 1], Number.NaN)
  const callback = trackerCallback(run, {
    readEvery: 1,
    guard: guard(run, { action: 'stop' }),
    yieldEveryMs: 0,
  })
  await model.fit(xs, bad, { ...FIT, epochs: 50, callbacks: callback })
  expect(callback.guard!.stopped).toBe(true)
  expect(callback.step).toBeLessThan(50 * 12)
})

test('behind a plain object it still logs, and says what to change', async () => {
  const warnings = warningsSoFar()
  const run = startRun()
  const { model, xs, ys } = regression(tf)
  const callback = trackerCallback(run)
  const losses: number[] = []
  const plain = { onBatchEnd: (_: number, logs?: { loss?: number }) => void losses.push(logs!.loss!) }
  await model.fit(xs, ys, { ...FIT, epochs: 1, callbacks: [plain, callback] as never })
  expect(valuesOf(await rowsOf(run), 'batch/loss')).toEqual(losses)
  await setImmediate()
  expect(warnings).toEqual([expect.stringContaining('new tf.CustomCallback')])
})

test('what is not read when a device is lost is counted as dropped, and fit() goes on', async () => {
  const run = startRun()
  const { model, xs, ys } = regression(tf)
  const lost = {
    ...tf,
    concat: () => {
      throw new Error('the device is lost')
    },
  }
  const callback = trackerCallback(run, { tf: lost, readEvery: 4 })
  await model.fit(xs, ys, { ...FIT, epochs: 1, callbacks: callback })
  expect(callback.step).toBe(12)
  const { dropped } = await run.finish()
  expect(dropped['read-back']).toBe(13)
})

test('for a disabled run nothing is kept or read, and the event loop turns all the same', async () => {
  const { model, xs, ys } = regression(tf)
  let turned = false
  const callback = trackerCallback(init({ mode: 'disabled' }), { yieldEveryMs: 0 })
  void setImmediate().then(() => {
    turned = true
  })
  await model.fit(xs, ys, { ...FIT, epochs: 1, callbacks: callback })
  expect(turned).toBe(true)
  expect(callback.counts).toEqual({ batches: 12, epochs: 1, readBacks: 0, problems: {} })
})

test('wrong options are listed before the training', () => {
  const run = startRun()
  expect(() => trackerCallback(run, { readEvery: 0, logEvery: 1.5 })).toThrow(
    'logEvery must be a whole number, 0 or more; readEvery must be a whole number from 1 to 128',
  )
  expect(() => trackerCallback(run, { tf: {} })).toThrow(
    /`tf` has no "tidy": give the whole of @tensorflow\/tfjs/,
  )
})
