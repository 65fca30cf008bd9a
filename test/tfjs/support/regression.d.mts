import type * as core from '@tensorflow/tfjs-core'
import type * as layers from '@tensorflow/tfjs-layers'

/** Core and layers together; `default` is what Node adds to a CommonJS package. */
export type Tf = Omit<typeof core, 'default'> & Omit<typeof layers, 'default'>

export interface Regression {
  readonly xs: core.Tensor2D
  readonly ys: core.Tensor2D
  readonly model: layers.Sequential
  readonly optimizer: core.Optimizer
}

export interface Reported {
  readonly batches: readonly { readonly [name: string]: number }[]
  readonly epochs: readonly { readonly [name: string]: number }[]
}

export function regression(
  tf: Tf,
  options?: { readonly samples?: number; readonly learningRate?: number; readonly units?: number },
): Regression
export function reference(
  tf: Tf,
  fit: (callbacks: layers.CustomCallback[]) => Promise<unknown>,
): Promise<Reported>
