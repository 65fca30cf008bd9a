import { beforeEach, expect, onTestFinished, test } from 'vitest'
import { type Capturable, CheckpointMemory, capture } from '../../src/checkpoint/capture/index.js'
import type { NamedTensor } from '../../src/checkpoint/request.js'
import { tf } from './support/run.js'

beforeEach(async () => {
  await tf.setBackend('cpu')
})

function captured(what: Capturable) {
  const result = capture(what, new CheckpointMemory())
  onTestFinished(() => result.dispose())
  return result
}

const tensorsOf = (what: Capturable, file = 0): readonly NamedTensor[] =>
  captured(what).content.tensorFiles[file]!.tensors

const jsonOf = (what: Capturable, path: string) =>
  captured(what).content.jsonFiles.find((file) => file.path === path)?.value as Record<string, unknown>

const describeAll = (tensors: readonly NamedTensor[]) =>
  tensors.map(({ name, dtype, shape }) => `${name} ${dtype} [${shape.join(',')}]`)

const dense = (units: number, options: object = {}) => tf.layers.dense({ units, ...options })

test('tensors of every dtype and shape are copied bit for bit at once', () => {
  const bits = new Uint32Array([0x7fc0_1234, 0xffa0_0001, 0x8000_0000, 1])
  const { content, ready } = captured({
    bits: tf.tensor(new Float32Array(bits.buffer), [2, 2]),
    int32: tf.tensor([-1, 2 ** 31 - 1], [2], 'int32'),
    bool: tf.tensor([true, false, true], [3], 'bool'),
    scalar: tf.scalar(0.5),
    empty: tf.tensor([], [0, 3]),
    variable: tf.variable(tf.tensor([1, 2]), false),
  })
  const { tensors } = content.tensorFiles[0]!
  expect(ready).toBeNull()
  expect(describeAll(tensors)).toEqual([
    'bits F32 [2,2]',
    'int32 I32 [2]',
    'bool BOOL [3]',
    'scalar F32 []',
    'empty F32 [0,3]',
    'variable F32 [2]',
  ])
  const hex = tensors.map(({ data }) => Buffer.from(data).toString('hex'))
  expect(hex[0]).toBe(Buffer.from(bits.buffer).toString('hex'))
  expect(hex.slice(1, 5)).toEqual(['ffffffffffffff7f', '010001', '0000003f', ''])
})

test('what is saved is the state of the call, also inside of a tidy', () => {
  const weight = tf.variable(tf.tensor([1, 2]))
  let saved: readonly NamedTensor[] = []
  tf.tidy(() => {
    saved = tensorsOf({ weight })
    weight.assign(tf.tensor([8, 9]))
  })
  expect([...new Float32Array(Uint8Array.from(saved[0]!.data).buffer)]).toEqual([1, 2])
})

test('a save makes no tensors', () => {
  const model = tf.sequential({ layers: [dense(2, { inputShape: [3] })] })
  model.compile({ loss: 'meanSquaredError', optimizer: 'adam' })
  const { numTensors } = tf.memory()
  capture(model, new CheckpointMemory()).dispose()
  expect(tf.memory().numTensors).toBe(numTensors)
})

test('a model is saved with its topology, its training configuration and the names of its weights', () => {
  const model = tf.sequential({
    layers: [dense(2, { inputShape: [3], name: 'in' }), dense(1, { name: 'out' })],
  })
  model.compile({ loss: 'meanSquaredError', metrics: ['mae'], optimizer: tf.train.sgd(0.25) })
  model.setUserDefinedMetadata({ words: 3 })
  const saved = jsonOf(model, 'model.json')
  const weights = ['in/kernel', 'in/bias', 'out/kernel', 'out/bias']
  expect(saved).toMatchObject({
    modelTopology: { class_name: 'Sequential' },
    topologyProblem: null,
    trainingConfig: { loss: 'mean_squared_error', optimizer_config: { class_name: 'SGD' } },
    userDefinedMetadata: { words: 3 },
    weights,
  })
  expect(describeAll(tensorsOf(model))).toEqual(
    ['F32 [3,2]', 'F32 [2]', 'F32 [2,1]', 'F32 [1]'].map((what, index) => `${weights[index]} ${what}`),
  )
  expect(jsonOf(model, 'optimizer.json')).toEqual({
    className: 'SGD',
    config: { learningRate: 0.25 },
    iterations: 0,
    learningRate: 0.25,
    slots: [],
    fields: {},
  })
  expect(captured({ model, optimizer: null }).content.tensorFiles).toHaveLength(1)
})

test('a loss that is a function leaves the training configuration out, a model that is no JSON its topology', () => {
  const model = tf.sequential({ layers: [dense(2, { inputShape: [3] })] })
  expect(jsonOf(model, 'model.json').trainingConfig).toBeNull()
  model.compile({ loss: (a, b) => tf.losses.absoluteDifference(a, b), optimizer: 'sgd' })
  expect(jsonOf(model, 'model.json').trainingConfig).toBeNull()
  model.toJSON = () => {
    throw new Error('not written')
  }
  expect(jsonOf(model, 'model.json')).toMatchObject({
    modelTopology: null,
    topologyProblem: 'Error: not written',
    weights: [expect.stringMatching(/kernel$/), expect.stringMatching(/bias$/)],
  })
})

test('weights of one name get numbers, and their order is kept', () => {
  const layer = () => dense(2, { inputShape: [2], name: 'same' })
  const [a, b] = [tf.sequential({ layers: [layer()] }), tf.sequential({ layers: [layer()] })]
  const both = Object.create(a, { weights: { value: [...a.weights, ...b.weights] } }) as typeof a
  const names = ['same/kernel', 'same/bias', 'same/kernel_1', 'same/bias_1']
  expect(tensorsOf(both).map(({ name }) => name)).toEqual(names)
  expect(jsonOf(both, 'model.json').weights).toEqual(names)
})

test('an optimizer has no slots before its first step, and all of its state after it', () => {
  const optimizer = tf.train.adam(0.5)
  const weight = tf.variable(tf.tensor([1, 2]), true, 'w-adam')
  const before = jsonOf({ optimizer }, 'optimizer.json')
  expect(before).toMatchObject({ className: 'Adam', iterations: 0, learningRate: 0.5 })
  optimizer.minimize(() => tf.sum(tf.square(weight)) as never, false, [weight])
  expect(jsonOf({ optimizer }, 'optimizer.json')).toMatchObject({
    config: { beta1: 0.9, beta2: 0.999, learningRate: 0.5 },
    iterations: 1,
    slots: [
      { property: 'accumulatedFirstMoment', list: true, names: ['w-adam/m'] },
      { property: 'accumulatedSecondMoment', list: true, names: ['w-adam/v'] },
      { property: 'accBeta1', list: false, names: ['accBeta1'] },
      { property: 'accBeta2', list: false, names: ['accBeta2'] },
    ],
  })
  expect(describeAll(tensorsOf({ optimizer }))).toEqual([
    'w-adam/m F32 [2]',
    'w-adam/v F32 [2]',
    'accBeta1 F32 []',
    'accBeta2 F32 []',
  ])
})

test.each<[string, () => unknown, RegExp]>([
  [
    'complex64',
    () => ({ a: tf.complex([1], [2]) }),
    /"a" is a complex64 tensor.*: save tf\.real\(\) and tf\.imag\(\)/,
  ],
  ['string', () => ({ a: tf.tensor(['x']) }), /"a" is a string tensor.*: save what it says as `state`/],
  ['disposed', () => ({ a: disposed() }), /"a" cannot be saved: the tensor is disposed/],
  ['a model that is not built', () => tf.sequential(), /no weights yet: build it/],
  ['an optimizer alone', () => tf.train.sgd(1), /cannot be saved alone: give \{ model, optimizer \}/],
  ['a tensor alone', () => tf.scalar(1), /numbers without a name/],
])('%s is refused with a sentence', (_, what, sentence) => {
  expect(() => captured(what() as Capturable)).toThrow(sentence)
})

function disposed() {
  const tensor = tf.scalar(1)
  tensor.dispose()
  return tensor
}
