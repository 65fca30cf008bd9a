/** Watches a training on WebGPU, and keeps what it should find, to read it back in the ordinary way. */
import { init } from '../../../dist/src/index.js'
import { trackerCallback, watch } from '../../../dist/src/tfjs/index.js'
import { regression } from './regression.mjs'
import { tf } from './webgpu.mjs'

const run = init({ dir: process.env.RUNS, sinks: ['jsonl'] })
const { model, xs, ys, optimizer } = regression(tf)
const kept = []
const keep = (tensor) => tf.keep(tensor.clone())
const apply = optimizer.applyGradients
optimizer.applyGradients = (gradients) => {
  apply.call(optimizer, gradients)
  kept.push({
    gradients: gradients.map(({ tensor }) => keep(tensor)),
    weights: model.getWeights().map(keep),
  })
}
const watcher = watch(run, model, { every: 4 })
await model.fit(xs, ys, {
  epochs: 1,
  batchSize: 8,
  shuffle: false,
  verbose: 0,
  callbacks: trackerCallback(run),
})
const norms = []
for (const { gradients, weights } of kept) {
  const read = async (tensors) =>
    Math.hypot(...(await Promise.all(tensors.map(async (tensor) => [...(await tensor.data())]))).flat())
  norms.push({ gradients: await read(gradients), weights: await read(weights) })
}
const spoiled = model.getWeights()
spoiled[0] = tf.tensor2d(
  [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, ...Array(29).fill(1)],
  [4, 8],
)
model.setWeights(spoiled)
for (let i = 0; i < 4; i++) optimizer.applyGradients([])
const { dropped } = await run.finish()
const { counts } = watcher.guard
process.stdout.write(
  `${JSON.stringify({ norms, dir: run.dir, dropped, problems: watcher.problems, kernel: counts['weights/hidden/kernel'] })}\n`,
  // Dawn's own threads crash some processes that end by themselves.
  () => process.exit(0),
)
