/**
 * Trains with each optimizer, by `optimizer.minimize()` and by `model.trainOnBatch()`: 200 steps in one go (`straight`),
 * 100 and some more until a SIGKILL (`first`), or the last 100 from its checkpoints (`rest`).
 */
import * as core from '@tensorflow/tfjs-core'
import * as layers from '@tensorflow/tfjs-layers'
import '@tensorflow/tfjs-backend-cpu'
import { join } from 'node:path'
import { CheckpointMemory, capture } from '../../../dist/src/checkpoint/capture/index.js'
import { openCheckpoints } from '../../../dist/src/checkpoint/read/checkpoints.js'
import { writeCheckpoint } from '../../../dist/src/checkpoint/write/write-checkpoint.js'
import { buildModel, restore } from '../../../dist/src/tfjs/checkpoint/index.js'

const [part] = process.argv.slice(2)
const tf = { ...core, ...layers }
const HALF = 100
/** What is not restored would differ. */
const seed = part === 'rest' ? 2 : 1

const OPTIMIZERS = {
  adam: () => tf.train.adam(0.01),
  momentum: () => tf.train.momentum(0.01, 0.9),
  rmsprop: () => tf.train.rmsprop(0.01, 0.9, 0.5),
}

const batchOf = (step) => ({
  xs: tf.randomNormal([16, 4], 0, 1, 'float32', 1000 + step),
  ys: tf.randomNormal([16, 1], 0, 1, 'float32', 5000 + step),
})

/** The learning rate of a step goes down, as in any training. */
function setRate(optimizer, step) {
  const rate = 0.01 / (1 + step / 50)
  if (optimizer.setLearningRate) optimizer.setLearningRate(rate)
  else optimizer.learningRate = rate
}

/** Variables and a loop of its own. */
function byMinimize(name) {
  const variable = (shape, n) => tf.variable(tf.randomNormal(shape, 0, 0.5, 'float32', seed * 10 + n))
  const weights = { w1: variable([4, 8], 1), b1: variable([8], 2), w2: variable([8, 1], 3) }
  const optimizer = OPTIMIZERS[name]()
  const what = { model: weights, optimizer }
  return {
    what,
    restore: async (loaded) => restore(loaded, what),
    step(step) {
      if (step % 10 === 0) setRate(optimizer, step)
      return tf.tidy(() => {
        const { xs, ys } = batchOf(step)
        const loss = () => {
          const hidden = tf.tanh(tf.add(tf.matMul(xs, weights.w1), weights.b1))
          return tf.mean(tf.square(tf.sub(tf.matMul(hidden, weights.w2), ys)))
        }
        return optimizer.minimize(loss, true, Object.values(weights)).dataSync()[0]
      })
    },
    values: () => Object.values(weights).map((weight) => [...weight.dataSync()]),
  }
}

/** A model of layers; batch normalisation has weights that no gradient changes. */
function byTrainOnBatch(name) {
  const init = (n) => tf.initializers.glorotNormal({ seed: seed * 10 + n })
  let model = tf.sequential({
    layers: [
      tf.layers.dense({ units: 8, inputShape: [4], activation: 'tanh', kernelInitializer: init(1) }),
      tf.layers.batchNormalization(),
      tf.layers.dense({ units: 1, kernelInitializer: init(2) }),
    ],
  })
  model.compile({ loss: 'meanSquaredError', optimizer: OPTIMIZERS[name]() })
  return {
    get what() {
      return model
    },
    async restore(loaded) {
      if (name === 'momentum') restore(loaded, { model }, { match: 'order' })
      else model = await buildModel(loaded)
    },
    async step(step) {
      if (step % 10 === 0) setRate(model.optimizer, step)
      const { xs, ys } = batchOf(step)
      const loss = await model.trainOnBatch(xs, ys)
      tf.dispose([xs, ys])
      return loss
    },
    values: () => model.getWeights().map((weight) => [...weight.dataSync()]),
  }
}

async function train(training, from, to) {
  const losses = []
  for (let step = from; step <= to; step++) losses.push(await training.step(step))
  return losses
}

const requestOf = (content) => ({
  step: HALF,
  time: Date.now(),
  epoch: null,
  metrics: {},
  isBest: null,
  metadata: {},
  state: null,
  content,
  configSha256: null,
  gitCommit: null,
  attempt: 0,
})
const retention = { keepLast: 3, keepBest: 0, keepEvery: 0, metric: null, mode: 'min' }

const told = {}
const trainings = []
for (const [loop, start] of Object.entries({ minimize: byMinimize, trainOnBatch: byTrainOnBatch })) {
  for (const name of Object.keys(OPTIMIZERS)) {
    const runDir = join(process.env.RUNS, `${loop}-${name}`)
    const training = start(name)
    trainings.push(training)
    if (part === 'rest') {
      const checkpoints = openCheckpoints(runDir)
      await training.restore(await checkpoints.load(checkpoints.latest()))
    } else await train(training, 1, HALF)
    if (part === 'first') {
      const captured = capture(training.what, new CheckpointMemory())
      // What was captured is the state of that step, though the training goes on before it is written.
      await train(training, HALF + 1, HALF + 20)
      await writeCheckpoint({
        runDir,
        request: requestOf(captured.content),
        retention,
        compression: 'none',
      })
    } else {
      const losses = await train(training, HALF + 1, 2 * HALF)
      told[`${loop}-${name}`] = { losses, values: training.values() }
    }
  }
}

if (part === 'first') {
  // In the middle of what no checkpoint has.
  for (const training of trainings) await training.step(HALF + 21)
  process.kill(process.pid, 'SIGKILL')
}
process.stdout.write(`${JSON.stringify(told)}\n`)
