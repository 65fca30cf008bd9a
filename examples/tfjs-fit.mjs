/**
 * A LayersModel, trained by fit() and by a loop that clips its gradients, with everything that offstep/tfjs logs.
 *
 *     npx tsc -b && node examples/tfjs-fit.mjs
 */
import * as core from '@tensorflow/tfjs-core'
import * as layers from '@tensorflow/tfjs-layers'
import '@tensorflow/tfjs-backend-cpu'
import { init } from 'offstep'
import { guard, trackerCallback, watch } from 'offstep/tfjs'

const tf = { ...core, ...layers }
await tf.setBackend('cpu')

// Points in the plane; inside the circle or not.
const points = tf.randomUniform([1024, 2], -1, 1, 'float32', 1)
const labels = tf.cast(tf.less(tf.sum(tf.square(points), 1, true), 0.5), 'float32')
const model = tf.sequential({
  layers: [
    tf.layers.dense({ units: 16, inputShape: [2], activation: 'relu' }),
    tf.layers.dense({ units: 1, activation: 'sigmoid' }),
  ],
})
model.compile({ optimizer: tf.train.adam(0.01), loss: 'binaryCrossentropy', metrics: ['accuracy'] })

const run = init({ project: 'tfjs', name: 'circle' })
const stopAtNaN = guard(run, { action: 'stop' })
const watcher = watch(run, model, { every: 50, guard: stopAtNaN })
const tracker = trackerCallback(run, { guard: stopAtNaN })

await model.fit(points, labels, {
  epochs: 10,
  batchSize: 32,
  validationSplit: 0.2,
  verbose: 0,
  callbacks: tracker,
})

// A loop of one's own: watch() sees the gradients before and after they are clipped.
const loss = () => {
  const entropy = tf.metrics.binaryCrossentropy(labels, model.apply(points, { training: true }))
  return tf.mean(entropy)
}
for (let step = watcher.step + 1; step <= 400; step++) {
  const { value, grads } = model.optimizer.computeGradients(loss)
  const clipped = tf.tidy(() => {
    const norm = tf.sqrt(tf.addN(Object.values(grads).map((grad) => tf.sum(tf.square(grad)))))
    const factor = tf.minimum(1, tf.div(0.01, norm))
    return Object.fromEntries(Object.entries(grads).map(([name, grad]) => [name, tf.mul(grad, factor)]))
  })
  model.optimizer.applyGradients(clipped)
  run.log({ 'own/loss': value }, step)
  tf.dispose([value, grads, clipped])
  // WebGPU reads nothing back while the event loop stands still.
  if (step % 25 === 0) await tf.nextFrame()
  if (stopAtNaN.stopped) break
}

watcher.stop()
const { reached } = await run.finish()
console.log(
  `${run.dir}: ${tracker.step} batches of fit(), ${watcher.step} updates in all, delivered: ${reached}`,
)
