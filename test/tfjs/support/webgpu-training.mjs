/** Trains twice on WebGPU: once with every value read back by tfjs itself, once with the tracker. */
import { init } from '../../../dist/src/index.js'
import { trackerCallback } from '../../../dist/src/tfjs/index.js'
import { reference, regression } from './regression.mjs'
import { tf } from './webgpu.mjs'

const fit = { epochs: 2, batchSize: 8, shuffle: false, verbose: 0, validationSplit: 0.25 }

let reads = 0
const backend = tf.backend()
const read = backend.read.bind(backend)
backend.read = (dataId) => {
  reads++
  return read(dataId)
}

const plain = regression(tf)
const expected = await reference(tf, (callbacks) =>
  plain.model.fit(plain.xs, plain.ys, { ...fit, callbacks }),
)

const readsOfPlain = reads

const run = init({ dir: process.env.RUNS, sinks: ['jsonl'] })
const { model, xs, ys } = regression(tf)
const callback = trackerCallback(run, { readEvery: 8 })
reads = 0
await model.fit(xs, ys, { ...fit, callbacks: callback })
const { dropped } = await run.finish()
const { vendor, architecture, device } = backend.adapterInfo
process.stdout.write(
  `${JSON.stringify({ backend: tf.getBackend(), adapter: { vendor, architecture, device }, expected, reads: { plain: readsOfPlain, tracked: reads }, dir: run.dir, dropped, counts: callback.counts })}\n`,
  // Dawn's own threads crash some processes that end by themselves.
  () => process.exit(0),
)
