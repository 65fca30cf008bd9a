/** The process ends in the middle of an epoch: most batches have not been read back. */
import * as core from '@tensorflow/tfjs-core'
import * as layers from '@tensorflow/tfjs-layers'
import '@tensorflow/tfjs-backend-cpu'
import { init } from '../../../dist/src/index.js'
import { trackerCallback } from '../../../dist/src/tfjs/index.js'
import { regression } from './regression.mjs'

const tf = { ...core, ...layers }
const run = init({ dir: process.env.RUNS, sinks: ['jsonl'] })
const { model, xs, ys } = regression(tf)
const ending = new tf.CustomCallback({
  onBatchEnd: (batch) => {
    if (batch === 9) process.exit(0)
  },
})
process.stdout.write(`${run.dir}\n`)
const tracker = trackerCallback(run, { readEvery: 128, readIntervalMs: 600_000 })
await model.fit(xs, ys, { batchSize: 8, shuffle: false, verbose: 0, callbacks: [tracker, ending] })
