import { packFlat } from '../read-group.js'
import type { Tensor, TfCore } from '../types.js'

/** How many numbers of a read describe one tensor. */
const WIDTH = 3

/** What the device says of one tensor. */
export interface TensorStatistics {
  readonly nan: number
  readonly infinite: number
  /** NaN or infinite where one of the values is. */
  readonly sumOfSquares: number
}

/**
 * Counts and sums of many tensors, made on the device, as one small tensor: it is read back once, whatever the size
 * of the model. Counts beyond 2^24 are rounded, as they go through float32.
 */
export function packStatistics(tf: TfCore, tensors: readonly Tensor[]): Tensor | null {
  if (tensors.length === 0) return null
  return tf.tidy(() => {
    const count = (flags: Tensor) => tf.sum(tf.cast(flags, 'float32'))
    const parts = tensors.flatMap((tensor) => {
      const values = tensor.dtype === 'float32' ? tensor : tf.cast(tensor, 'float32')
      return [count(tf.isNaN(values)), count(tf.isInf(values)), tf.sum(tf.square(values))]
    })
    return packFlat(tf, parts)
  })
}

/** The statistics of the `index`-th tensor of a pack. */
export function statisticsAt(read: ArrayLike<number>, index: number): TensorStatistics {
  const at = index * WIDTH
  return { nan: read[at]!, infinite: read[at + 1]!, sumOfSquares: read[at + 2]! }
}

/** The Euclidean norm of several tensors taken as one vector. */
export const normOf = (read: ArrayLike<number>, indices: readonly number[]): number =>
  Math.sqrt(indices.reduce((sum, index) => sum + statisticsAt(read, index).sumOfSquares, 0))
