import * as tf from '@tensorflow/tfjs-core'
import { differentiable } from './operations.js'

interface TapShape {
  readonly taps: number
  /** Rows between two taps. */
  readonly stride: number
}

/**
 * y[t] = bias + sum over k of x[t - k * dilation] * weights[k], with zeros before the start of a sequence.
 *
 * `x` is time-major ([time * sequences, channels]), so a shift by k dilations is a shift by `k * stride` rows,
 * where stride = dilation * sequences. `weights` holds the taps one below the other: [taps * channels, out].
 */
export function causalConvolution(
  x: tf.Tensor2D,
  weights: tf.Tensor2D,
  bias: tf.Tensor1D,
  shape: TapShape,
): tf.Tensor2D {
  return differentiable([x, weights, bias], () => {
    let y = tf.add<tf.Tensor2D>(tf.matMul(x, tap(weights, 0, shape.taps)), bias)
    for (const [k, shift] of shiftsWithin(x, shape)) {
      if (k > 0)
        y = tf.add(
          y,
          shiftDown(tf.matMul<tf.Tensor2D>(firstRows(x, shift), tap(weights, k, shape.taps)), shift),
        )
    }
    return {
      value: y,
      saved: [x, weights],
      gradient: (dy, [x, weights]) => [
        inputGradient(dy, weights, shape),
        weightsGradient(dy, x, weights, shape),
        tf.sum(dy, 0),
      ],
    }
  })
}

function inputGradient(dy: tf.Tensor2D, weights: tf.Tensor2D, shape: TapShape): tf.Tensor2D {
  let dx: tf.Tensor2D | undefined
  for (const [k, shift] of shiftsWithin(dy, shape)) {
    const part = shiftUp(
      tf.matMul<tf.Tensor2D>(lastRows(dy, shift), tf.transpose(tap(weights, k, shape.taps))),
      shift,
    )
    dx = dx === undefined ? part : tf.add(dx, part)
  }
  return dx!
}

function weightsGradient(
  dy: tf.Tensor2D,
  x: tf.Tensor2D,
  weights: tf.Tensor2D,
  shape: TapShape,
): tf.Tensor2D {
  const parts: tf.Tensor2D[] = []
  for (const [, shift] of shiftsWithin(x, shape)) {
    parts.push(tf.matMul(tf.transpose(firstRows(x, shift)), lastRows(dy, shift)))
  }
  const reached = parts.length * x.shape[1]
  if (reached < weights.shape[0]) parts.push(tf.zeros([weights.shape[0] - reached, weights.shape[1]]))
  return tf.concat(parts, 0)
}

/** The taps that reach a row at all, with their shift in rows: a short text has fewer rows than the last tap. */
function shiftsWithin(x: tf.Tensor2D, { taps, stride }: TapShape): [number, number][] {
  const all = Array.from({ length: taps }, (_, k): [number, number] => [k, k * stride])
  return all.filter(([, shift]) => shift < x.shape[0])
}

function tap(weights: tf.Tensor2D, k: number, taps: number): tf.Tensor2D {
  const channels = weights.shape[0] / taps
  return tf.slice(weights, [k * channels, 0], [channels, weights.shape[1]])
}

/** All rows except the last `shift`. */
function firstRows(x: tf.Tensor2D, shift: number): tf.Tensor2D {
  return shift === 0 ? x : tf.slice(x, [0, 0], [x.shape[0] - shift, x.shape[1]])
}

/** All rows except the first `shift`. */
function lastRows(x: tf.Tensor2D, shift: number): tf.Tensor2D {
  return shift === 0 ? x : tf.slice(x, [shift, 0], [x.shape[0] - shift, x.shape[1]])
}

function shiftDown(x: tf.Tensor2D, rows: number): tf.Tensor2D {
  return tf.pad(x, [
    [rows, 0],
    [0, 0],
  ])
}

function shiftUp(x: tf.Tensor2D, rows: number): tf.Tensor2D {
  return rows === 0
    ? x
    : tf.pad(x, [
        [0, rows],
        [0, 0],
      ])
}
