import { setImmediate } from 'node:timers/promises'
import type * as core from '@tensorflow/tfjs-core'
import { beforeAll, expect, test } from 'vitest'
import { JournalReader } from '../../dist/src/journal/reader.js'
import type { MediaRecord } from '../../dist/src/record/media.js'
import { trackerCallback, watch } from '../../dist/src/tfjs/index.js'
import { regression } from './support/regression.mjs'
import { rowsOf, startRun, stepsOf, tf, valuesOf, warningsSoFar } from './support/run.js'

beforeAll(async () => {
  await tf.setBackend('cpu')
})

const FIT = { epochs: 1, batchSize: 8, shuffle: false, verbose: 0 } as const

/** The media records of a run that has ended. */
function mediaOf(dir: string): { step: number; record: MediaRecord }[] {
  const reader = new JournalReader(`${dir}/journal`)
  const found: { step: number; record: MediaRecord }[] = []
  for (let batch = reader.read(); batch !== null; batch = reader.read()) {
    for (const [row, record] of batch.media) found.push({ step: batch.steps[row]!, record })
  }
  reader.close()
  return found
}

const norm = (tensors: readonly core.Tensor[]): number =>
  Math.sqrt(
    tensors.flatMap((tensor) => [...tensor.dataSync()]).reduce((sum, value) => sum + value * value, 0),
  )

/** A linear model without layers, and its gradients at the present weights. */
function ownModel(name: string) {
  const weight = tf.variable(tf.tensor2d([0.5, -1, 2, 0.25], [4, 1]), true, `${name}/kernel`)
  const bias = tf.variable(tf.tensor1d([0.1]), true, `${name}/bias`)
  const { xs, ys } = regression(tf)
  const loss = () => tf.losses.meanSquaredError(ys, tf.add(tf.matMul(xs, weight), bias)) as core.Scalar
  return { weight, bias, loss }
}

test('fit(): norms of weights and gradients, by layer and in total, at every n-th update', async () => {
  const run = startRun()
  const { model, xs, ys, optimizer } = regression(tf)
  const norms: number[] = []
  const weightNorms: number[] = []
  const apply = optimizer.applyGradients
  optimizer.applyGradients = function (gradients) {
    apply.call(this, gradients)
    norms.push(norm((gradients as unknown as { tensor: core.Tensor }[]).map(({ tensor }) => tensor)))
    weightNorms.push(norm(model.getWeights()))
  }
  const watcher = watch(run, model, { every: 4 })
  await model.fit(xs, ys, { ...FIT, callbacks: trackerCallback(run) })
  const rows = await rowsOf(run)
  expect(watcher.step).toBe(12)
  expect(stepsOf(rows, 'gradients/norm')).toEqual([4, 8, 12])
  for (const [index, value] of valuesOf(rows, 'gradients/norm').entries()) {
    expect(value).toBeCloseTo(norms[index * 4 + 3]!, 5)
    expect(valuesOf(rows, 'weights/norm')[index]).toBeCloseTo(weightNorms[index * 4 + 3]!, 5)
  }
  const [hidden, out] = ['hidden', 'out'].map((layer) => valuesOf(rows, `gradients/${layer}/norm`)[0]!)
  expect(Math.hypot(hidden!, out!)).toBeCloseTo(norms[3]!, 5)
  expect(valuesOf(rows, 'gradients/clip_ratio')).toEqual([1, 1, 1])
  expect(valuesOf(rows, 'optimizer/learning_rate')).toEqual([0.05, 0.05, 0.05])
  expect(valuesOf(rows, 'model/parameters')).toEqual([49])
  expect(watcher.problems).toEqual({})
})

test('histograms of all weights and gradients, and the architecture as text and graph', async () => {
  const run = startRun()
  const { model, xs, ys } = regression(tf)
  watch(run, model, { every: 12 })
  await model.fit(xs, ys, FIT)
  const weights = model.weights.map((weight) => [weight.name, weight.shape.reduce((a, b) => a! * b!, 1)])
  await run.finish()
  const media = mediaOf(run.dir)
  const counts = media.flatMap(({ step, record }) =>
    record.kind === 'histogram' ? [[record.name, step, record.value!.finite]] : [],
  )
  expect(counts.sort()).toEqual(
    ['gradients', 'weights']
      .flatMap((kind) => weights.map(([name, size]) => [`${kind}/${name}`, 12, size]))
      .sort(),
  )
  const summary = media.find(({ record }) => record.name === 'model/summary')!.record
  expect(summary.kind === 'text' && summary.value!.text).toContain('Total params: 49')
  const graph = media.find(({ record }) => record.kind === 'graph')!.record
  expect(graph.kind === 'graph' && graph.value!.model.class_name).toBe('Sequential')
})

test('a loop of its own that clips: the norm before and after, and the ratio', async () => {
  const run = startRun()
  const { weight, bias, loss } = ownModel('clipped')
  const optimizer = tf.train.sgd(0.01)
  watch(run, [weight, bias], { optimizer, every: 1, startStep: 10 })
  const before: number[] = []
  for (let step = 0; step < 3; step++) {
    const { value, grads } = optimizer.computeGradients(loss)
    const total = norm(Object.values(grads))
    before.push(total)
    const clipped = Object.fromEntries(
      Object.entries(grads).map(([name, grad]) => [name, tf.mul(grad, 0.5 / total) as core.Tensor]),
    )
    tf.dispose(grads)
    optimizer.applyGradients(clipped)
    tf.dispose([value, clipped])
  }
  const rows = await rowsOf(run)
  expect(stepsOf(rows, 'gradients/norm')).toEqual([11, 12, 13])
  for (const [index, total] of before.entries()) {
    expect(valuesOf(rows, 'gradients/norm')[index]).toBeCloseTo(0.5, 5)
    expect(valuesOf(rows, 'gradients/norm_before_clip')[index]).toBeCloseTo(total, 4)
    expect(valuesOf(rows, 'gradients/clip_ratio')[index]).toBeCloseTo(0.5 / total, 4)
  }
  expect(valuesOf(rows, 'gradients/clipped/norm')).toHaveLength(3)
})

test('accumulated gradients: a norm before clipping would be that of a part, and is left out', async () => {
  const run = startRun()
  const { weight, bias, loss } = ownModel('accumulated')
  const optimizer = tf.train.sgd(0.01)
  watch(run, [weight, bias], { optimizer, every: 1 })
  const first = optimizer.computeGradients(loss).grads
  const second = optimizer.computeGradients(loss).grads
  const sum = Object.fromEntries(
    Object.keys(first).map((name) => [name, tf.add(first[name]!, second[name]!)]),
  )
  optimizer.applyGradients(sum as core.NamedTensorMap)
  const rows = await rowsOf(run)
  expect(valuesOf(rows, 'gradients/norm')).toHaveLength(1)
  expect(valuesOf(rows, 'gradients/norm_before_clip')).toEqual([])
})

test('NaN and infinite values are counted by variable, and the guard knows the first bad step', async () => {
  const warnings = warningsSoFar()
  const run = startRun()
  const { weight, bias, loss } = ownModel('spoiled')
  const optimizer = tf.train.sgd(0)
  const watcher = watch(run, [weight, bias], { optimizer, every: 1, weights: false, gradients: false })
  optimizer.minimize(loss)
  weight.assign(tf.tensor2d([Number.NaN, Number.POSITIVE_INFINITY, Number.NaN, 1], [4, 1]))
  optimizer.minimize(() => tf.sum(tf.mul(bias, bias)) as core.Scalar, false, [bias])
  const rows = await rowsOf(run)
  expect(valuesOf(rows, 'weights/spoiled/kernel/nan')).toEqual([0, 2])
  expect(valuesOf(rows, 'weights/spoiled/kernel/infinite')).toEqual([0, 1])
  expect(valuesOf(rows, 'weights/spoiled/bias/nan')).toEqual([0, 0])
  expect(watcher.guard!.counts['weights/spoiled/kernel']).toMatchObject({
    checked: 8,
    nan: 2,
    infinite: 1,
    firstBadStep: 2,
  })
  await setImmediate()
  expect(warnings).toEqual([
    expect.stringContaining('"weights/spoiled/kernel" holds 2 NaN and 1 infinite at step 2'),
  ])
})

test('a weight that is disposed is counted and told once; updates go on', async () => {
  const warnings = warningsSoFar()
  const run = startRun()
  const { weight, bias, loss } = ownModel('disposed')
  const other = tf.variable(tf.tensor1d([1, 2]), true, 'disposed-too')
  const optimizer = tf.train.sgd(0.01)
  const watcher = watch(run, [weight, bias, other], { optimizer, every: 1 })
  other.dispose()
  const before = weight.dataSync()[0]
  for (let step = 0; step < 3; step++) optimizer.minimize(loss, false, [weight, bias])
  expect(weight.dataSync()[0]).not.toBe(before)
  expect(watcher.problems).toEqual({ unreadable: 3 })
  expect(valuesOf(await rowsOf(run), 'weights/disposed/norm')).toHaveLength(3)
  expect(warnings).toEqual(['The weight "disposed-too" is disposed: it is not watched any more.'])
})

test('no tensor is left behind, and stop() leaves the optimizer as it was', async () => {
  const run = startRun()
  const { model, xs, ys, optimizer } = regression(tf)
  await model.fit(xs, ys, FIT)
  const tensors = tf.memory().numTensors
  const watcher = watch(run, model, { every: 3 })
  await model.fit(xs, ys, FIT)
  await run.flush()
  expect(tf.memory().numTensors).toBe(tensors)
  watcher.stop()
  expect(Object.keys(optimizer)).not.toContain('applyGradients')
  await model.fit(xs, ys, FIT)
  expect(stepsOf(await rowsOf(run), 'gradients/norm')).toEqual([3, 6, 9, 12])
})

test('stop() leaves alone who wrapped the optimizer later, and stops all the same', async () => {
  const run = startRun()
  const { weight, bias, loss } = ownModel('wrapped')
  const optimizer = tf.train.sgd(0.01)
  const first = watch(run, [weight, bias], { optimizer, every: 1, prefix: 'first/' })
  const second = watch(run, [weight, bias], { optimizer, every: 1, prefix: 'second/' })
  optimizer.minimize(loss)
  first.stop()
  optimizer.minimize(loss)
  expect([first.step, second.step]).toEqual([1, 2])
  const rows = await rowsOf(run)
  expect(stepsOf(rows, 'first/gradients/norm')).toEqual([1])
  expect(stepsOf(rows, 'second/gradients/norm')).toEqual([1, 2])
})

test('what cannot be watched is refused before the training, with what to do', () => {
  const run = startRun()
  const model = tf.sequential({ layers: [tf.layers.dense({ units: 1, inputShape: [1] })] })
  expect(() => watch(run, model)).toThrow('Call model.compile() before watch()')
  expect(() => watch(run, [{}])).toThrow('give a tf.LayersModel, or a list of tf.Variables')
})
