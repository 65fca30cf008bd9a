/** tfjs-node's default, which is TensorBoard's own. */
export const DEFAULT_BUCKETS = 30

/** What a histogram is written as, and what was noticed on the way. */
export interface Buckets {
  /** `[left, right, count]` of each bucket, one after the other; empty where there was nothing to count. */
  readonly rows: Float32Array
  /** Finite values, all of which are in `rows`. */
  readonly counted: number
  /** NaN and infinities, none of which is. */
  readonly skipped: number
  /** True where all finite values are the same. */
  readonly constant: boolean
}

/**
 * Groups values into `count` buckets of equal width by tfjs-node's rules (`NodeJSKernelBackend.buckets()`): a
 * bucket holds its left edge and not its right one, but for the last, which holds both; values that are all `c`
 * are one bucket from `c - 0.5` to `c + 0.5`; no values are no bucket. NaN and infinities, for which it has no
 * rule, are left out.
 *
 * Two passes over the array and no copy of it, where tfjs-node makes a one-hot tensor of `count` floats a value.
 */
export function bucketsOf(values: ArrayLike<number>, count = DEFAULT_BUCKETS): Buckets {
  const { min, max, counted } = rangeOf(values)
  const skipped = values.length - counted
  if (counted === 0) return { rows: new Float32Array(0), counted, skipped, constant: false }
  if (min === max) {
    return { rows: Float32Array.of(min - 0.5, min + 0.5, counted), counted, skipped, constant: true }
  }
  const counts = countInto(new Float64Array(count), values, min, max)
  const rows = new Float32Array(3 * count)
  const width = (max - min) / count
  for (let bucket = 0; bucket < count; bucket++) {
    rows[3 * bucket] = min + bucket * width
    rows[3 * bucket + 1] = bucket === count - 1 ? max : min + (bucket + 1) * width
    rows[3 * bucket + 2] = counts[bucket]!
  }
  return { rows, counted, skipped, constant: false }
}

function rangeOf(values: ArrayLike<number>): { min: number; max: number; counted: number } {
  let min = Number.POSITIVE_INFINITY
  let max = Number.NEGATIVE_INFINITY
  let counted = 0
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!
    // False for NaN and the infinities only.
    if (value - value !== 0) continue
    counted++
    if (value < min) min = value
    if (value > max) max = value
  }
  return { min, max, counted }
}

function countInto(counts: Float64Array, values: ArrayLike<number>, min: number, max: number): Float64Array {
  const last = counts.length - 1
  const bucketsPerUnit = counts.length / (max - min)
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!
    if (value - value !== 0) continue
    const bucket = ((value - min) * bucketsPerUnit) | 0
    counts[Math.min(bucket, last)]!++
  }
  return counts
}
