/**
 * What this folder needs of TensorFlow.js, by its shape: TensorFlow.js is an optional peer, of which an application
 * may have any package and version. Nothing here imports it.
 */

/** A tf.Tensor of any shape. */
export interface Tensor {
  readonly shape: readonly number[]
  readonly size: number
  readonly rank: number
  readonly dtype: string
  readonly isDisposed: boolean
  clone(): Tensor
  data(): Promise<ArrayLike<number>>
  dataSync(): ArrayLike<number>
  dispose(): void
}

/** A tf.Variable: its tensor changes, its name stays. */
export interface Variable extends Tensor {
  readonly name: string
}

/** The calls of @tensorflow/tfjs-core that are used here. */
export interface TfCore {
  tidy<T>(run: () => T): T
  keep<T extends Tensor>(tensor: T): T
  concat(tensors: readonly Tensor[], axis?: number): Tensor
  reshape(tensor: Tensor, shape: readonly number[]): Tensor
  cast(tensor: Tensor, dtype: 'float32'): Tensor
  isNaN(tensor: Tensor): Tensor
  isInf(tensor: Tensor): Tensor
  square(tensor: Tensor): Tensor
  sum(tensor: Tensor): Tensor
}

/** The part of @tensorflow/tfjs-layers that is used here. */
export interface TfLayers {
  readonly Callback: new () => FitCallback
}

/** `import * as tf from '@tensorflow/tfjs'`, or core and layers together: `{ ...core, ...layers }`. */
export type Tf = TfCore & TfLayers

/** Metrics as fit() hands them to its callbacks. */
export interface FitLogs {
  readonly [name: string]: unknown
}

/**
 * A tf.Callback. Written so that it may stand in a list with other callbacks, whose type tfjs-layers defines.
 */
export interface FitCallback {
  readonly validationData: never
  params: { [key: string]: number | string | boolean | number[] | string[] | boolean[] }
  setParams(params: FitCallback['params']): void
  setModel(model: unknown): void
  onTrainBegin(logs?: FitLogs): Promise<void>
  onTrainEnd(logs?: FitLogs): Promise<void>
  onEpochBegin(epoch: number, logs?: FitLogs): Promise<void>
  onEpochEnd(epoch: number, logs?: FitLogs): Promise<void>
  onBatchBegin(batch: number, logs?: FitLogs): Promise<void>
  onBatchEnd(batch: number, logs?: FitLogs): Promise<void>
}

export type Gradients = { readonly [name: string]: Tensor | null }
export type GradientList = readonly { readonly name: string; readonly tensor: Tensor | null }[]

/** A tf.Optimizer. */
export interface Optimizer {
  getConfig(): { readonly [key: string]: unknown }
  computeGradients(...args: unknown[]): { readonly grads: Gradients }
  applyGradients(gradients: Gradients | GradientList): void
}

/** A weight of a model: tfjs-layers wraps the core's variable. */
export interface LayerVariable {
  readonly name: string
  readonly trainable: boolean
  /** The core's variable. `read()` gives it too, and throws where it is disposed. */
  readonly val: Tensor
}

/** What callbacks and `watch()` look at in a tf.LayersModel. */
export interface TrainedModel {
  readonly optimizer?: Optimizer | null
  readonly layers: readonly { readonly name: string; readonly weights: readonly LayerVariable[] }[]
  stopTraining: boolean
  summary(lineLength?: number, positions?: number[], print?: (line: string) => void): void
  toJSON(unused?: unknown, asText?: boolean): unknown
}
