import type { MediaLogger } from './media/types.js'
import type { RunUpdates } from './updates/types.js'

/** A metric's value. `null` and `undefined` are skipped; anything else is refused, counted and warned of once. */
export type MetricValue = number | bigint | boolean | TensorScalar | null | undefined

/** One row: metric names and their values. */
export type MetricValues = { readonly [name: string]: MetricValue }

/** A tf.Tensor of rank 0, by its shape: this module never imports TensorFlow.js. */
export interface TensorScalar {
  readonly rank: number
  readonly size: number
  clone(): TensorScalar
  data(): Promise<ArrayLike<number>>
  dataSync(): ArrayLike<number>
  dispose(): void
}

export function isTensor(value: unknown): value is TensorScalar {
  return (
    typeof value === 'object' &&
    value !== null &&
    typeof (value as TensorScalar).dataSync === 'function' &&
    typeof (value as TensorScalar).clone === 'function' &&
    (value as TensorScalar).size === 1
  )
}

/**
 * A clone that outlives the `tf.tidy()` it was made in. What `tf.keep()` does, without importing tf: the flag
 * is what the engine's tidy looks at (tfjs-core/src/engine.ts, keep()).
 */
export function keepClone(tensor: TensorScalar): TensorScalar {
  const clone = tensor.clone() as TensorScalar & { kept: boolean }
  clone.kept = true
  return clone
}

const INT64_MIN = -(2n ** 63n)
const INT64_MAX = 2n ** 63n - 1n

/** True where the journal keeps the bigint exactly; beyond int64 the nearest double is kept. */
export const fitsInt64 = (value: bigint): boolean => value >= INT64_MIN && value <= INT64_MAX

/** One metric of one producer: `run.scalar(name)`. */
export interface ScalarHandle {
  readonly name: string
  /** Logs one value. `step` as in `run.log()`. Never blocks, never throws, allocates nothing. */
  log(value: MetricValue, step?: number): void
}

/** The log calls of one thread: a run, or what `connect()` makes of a handle. */
export interface MetricLogger extends MediaLogger, RunUpdates {
  log(values: MetricValues, step?: number): void
  scalar(name: string): ScalarHandle
}
