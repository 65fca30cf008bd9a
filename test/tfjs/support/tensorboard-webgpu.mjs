/** Trains twice on WebGPU: once with every value read back by tfjs itself, once with the TensorBoard callback. */
import { join } from 'node:path'
import { summaryFileWriter, tensorBoard } from '../../../dist/src/tfjs/tensorboard/index.js'
import { reference, regression } from './regression.mjs'
import { tf } from './webgpu.mjs'

const logdir = process.env.RUNS
const fit = { epochs: 2, batchSize: 8, shuffle: false, verbose: 0, validationSplit: 0.25 }
const plain = regression(tf)
const expected = await reference(tf, (callbacks) =>
  plain.model.fit(plain.xs, plain.ys, { ...fit, callbacks }),
)
const { model, xs, ys } = regression(tf)
await model.fit(xs, ys, { ...fit, callbacks: tensorBoard(logdir, { updateFreq: 'batch', histogramFreq: 1 }) })
const writer = summaryFileWriter(join(logdir, 'train'))
writer.scalar('own', tf.scalar(0.5), 1)
writer.flush()
await writer.drain()
const { warnings } = writer.status()
process.stdout.write(`${JSON.stringify({ backend: tf.getBackend(), expected, warnings })}\n`)
// Dawn keeps threads: without this the process would wait for them.
process.exit(0)
