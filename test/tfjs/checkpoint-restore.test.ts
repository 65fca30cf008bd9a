import type { SGDOptimizer, Tensor } from '@tensorflow/tfjs-core'
import { beforeEach, expect, test } from 'vitest'
import { type Capturable, CheckpointMemory, capture } from '../../src/checkpoint/capture/index.js'
import { buildModel, type RestorableCheckpoint, restore } from '../../src/tfjs/checkpoint/index.js'
import { loadedFrom } from './support/checkpoint.js'
import { tf } from './support/run.js'

beforeEach(async () => {
  await tf.setBackend('cpu')
})

const saved = (what: Capturable): RestorableCheckpoint => loadedFrom(capture(what, new CheckpointMemory()))

const OPTIMIZERS = {
  sgd: () => tf.train.sgd(0.1),
  momentum: () => tf.train.momentum(0.1, 0.9),
  nesterov: () => tf.train.momentum(0.1, 0.9, true),
  adagrad: () => tf.train.adagrad(0.1),
  adadelta: () => tf.train.adadelta(0.1, 0.9),
  adam: () => tf.train.adam(0.1),
  adamax: () => tf.train.adamax(0.1, 0.9, 0.999, undefined, 0.1),
  rmsprop: () => tf.train.rmsprop(0.1, 0.9, 0.5),
  'centered rmsprop': () => tf.train.rmsprop(0.1, 0.9, 0.5, undefined, true),
}

/** Variables with an optimizer; `start` makes trainings differ. */
class Training {
  readonly weights: { w: ReturnType<typeof tf.variable>; b: ReturnType<typeof tf.variable> }
  readonly optimizer: ReturnType<typeof tf.train.sgd>

  constructor(optimizer: () => unknown, start: number) {
    this.weights = { w: tf.variable(tf.tensor([start, -2, 3])), b: tf.variable(tf.scalar(start)) }
    this.optimizer = optimizer() as typeof this.optimizer
  }

  run(steps: number): number[] {
    const { w, b } = this.weights
    const loss = () => tf.add(tf.sum(tf.square(tf.sub(w, [1, 2, 3]))), tf.abs(tf.add(b, 0.25)))
    return Array.from({ length: steps }, () => {
      const value = this.optimizer.minimize(() => loss() as never, true, [w, b] as never)!
      return value.dataSync()[0]!
    })
  }

  values(): number[] {
    return [...this.weights.w.dataSync(), ...this.weights.b.dataSync()]
  }
}

test.each(Object.entries(OPTIMIZERS))('training with %s goes on bit for bit', (_, optimizer) => {
  const first = new Training(optimizer, 1)
  first.run(5)
  const loaded = saved({ model: first.weights, optimizer: first.optimizer })
  const expected = [first.run(5), first.values()]
  // One that has taken no step yet, and one that has.
  for (const steps of [0, 3]) {
    const second = new Training(optimizer, 7)
    second.run(steps)
    restore(loaded, { model: second.weights, optimizer: second.optimizer })
    expect(second.optimizer.iterations).toBe(5)
    expect([second.run(5), second.values()]).toEqual(expected)
  }
})

test('the state before the first step is a state too', () => {
  const fresh = new Training(OPTIMIZERS.adam, 1)
  const loaded = saved({ model: fresh.weights, optimizer: fresh.optimizer })
  const expected = [fresh.run(5), fresh.values()]
  const used = new Training(OPTIMIZERS.adam, 7)
  used.run(4)
  const { numTensors } = tf.memory()
  restore(loaded, { model: used.weights, optimizer: used.optimizer })
  // Its two lists of two slots are gone.
  expect(tf.memory().numTensors).toBe(numTensors - 4)
  expect([used.run(5), used.values()]).toEqual(expected)
})

/** A class as a program may write one, with state that is in no configuration. */
class Decaying extends tf.SGDOptimizer {
  steps = 0
  notes: string[] = []

  override applyGradients(gradients: Parameters<SGDOptimizer['applyGradients']>[0]): void {
    this.setLearningRate(1 / (2 + this.steps++))
    super.applyGradients(gradients)
  }
}

test('an optimizer of a class of the program goes on with its own counts', () => {
  const make = () => new Decaying(0.1)
  const first = new Training(make, 1)
  first.run(5)
  const loaded = saved({ model: first.weights, optimizer: first.optimizer })
  const expected = [first.run(5), first.values()]
  const second = new Training(make, 7)
  ;(second.optimizer as unknown as Decaying).notes.push('not a slot')
  restore(loaded, { model: second.weights, optimizer: second.optimizer })
  expect([second.run(5), second.values()]).toEqual(expected)
})

test('the learning rate of the moment is restored', () => {
  for (const name of ['sgd', 'adam'] as const) {
    const first = new Training(OPTIMIZERS[name], 1)
    if (name === 'sgd') first.optimizer.setLearningRate(0.025)
    else (first.optimizer as unknown as { learningRate: number }).learningRate = 0.025
    const loaded = saved({ model: first.weights, optimizer: first.optimizer })
    const second = new Training(OPTIMIZERS[name], 1)
    restore(loaded, { optimizer: second.optimizer })
    expect(second.run(3)).toEqual(first.run(3))
  }
})

test('variables of any dtype get their bits back, and nothing else is made', () => {
  const bits = new Uint32Array([0x7fc0_1234, 0x8000_0000])
  const make = (first: boolean) => ({
    bits: tf.variable(first ? tf.tensor(new Float32Array(bits.buffer.slice(0))) : tf.zeros([2])),
    int: tf.variable(tf.tensor([first ? -7 : 0], [1], 'int32')),
    bool: tf.variable(tf.tensor([first], [], 'bool')),
    empty: tf.variable(tf.zeros([0, 2])),
  })
  const loaded = saved(make(true))
  const target = make(false)
  const { numTensors } = tf.memory()
  restore(loaded, { tensors: target })
  expect(tf.memory().numTensors).toBe(numTensors)
  const { buffer, byteOffset } = target.bits.dataSync()
  expect([...new Uint32Array(buffer, byteOffset, 2)]).toEqual([...bits])
  expect([...target.int.dataSync(), ...target.bool.dataSync()]).toEqual([-7, 1])
})

test('restored variables have memory of their own, also where the tensors of the checkpoint share theirs', () => {
  const weights = { a: tf.variable(tf.tensor([1, 2])), b: tf.variable(tf.tensor([3, 4])) }
  const [file] = capture(weights, new CheckpointMemory()).content.tensorFiles
  const named = new Map(file!.tensors.map((tensor) => [tensor.name, tensor]))
  for (const weight of Object.values(weights)) weight.assign(tf.zeros([2]))
  restore({ info: { files: [file!] }, tensors: () => named, json: () => null }, { tensors: weights })
  for (const { data } of file!.tensors) data.fill(0)
  expect([...weights.a.dataSync(), ...weights.b.dataSync()]).toEqual([1, 2, 3, 4])
})

const layered = (units: number, names = ['a', 'b', 'c', 'd', 'e']) =>
  tf.sequential({
    layers: names.map((name) => tf.layers.dense({ units, inputShape: [units], name })),
  })

const weightsOf = (model: ReturnType<typeof layered>) =>
  model.getWeights().map((weight) => [...weight.dataSync()])

test('a model that differs is told by its first few weights, and not changed', () => {
  const loaded = saved(layered(2))
  const other = layered(3, ['a', 'b', 'x', 'd', 'e'])
  const before = weightsOf(other)
  expect(() => restore(loaded, { model: other })).toThrow(
    'The model does not fit the checkpoint: "a/kernel" is float32 [2, 2] in the checkpoint, and float32 [3, 3] here; "a/bias" is float32 [2] in the checkpoint, and float32 [3] here; "b/kernel" is float32 [2, 2] in the checkpoint, and float32 [3, 3] here; and 9 more. Give each layer a `name`',
  )
  expect(weightsOf(other)).toEqual(before)
})

test('nothing is changed where only the last of the targets differs', () => {
  const first = new Training(OPTIMIZERS.adam, 1)
  first.run(2)
  const loaded = saved({ model: first.weights, optimizer: first.optimizer })
  const wrong = new Training(OPTIMIZERS.rmsprop, 7)
  const before = wrong.values()
  expect(() => restore(loaded, { model: wrong.weights, optimizer: wrong.optimizer })).toThrow(
    'The optimizer is RMSProp, and that of the checkpoint Adam: make the same one',
  )
  expect(wrong.values()).toEqual(before)
})

test('an optimizer of other variables is refused', () => {
  const first = new Training(OPTIMIZERS.adam, 1)
  first.run(1)
  const loaded = saved({ optimizer: first.optimizer })
  const one = tf.train.adam(0.1)
  const variable = tf.variable(tf.tensor([1, 2, 3]))
  one.minimize(() => tf.sum(variable) as never, false, [variable])
  expect(() => restore(loaded, { optimizer: one })).toThrow(
    /"accumulatedFirstMoment" has 1 variables, and 2 in the checkpoint/,
  )
})

test('layers without names of their own are restored by their order', () => {
  const unnamed = () => tf.sequential({ layers: [tf.layers.dense({ units: 2, inputShape: [2] })] })
  const [first, second] = [unnamed(), unnamed()]
  const loaded = saved(first)
  expect(() => restore(loaded, { model: second })).toThrow(
    /"dense_Dense\d+\/kernel" is not in the checkpoint.*"order"/,
  )
  restore(loaded, { model: second }, { match: 'order' })
  expect(weightsOf(second)).toEqual(weightsOf(first))
  expect(() => restore(loaded, { model: layered(2) }, { match: 'order' })).toThrow(
    'The model has 10 weights, and the checkpoint 2.',
  )
})

test('a part that was not saved, and a tensor that cannot change, are told', () => {
  const loaded = saved({ w: tf.scalar(1) })
  expect(() => restore(loaded, { model: layered(1) })).toThrow('The checkpoint has no model.safetensors')
  expect(() => restore(loaded, { optimizer: tf.train.sgd(1) })).toThrow('has no optimizer.safetensors')
  expect(() => restore(loaded, { tensors: { w: tf.scalar(2) } })).toThrow(
    '"w" of `tensors` is no tf.Variable',
  )
  expect(() =>
    restore(saved({ w: new Float64Array(1) }), { tensors: { w: tf.variable(tf.zeros([1])) } }),
  ).toThrow('"w" is F64 in the checkpoint, which no tf.Variable can hold')
})

async function step(model: ReturnType<typeof layered>): Promise<unknown> {
  const loss = await model.trainOnBatch(tf.ones([4, 3]), tf.ones([4, 2]))
  return [loss, weightsOf(model)]
}

/** Parts in parts, weights that no gradient changes, and a layer that is not trained. */
function nested() {
  const inner = tf.sequential({
    layers: [tf.layers.dense({ units: 3, inputShape: [3] }), tf.layers.batchNormalization()],
  })
  const frozen = tf.layers.dense({ units: 3, trainable: false })
  return tf.sequential({ layers: [inner, frozen, tf.layers.dense({ units: 2, kernelConstraint: 'nonNeg' })] })
}

test('a model is built anew from a checkpoint, and trains on bit for bit', async () => {
  const model = nested()
  model.compile({ loss: 'meanSquaredError', metrics: ['mae'], optimizer: tf.train.adam(0.125) })
  for (let i = 0; i < 3; i++) await step(model)
  const loaded = saved(model)
  const built = await buildModel<typeof model>(loaded)
  expect(weightsOf(built)).toEqual(weightsOf(model))
  for (let i = 0; i < 3; i++) expect(await step(built)).toEqual(await step(model))
})

test('a model that was not compiled is built without an optimizer', async () => {
  const model = nested()
  const built = await buildModel<typeof model>(saved(model))
  expect(weightsOf(built)).toEqual(weightsOf(model))
  expect(built.optimizer).toBeUndefined()
})

test('the state of an optimizer that is not the compiled one is left to the program', async () => {
  const model = nested()
  model.compile({ loss: 'meanSquaredError', optimizer: tf.train.sgd(0.5) })
  const own = tf.train.adam(0.1)
  const built = await buildModel<typeof model>(saved({ model, optimizer: own }))
  expect(built.optimizer.getConfig()).toEqual({ learningRate: 0.5 })
})

test('a metric of the program leaves compile() to it', async () => {
  const model = nested()
  const metrics = [(a: Tensor, b: Tensor) => tf.mean(tf.abs(tf.sub(a, b)))]
  const compile = (one: typeof model) =>
    one.compile({ loss: 'meanSquaredError', metrics, optimizer: tf.train.adam(0.125) })
  compile(model)
  await step(model)
  const loaded = saved(model)
  await expect(buildModel(loaded)).rejects.toThrow(/cannot be compiled as it was.*\{ compile: false \}/)
  const built = await buildModel<typeof model>(loaded, { compile: false })
  compile(built)
  restore(loaded, { model: built })
  expect(await step(built)).toEqual(await step(model))
})

test('a checkpoint that no model can be built of says what to do', async () => {
  await expect(buildModel(saved({ model: { w: tf.scalar(1) } }))).rejects.toThrow('has no model.json')
  const model = layered(1)
  model.toJSON = () => {
    throw new Error('not written')
  }
  await expect(buildModel(saved(model))).rejects.toThrow(
    'could not be written as JSON when it was saved (Error: not written): build it in your code, and use restore()',
  )
})
