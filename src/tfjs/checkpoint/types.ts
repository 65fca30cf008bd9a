import type { ModelLike, OptimizerLike, TensorLike } from '../../checkpoint/capture/types.js'
import type { NamedTensor } from '../../checkpoint/request.js'
import type { JsonValue } from '../../record/json.js'
import type { Tensor, TfCore } from '../types.js'

/** A checkpoint that has been read: what `load()` gives. Its files have the names that they were saved under. */
export interface RestorableCheckpoint {
  /** Paths within the checkpoint; those of compressed files end with `.gz` or `.br`. */
  readonly info: { readonly files: readonly { readonly path: string }[] }
  /** The tensors of a file. */
  tensors(path: string): ReadonlyMap<string, NamedTensor>
  json(path: string): JsonValue
}

/** Variables by name; their own names do not matter. */
export interface NamedVariables {
  readonly [name: string]: TensorLike
}

/** What is to have the state of the checkpoint. */
export interface RestoreTargets {
  /** A tf.LayersModel, with its compiled optimizer where `optimizer` is not given; or variables by name. */
  readonly model?: ModelLike | NamedVariables
  /** Null: the model's own is left as it is. */
  readonly optimizer?: OptimizerLike | NamedVariables | null
  readonly tensors?: NamedVariables
}

export interface RestoreOptions {
  /**
   * How weights of a LayersModel are found: by `name` (default), or by their `order` in the model, for layers without
   * names of their own, which tfjs numbers as they are made in a process.
   */
  readonly match?: 'name' | 'order'
  /** Your copy of TensorFlow.js, where it is not found by itself. */
  readonly tf?: object
}

/** A tf.Variable. */
export interface AssignableVariable extends TensorLike {
  assign(value: Tensor): void
}

/** The calls of tfjs-core that make tensors. */
export interface TensorMaker extends TfCore {
  tensor(values: Float32Array | Int32Array | Uint8Array, shape: readonly number[], dtype: string): Tensor
  variable(initial: Tensor, trainable: boolean): AssignableVariable
}
