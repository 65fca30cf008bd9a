/** A small regression that trains the same way every time: the same data, weights and order of batches. */
export function regression(tf, { samples = 96, learningRate = 0.05, units = 8 } = {}) {
  const numbers = (count, factor) => Float32Array.from({ length: count }, (_, i) => Math.sin(i * factor))
  const xs = tf.tensor2d(numbers(samples * 4, 0.7), [samples, 4])
  const ys = tf.tensor2d(numbers(samples, 2.8), [samples, 1])
  const model = tf.sequential({
    layers: [
      tf.layers.dense({
        units,
        inputShape: [4],
        activation: 'tanh',
        kernelInitializer: tf.initializers.randomNormal({ seed: 7 }),
        name: 'hidden',
      }),
      tf.layers.dense({
        units: 1,
        kernelInitializer: tf.initializers.randomNormal({ seed: 8 }),
        name: 'out',
      }),
    ],
  })
  const optimizer = tf.train.adam(learningRate)
  model.compile({ optimizer, loss: 'meanSquaredError', metrics: ['mae'] })
  return { xs, ys, model, optimizer }
}

/** What tfjs itself reports where every value is read back at once: by batch, and by epoch. */
export async function reference(tf, train) {
  const batches = []
  const epochs = []
  const numbersOf = ({ batch: _batch, size: _size, ...metrics }) => metrics
  const callback = new tf.CustomCallback({
    onBatchEnd: (_, logs) => void batches.push(numbersOf({ ...logs })),
    onEpochEnd: (_, logs) => void epochs.push(numbersOf({ ...logs })),
  })
  await train([callback])
  return { batches, epochs }
}
