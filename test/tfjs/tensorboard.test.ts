import { existsSync } from 'node:fs'
import { join } from 'node:path'
import * as core from '@tensorflow/tfjs-core'
import * as data from '@tensorflow/tfjs-data'
import * as layers from '@tensorflow/tfjs-layers'
import { beforeAll, expect, onTestFinished, test } from 'vitest'
import { type TensorBoardCallbackArgs, tensorBoard } from '../../src/tfjs/tensorboard/index.js'
import { temporaryDirectory } from '../support/directory.js'
import { reference, regression } from './support/regression.mjs'
import { tf, warningsSoFar } from './support/run.js'
import { pointsIn, tagsIn, valuesIn } from './support/tensorboard-files.js'

const FIT = { epochs: 2, batchSize: 24, shuffle: false, verbose: 0, validationSplit: 0.25 } as const

beforeAll(async () => {
  await tf.setBackend('cpu')
})

/** Trains with the callback; what tfjs itself reports for the same training is the expectation. */
async function train(args?: TensorBoardCallbackArgs) {
  const plain = regression(tf)
  const expected = await reference(tf, (callbacks) =>
    plain.model.fit(plain.xs, plain.ys, { ...FIT, callbacks }),
  )
  const logdir = join(temporaryDirectory(), 'logs')
  const { model, xs, ys } = regression(tf)
  const callbacks = tensorBoard(logdir, args)
  await model.fit(xs, ys, { ...FIT, callbacks })
  return { expected, train: join(logdir, 'train'), val: join(logdir, 'val'), model }
}

test('by default each epoch is a point of each metric, from step 1, in train/ and val/', async () => {
  const { expected, ...logs } = await train()
  expect(tagsIn(logs.train).sort()).toEqual(['epoch_loss@1', 'epoch_loss@2', 'epoch_mae@1', 'epoch_mae@2'])
  expect(tagsIn(logs.val).sort()).toEqual(['epoch_loss@1', 'epoch_loss@2', 'epoch_mae@1', 'epoch_mae@2'])
  for (const metric of ['loss', 'mae']) {
    expect(valuesIn(logs.train, `epoch_${metric}`)).toEqual(expected.epochs.map((epoch) => epoch[metric]))
    expect(valuesIn(logs.val, `epoch_${metric}`)).toEqual(
      expected.epochs.map((epoch) => epoch[`val_${metric}`]),
    )
  }
})

test("updateFreq 'batch': the batches of all epochs count on, and stand before their epoch", async () => {
  const { expected, ...logs } = await train({ updateFreq: 'batch' })
  // 72 samples to train with, in batches of 24.
  expect(tagsIn(logs.train)).toEqual([
    'batch_loss@1',
    'batch_mae@1',
    'batch_loss@2',
    'batch_mae@2',
    'batch_loss@3',
    'batch_mae@3',
    'epoch_loss@1',
    'epoch_mae@1',
    'batch_loss@4',
    'batch_mae@4',
    'batch_loss@5',
    'batch_mae@5',
    'batch_loss@6',
    'batch_mae@6',
    'epoch_loss@2',
    'epoch_mae@2',
  ])
  expect(tagsIn(logs.val).sort()).toEqual(['epoch_loss@1', 'epoch_loss@2', 'epoch_mae@1', 'epoch_mae@2'])
  expect(valuesIn(logs.train, 'batch_loss')).toEqual(expected.batches.map(({ loss }) => loss))
  expect(valuesIn(logs.train, 'batch_mae')).toEqual(expected.batches.map(({ mae }) => mae))
})

test('histogramFreq: every weight under its name, at the epoch from 0, in train/ only', async () => {
  const logdir = temporaryDirectory()
  const { model, xs, ys } = regression(tf)
  const callbacks = tensorBoard(logdir, { histogramFreq: 2 })
  await model.fit(xs, ys, { ...FIT, epochs: 3, callbacks })
  const histograms = pointsIn(join(logdir, 'train')).filter(({ histogram }) => histogram !== undefined)
  const weights = model.weights.map(({ name }) => name)
  expect(weights).toHaveLength(4)
  expect(histograms.map(({ tag, step }) => `${tag}@${step}`)).toEqual(
    [0, 2].flatMap((step) => weights.map((name) => `${name}@${step}`)),
  )
  expect(histograms.map(({ histogram }) => histogram!.shape)).toEqual([
    ...[
      [30, 3],
      [30, 3],
      [30, 3],
      [1, 3],
    ],
    ...[
      [30, 3],
      [30, 3],
      [30, 3],
      [1, 3],
    ],
  ])
  expect(pointsIn(join(logdir, 'val')).every(({ histogram }) => histogram === undefined)).toBe(true)
  // The histogram of epoch 2 is that of the weights as they are now.
  const kernel = model.getWeights()[0]!.dataSync() as Float32Array
  const { rows } = histograms[4]!.histogram!
  expect([rows[0]![0], rows[29]![1]]).toEqual([Math.min(...kernel), Math.max(...kernel)])
  expect(rows.reduce((sum, [, , count]) => sum + count!, 0)).toBe(kernel.length)
})

test('a second fit() with the same callback counts its batches on', async () => {
  const logdir = temporaryDirectory()
  const { model, xs, ys } = regression(tf)
  const callbacks = tensorBoard(logdir, { updateFreq: 'batch' })
  const fit = { ...FIT, batchSize: 96, epochs: 1, validationSplit: 0, callbacks }
  await model.fit(xs, ys, fit)
  await model.fit(xs, ys, fit)
  expect(tagsIn(join(logdir, 'train')).filter((tag) => tag.startsWith('batch_loss'))).toEqual([
    'batch_loss@1',
    'batch_loss@2',
  ])
})

test('without validation there is no val directory', async () => {
  const logdir = temporaryDirectory()
  const { model, xs, ys } = regression(tf)
  await model.fit(xs, ys, { ...FIT, validationSplit: 0, callbacks: tensorBoard(logdir) })
  expect(existsSync(join(logdir, 'train'))).toBe(true)
  expect(existsSync(join(logdir, 'val'))).toBe(false)
})

test('fitDataset() gives the same tags, steps and directories as fit()', async () => {
  const logdir = temporaryDirectory()
  const { model, xs, ys } = regression(tf)
  const rows = (tensor: core.Tensor2D) => data.array(tensor.arraySync())
  const dataset = data.zip({ xs: rows(xs), ys: rows(ys) }).batch(48) as never
  const callbacks = [tensorBoard(logdir, { updateFreq: 'batch', histogramFreq: 1 })]
  await model.fitDataset(dataset, { epochs: 2, verbose: 0, validationData: dataset, callbacks })
  const epoch = (first: number, step: number) => [
    ...[first, first + 1].flatMap((batch) => [`batch_loss@${batch}`, `batch_mae@${batch}`]),
    `epoch_loss@${step}`,
    `epoch_mae@${step}`,
    ...model.weights.map(({ name }) => `${name}@${step - 1}`),
  ]
  expect(tagsIn(join(logdir, 'train'))).toEqual([...epoch(1, 1), ...epoch(3, 2)])
  expect(tagsIn(join(logdir, 'val'))).toEqual(['epoch_loss@1', 'epoch_mae@1', 'epoch_loss@2', 'epoch_mae@2'])
})

test('it is a CustomCallback of the copy that trains, so metrics reach it as tensors, and none is leaked', async () => {
  const callbacks = tensorBoard(temporaryDirectory(), { updateFreq: 'batch', histogramFreq: 1 })
  expect(callbacks).toBeInstanceOf(layers.CustomCallback)
  const { model, xs, ys } = regression(tf)
  const logs: unknown[] = []
  const write = callbacks.onBatchEnd.bind(callbacks)
  callbacks.onBatchEnd = async (batch, values) => {
    logs.push(values!.loss)
    await write(batch, values)
  }
  await model.fit(xs, ys, { ...FIT, epochs: 1, callbacks: [callbacks] })
  const { numTensors } = tf.memory()
  await model.fit(xs, ys, { ...FIT, epochs: 3, callbacks: [callbacks] })
  expect(logs[0]).toBeInstanceOf(core.Tensor)
  expect(tf.memory().numTensors).toBe(numTensors)
})

test('the device is read a few times for many batches, not once a batch', async () => {
  const backend = core.backend()
  const read = backend.read.bind(backend)
  let reads = 0
  backend.read = (data) => {
    reads++
    return read(data)
  }
  onTestFinished(() => {
    backend.read = read
  })
  const { model, xs, ys } = regression(tf)
  const fit = { ...FIT, batchSize: 1, epochs: 1 }
  await model.fit(xs, ys, fit)
  const withoutCallback = reads
  await model.fit(xs, ys, { ...fit, callbacks: tensorBoard(temporaryDirectory(), { updateFreq: 'batch' }) })
  // Two metrics of 72 batches are 144 scalars: two groups of 64 and the rest, and the epoch's four.
  expect(reads - 2 * withoutCallback).toBeLessThan(10)
})

test('the event loop turns while it trains', async () => {
  const { model, xs, ys } = regression(tf)
  let turns = 0
  const timer = setInterval(() => turns++, 1)
  const fit = { ...FIT, epochs: 1000, batchSize: 96, validationSplit: 0 }
  const callbacks = tensorBoard(temporaryDirectory())
  const write = callbacks.onEpochEnd.bind(callbacks)
  callbacks.onEpochEnd = async (epoch, logs) => {
    await write(epoch, logs)
    if (turns > 2) model.stopTraining = true
  }
  await model.fit(xs, ys, { ...fit, callbacks })
  clearInterval(timer)
  expect(turns).toBeGreaterThan(2)
})

test('behind a plain object in the list it still writes metrics, and says why there are no histograms', async () => {
  const warnings = warningsSoFar()
  const logdir = temporaryDirectory()
  const { model, xs, ys } = regression(tf)
  const callbacks = [{ onEpochEnd() {} }, tensorBoard(logdir, { histogramFreq: 1 })]
  await model.fit(xs, ys, { ...FIT, callbacks: callbacks as never })
  expect(tagsIn(join(logdir, 'train'))).toEqual([
    'epoch_loss@1',
    'epoch_mae@1',
    'epoch_loss@2',
    'epoch_mae@2',
  ])
  await new Promise(setImmediate)
  expect(warnings).toEqual([expect.stringContaining('Put it first')])
})

test('a metric that is no scalar is warned of, and the training goes on', async () => {
  const warnings = warningsSoFar()
  const logdir = temporaryDirectory()
  const callback = tensorBoard(logdir)
  await callback.onEpochEnd(0, { odd: tf.tensor1d([1, 2]), gone: undefined, loss: 0.5 })
  await callback.onTrainEnd()
  expect(tagsIn(join(logdir, 'train'))).toEqual(['epoch_loss@1'])
  await new Promise(setImmediate)
  expect(warnings).toEqual([expect.stringContaining('"epoch_odd"')])
})

test.each([
  [{ updateFreq: 'never' as never }, "Expected updateFreq to be 'batch' or 'epoch', but got never"],
  [{ histogramFreq: -1 }, 'Expected histogramFreq to be a positive integer, but got -1'],
  [{ histogramFreq: 0.5 }, 'Expected histogramFreq to be a positive integer, but got 0.5'],
])('%j is refused in the words of tfjs-node', (args, message) => {
  expect(() => tensorBoard(temporaryDirectory(), args)).toThrow(message)
})

test('tf may be handed over; one without layers is refused with what to give', () => {
  expect(tensorBoard(temporaryDirectory(), { tf })).toBeInstanceOf(layers.CustomCallback)
  expect(() => tensorBoard(temporaryDirectory(), { tf: core })).toThrow('tfjs-layers')
})
