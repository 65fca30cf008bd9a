/**
 * What can be saved. TensorFlow.js is an optional peer, of which an application may have any package and version: its
 * classes are described by what is used of them, and nothing here imports it.
 */
import type { NumberArray } from '../../media/request.js'
import type { CheckpointContent, Dtype } from '../request.js'

/** A tf.Tensor or a tf.Variable of any shape. */
export interface TensorLike {
  readonly shape: readonly number[]
  readonly size: number
  readonly dtype: string
  clone(): TensorLike
  data(): Promise<ArrayLike<number>>
  dataSync(): ArrayLike<number>
  dispose(): void
}

/** A weight of a model: tfjs-layers wraps the core's variable, which `read()` gives. */
export interface LayerVariableLike {
  readonly name: string
  read(): TensorLike
}

/** A tf.Optimizer. */
export interface OptimizerLike {
  getConfig(): { readonly [key: string]: unknown }
  applyGradients(...args: never[]): void
}

/** A tf.LayersModel, tf.Sequential included. */
export interface ModelLike {
  readonly optimizer?: OptimizerLike | null
  readonly weights: readonly LayerVariableLike[]
  readonly layers: readonly object[]
  toJSON(unused?: unknown, asText?: boolean): unknown
}

export type NumericArray = NumberArray | BigInt64Array | BigUint64Array

/** Numbers with a shape: row-major. */
export interface ShapedArray {
  readonly data: NumericArray
  readonly shape: readonly number[]
  /**
   * Default: that of the array. For what JavaScript has no array of: `BOOL` of a Uint8Array, `BF16` and `F16` of a
   * Uint16Array.
   */
  readonly dtype?: Dtype
}

/** Tensors, variables or arrays by name; an array without a shape has the shape [length]. */
export interface NamedTensors {
  readonly [name: string]: TensorLike | NumericArray | ShapedArray
}

/** A path or `file:` URL of a file or a directory. */
export type PathLike = string | URL

export interface CheckpointParts {
  /** With its compiled optimizer, where `optimizer` is not given. */
  readonly model?: ModelLike | NamedTensors
  /** Null: without that of the model. */
  readonly optimizer?: OptimizerLike | NamedTensors | null
  readonly tensors?: NamedTensors
  /** Copied once `save()` has returned: they must not change until then. */
  readonly files?: PathLike | readonly PathLike[]
}

/** What `run.checkpoints.save()` takes. */
export type Capturable = ModelLike | CheckpointParts | NamedTensors | PathLike | readonly PathLike[]

/** A save as it leaves the call: copies, or for tensors on a GPU the promise of copies. */
export interface Captured {
  /** May cross threads once `ready` has resolved. Its tensors view shared memory. */
  readonly content: CheckpointContent
  /** Null: everything is copied. Rejects with a CheckpointError where a device cannot be read; never unhandled. */
  readonly ready: Promise<void> | null
  /** Of all tensors. */
  readonly bytes: number
  /**
   * Reads what `ready` waits for synchronously: the process is about to end. Throws a CheckpointError where the backend
   * cannot (WebGPU in Node).
   */
  readNow(): void
  /** The content is written, or given up: its memory is for the next save. May be called again. */
  dispose(): void
}
