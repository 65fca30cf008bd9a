/** The time of `model.fit()` without a callback, with the tracker's and with an object: they take turns. Milliseconds. */
import * as core from '@tensorflow/tfjs-core'
import * as layers from '@tensorflow/tfjs-layers'
import '@tensorflow/tfjs-backend-cpu'
import { init } from '../../src/index.js'
import { trackerCallback } from '../../src/tfjs/index.js'
import { useWebGpu } from '../webgpu.js'
import { inDirectory, parameters, report } from './support.js'

const { dir, backend, pairs, batches } = parameters<{
  dir: string
  backend: 'cpu' | 'webgpu'
  pairs: number
  batches: number
}>()
const BATCH = 32
const INPUTS = 64
const KINDS = ['bare', 'tracker', 'object'] as const

if (backend === 'webgpu') await useWebGpu()
else await core.setBackend(backend)

const xs = core.randomNormal([BATCH * batches, INPUTS], 0, 1, 'float32', 1)
const ys = core.randomUniform([BATCH * batches, 10], 0, 1, 'float32', 2)
const model = layers.sequential({
  layers: [
    layers.layers.dense({ units: 64, inputShape: [INPUTS], activation: 'relu' }),
    layers.layers.dense({ units: 10, activation: 'softmax' }),
  ],
})
model.compile({ optimizer: 'adam', loss: 'meanSquaredError', metrics: ['mae'] })

const run = init(inDirectory(dir))
const tracker = trackerCallback(run)
let step = 0
const rowOf = (kind: string, logs: layers.Logs = {}) =>
  Object.fromEntries(Object.entries(logs).map(([name, value]) => [`${kind}/${name}`, value]))
const object: layers.CustomCallbackArgs = {
  onBatchEnd: (_, logs) => run.log(rowOf('object-batch', logs), ++step),
  onEpochEnd: (_, logs) => run.log(rowOf('object-epoch', logs), step),
}

async function train(kind: (typeof KINDS)[number]): Promise<number> {
  const callbacks = { bare: {}, tracker: { callbacks: tracker }, object: { callbacks: object } }[kind]
  const start = performance.now()
  await model.fit(xs, ys, { epochs: 1, batchSize: BATCH, shuffle: false, verbose: 0, ...callbacks })
  return performance.now() - start
}

const times = { bare: [] as number[], tracker: [] as number[], object: [] as number[] }
for (let pair = -2; pair < pairs; pair++) {
  // Each goes first as often as it goes last; the first two rounds have everything compiled.
  for (let i = 0; i < KINDS.length; i++) {
    const kind = KINDS[(i + Math.abs(pair)) % KINDS.length]!
    const time = await train(kind)
    if (pair >= 0) times[kind].push(time)
  }
}
const { dropped } = await run.finish()
report({ ...times, dropped: dropped.total, problems: Object.keys(tracker.counts.problems).length })
// Dawn's own threads crash some processes that end by themselves.
process.exit(0)
