/** Saves a model in the middle of a training on WebGPU, and restores it into another one. */
import { CheckpointMemory, capture } from '../../../dist/src/checkpoint/capture/index.js'
import { restore } from '../../../dist/src/tfjs/checkpoint/index.js'
import { tf } from './webgpu.mjs'

const bytesOf = (data) => Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('hex')

async function newModel(seed) {
  const model = tf.sequential()
  const kernelInitializer = tf.initializers.glorotNormal({ seed })
  model.add(tf.layers.dense({ name: 'in', units: 8, inputShape: [4], activation: 'relu', kernelInitializer }))
  model.add(tf.layers.batchNormalization({ name: 'norm' }))
  model.add(tf.layers.dense({ name: 'out', units: 1, kernelInitializer }))
  model.compile({ loss: 'meanSquaredError', optimizer: tf.train.adam(0.01) })
  return model
}

async function train(model, steps) {
  for (let step = 0; step < steps; step++) {
    const [xs, ys] = [tf.randomNormal([16, 4], 0, 1, 'float32', step), tf.ones([16, 1])]
    const loss = await model.trainOnBatch(xs, ys)
    tf.dispose([xs, ys, loss])
  }
}

/** What the checkpoint should hold: weights, then the moments and powers of Adam. */
const variablesOf = ({ weights, optimizer: o }) => [
  ...weights.map((weight) => weight.read()),
  ...[...o.accumulatedFirstMoment, ...o.accumulatedSecondMoment].map(({ variable }) => variable),
  o.accBeta1,
  o.accBeta2,
]
const hexOf = (tensors) => Promise.all(tensors.map(async (tensor) => bytesOf(await tensor.data())))

const model = await newModel(1)
await train(model, 3)
const expected = variablesOf(model).map((variable) => tf.keep(variable.clone()))
const tensors = {
  mask: tf.tensor([true, false, true], [3], 'bool'),
  int: tf.tensor([-7, 2 ** 31 - 1], [2], 'int32'),
}
const { numTensors } = tf.memory()
const captured = capture({ model, tensors }, new CheckpointMemory())
let readNow = 'read'
try {
  captured.readNow()
} catch (error) {
  readNow = error.message
}
await train(model, 3)
const trained = await hexOf(variablesOf(model))
await captured.ready
const clonesLeft = tf.memory().numTensors - numTensors
const { tensorFiles, jsonFiles } = captured.content
const found = tensorFiles.flatMap(({ tensors }) => tensors)
const wanted = await hexOf(expected)

const other = await newModel(2)
restore(
  {
    info: { files: [...tensorFiles, ...jsonFiles] },
    tensors: (path) =>
      new Map(tensorFiles.find((file) => file.path === path).tensors.map((tensor) => [tensor.name, tensor])),
    json: (path) => jsonFiles.find((file) => file.path === path).value,
  },
  { model: other },
)
const restored = await hexOf(variablesOf(other))
const told = {
  backend: tf.getBackend(),
  readNow,
  wanted,
  trained,
  restored,
  found: found.slice(0, -2).map(({ data }) => bytesOf(data)),
  others: found.slice(-2).map(({ data }) => bytesOf(data)),
  clonesLeft,
}
process.stdout.write(`${JSON.stringify(told)}\n`)
