/**
 * A run of the whole package with every kind of media. usage: media-run.mjs DIRECTORY
 * Prints as one line of JSON: the run directory, the counts, and the inputs that a reader must give back.
 */
import { readFileSync } from 'node:fs'
import '@tensorflow/tfjs-backend-cpu'
import * as tf from '@tensorflow/tfjs-layers'
import { init } from '../../../dist/src/index.js'

const [dir] = process.argv.slice(2)
const STEPS = 8
const image = readFileSync(new URL('./picture.png', import.meta.url))
const histogram = { edges: [-2, -0.5, 0.25, 3], counts: [3, 0, 12] }
const prCurve = {
  truePositives: [4, 3, 1, 0],
  falsePositives: [6, 2, 1, 0],
  trueNegatives: [0, 4, 5, 6],
  falseNegatives: [0, 1, 3, 4],
  precision: [0.4, 0.6, 0.5, 1],
  recall: [1, 0.75, 0.25, 0],
}
const mesh = {
  vertices: [0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1],
  faces: [0, 1, 2, 0, 1, 3, 0, 2, 3, 1, 2, 3],
  colors: [255, 0, 0, 0, 255, 0, 0, 0, 255, 128, 128, 128],
}
const layout = {
  categories: [{ title: 'Losses', charts: [{ title: 'all losses', tags: ['.*loss.*'] }] }],
}

const run = init({
  project: 'interop',
  name: 'media',
  dir,
  git: false,
  sinks: ['jsonl', 'tensorboard'],
  config: { lr: 0.001, optimizer: { name: 'adam', beta: 0.9 }, augment: true, widths: [64, 32] },
})
for (let step = 0; step < STEPS; step++) {
  const loss = Math.exp(-step / 4)
  run.log({ 'train/loss': loss, 'val/loss': loss * 1.2 }, step)
  const weights = Float32Array.from({ length: 2000 }, (_, i) => Math.sin(i * 12.9898 + step) * (1 + step / 4))
  run.histogram('weights', weights, step, { bins: 20 })
  run.histogram('counted', histogram, step)
}
run.image('samples/encoded', image, 3, { caption: 'a picture' })
run.image('samples/raw', gradient(), 3)
run.audio('tone', { data: tone(), sampleRate: 8000 }, 3, { caption: 'A4' })
run.text('note', 'The loss **fell**.', 3)
run.table(
  'confusion',
  {
    columns: ['case', 'count'],
    rows: [
      ['cat | dog', 7],
      ['dog', 11],
    ],
  },
  3,
)
run.prCurve('curve', prCurve, 3)
run.prCurve('counted curve', { labels: [1, 1, 0, 0], predictions: [0.9, 0.4, 0.6, 0.1], thresholds: 11 }, 3)
run.mesh('tetrahedron', mesh, 3)
run.graph(model())
run.customScalars(layout)

const { reached, dropped } = await run.finish({ status: 'completed', timeoutMs: 30_000 })
const inputs = { image: image.toString('base64'), histogram, prCurve, mesh, layout, steps: STEPS }
console.log(
  JSON.stringify({ reached, dropped, runDir: run.dir, sink: run.status().sinks.tensorboard, inputs }),
)

function gradient() {
  const [width, height] = [48, 32]
  const data = new Uint8Array(width * height * 3)
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) data.set([x * 5, y * 8, 128], (y * width + x) * 3)
  }
  return { data, width, height, channels: 3 }
}

function tone() {
  return Float32Array.from({ length: 4000 }, (_, i) => 0.5 * Math.sin((2 * Math.PI * 440 * i) / 8000))
}

/** Two branches, one of them a model of its own. */
function model() {
  const input = tf.input({ shape: [8], name: 'features' })
  const left = tf.layers.dense({ units: 4, activation: 'relu', name: 'left' }).apply(input)
  const inner = tf.sequential({
    name: 'inner',
    layers: [
      tf.layers.dense({ units: 6, inputShape: [8], name: 'hidden' }),
      tf.layers.dropout({ rate: 0.1, name: 'dropout' }),
      tf.layers.dense({ units: 4, name: 'narrow' }),
    ],
  })
  const sum = tf.layers.add({ name: 'sum' }).apply([left, inner.apply(input)])
  const output = tf.layers.dense({ units: 1, activation: 'sigmoid', name: 'verdict' }).apply(sum)
  return tf.model({ inputs: input, outputs: output, name: 'classifier' })
}
