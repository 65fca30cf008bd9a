import type { Guard } from '../../guard/index.js'
import type { Optimizer, TrainedModel, Variable } from '../types.js'

export interface WatchOptions {
  /** The optimizer whose updates are watched. Default: the one that the model was compiled with. */
  readonly optimizer?: object
  /** Every n-th update is looked at; default 100. */
  readonly every?: number
  /** Histograms of the weights; default true. Their norms and NaN counts are logged in any case. */
  readonly weights?: boolean
  /** Histograms of the gradients; default true. Their norms and NaN counts are logged in any case. */
  readonly gradients?: boolean
  /** Updates that were made before, by a run that is now resumed; default 0. */
  readonly startStep?: number
  /** Put before every name. Default none. */
  readonly prefix?: string
  /** Your copy of TensorFlow.js, where it is not found by itself. */
  readonly tf?: object
  /** Looks at all weights and gradients; default one that warns. False: none. */
  readonly guard?: Guard | false
}

/** A tf.LayersModel, or the tf.Variables of a model of your own. */
export type WatchTarget = object | readonly object[]

export interface WatchSettings {
  readonly optimizer: Optimizer
  readonly every: number
  readonly weights: boolean
  readonly gradients: boolean
  readonly startStep: number
  readonly prefix: string
}

export const isModel = (target: WatchTarget): target is TrainedModel =>
  Array.isArray((target as Partial<TrainedModel>).layers)

/** Throws a TypeError that names the fix: this is before the training. */
export function readWatchOptions(target: WatchTarget, options: WatchOptions): WatchSettings {
  const isList = Array.isArray(target) && target.every((one) => typeof (one as Variable).name === 'string')
  if (!isModel(target) && !isList) {
    throw new TypeError('watch(): give a tf.LayersModel, or a list of tf.Variables.')
  }
  const { every = 100, weights = true, gradients = true, startStep = 0, prefix = '' } = options
  const optimizer = (options.optimizer ?? (isModel(target) ? target.optimizer : undefined)) as
    | Partial<Optimizer>
    | null
    | undefined
  if (typeof optimizer?.applyGradients !== 'function' || typeof optimizer.computeGradients !== 'function') {
    throw new TypeError(
      'watch(): there is no optimizer. Call model.compile() before watch(), or give `{ optimizer }`.',
    )
  }
  if (!(Number.isInteger(every) && every >= 1)) {
    throw new TypeError('watch(): every must be a whole number, 1 or more.')
  }
  if (!Number.isFinite(startStep)) throw new TypeError('watch(): startStep must be a finite number.')
  return { optimizer: optimizer as Optimizer, every, weights, gradients, startStep, prefix }
}
