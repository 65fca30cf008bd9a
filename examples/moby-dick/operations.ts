import * as tf from '@tensorflow/tfjs-core'

/**
 * The layers' operations, each with its gradient written out. Under Node, tfjs-core ships no loadable gradient
 * registry, and its own matMul gradient passes transpose flags to the backend, which on WASM takes a path without
 * SIMD: an explicit transpose is 10 to 17 times faster (512x1024 by 1024x128: 8 ms instead of 85 ms).
 */
interface Forward<Value extends tf.Tensor, Saved extends tf.Tensor[]> {
  readonly value: Value
  /** What the gradient reads; everything else is freed after the forward pass. */
  readonly saved: [...Saved]
  /** One gradient for each input, in order. */
  readonly gradient: (dy: Value, saved: Saved) => tf.Tensor[]
}

export function differentiable<Value extends tf.Tensor, Saved extends tf.Tensor[]>(
  inputs: tf.Tensor[],
  forward: () => Forward<Value, Saved>,
): Value {
  return tf.customGrad<Value>((...args) => {
    const save = args.at(-1) as tf.GradSaveFunc
    const { value, saved, gradient } = forward()
    save(saved)
    return { value, gradFunc: (dy, kept) => gradient(dy, kept as Saved) }
  })(...inputs)
}

/** Rows of `weights` chosen by one-hot rows: tf.gather has no gradient on the WASM backend. */
export function embed(oneHot: tf.Tensor2D, weights: tf.Tensor2D): tf.Tensor2D {
  return differentiable([weights], () => ({
    value: tf.matMul<tf.Tensor2D>(oneHot, weights),
    saved: [oneHot],
    gradient: (dy, [oneHot]) => [tf.matMul(tf.transpose(oneHot), dy)],
  }))
}

export function linear(x: tf.Tensor2D, weights: tf.Tensor2D, bias: tf.Tensor1D): tf.Tensor2D {
  return differentiable([x, weights, bias], () => ({
    value: tf.add<tf.Tensor2D>(tf.matMul(x, weights), bias),
    saved: [x, weights],
    gradient: (dy, [x, weights]) => [
      tf.matMul(dy, tf.transpose(weights)),
      tf.matMul(tf.transpose(x), dy),
      tf.sum(dy, 0),
    ],
  }))
}

export function relu(x: tf.Tensor2D): tf.Tensor2D {
  return differentiable([x], () => {
    const y = tf.relu(x)
    return { value: y, saved: [y], gradient: (dy, [y]) => [tf.mul(dy, tf.step(y))] }
  })
}

export function residual(x: tf.Tensor2D, y: tf.Tensor2D): tf.Tensor2D {
  return differentiable([x, y], () => ({
    value: tf.add<tf.Tensor2D>(x, y),
    saved: [],
    gradient: (dy) => [dy, dy],
  }))
}

/** Divides each row by its root mean square (Zhang and Sennrich 2019, arXiv:1910.07467), without a gain. */
export function rmsNorm(x: tf.Tensor2D): tf.Tensor2D {
  return differentiable([x], () => {
    const scale = tf.rsqrt(tf.add(tf.mean(tf.square(x), -1, true), 1e-5))
    const y = tf.mul<tf.Tensor2D>(x, scale)
    return {
      value: y,
      saved: [y, scale],
      gradient: (dy, [y, scale]) => [tf.mul(scale, tf.sub(dy, tf.mul(y, tf.mean(tf.mul(dy, y), -1, true))))],
    }
  })
}

/** Mean over the rows of -log softmax(logits)[target], in nats. */
export function crossEntropy(logits: tf.Tensor2D, oneHotTargets: tf.Tensor2D): tf.Scalar {
  return differentiable([logits], () => {
    const probabilities = tf.softmax(logits)
    const ofTarget = tf.sum(tf.mul(probabilities, oneHotTargets), -1)
    const rows = logits.shape[0]
    return {
      value: tf.neg<tf.Scalar>(tf.mean(tf.log(tf.add(ofTarget, 1e-20)))),
      saved: [probabilities, oneHotTargets],
      gradient: (dy, [probabilities, oneHotTargets]) => [
        tf.mul(tf.sub(probabilities, oneHotTargets), tf.div(dy, rows)),
      ],
    }
  })
}
