import type { Tensor, TrainedModel, Variable } from '../types.js'
import { isModel, type WatchTarget } from './options.js'

/** One weight: what it is called, and the layer whose norm it is part of. */
export interface Parameter {
  readonly name: string
  readonly layer: string
  readonly size: number
  readonly trainable: boolean
  /** Its present value; it may be disposed. */
  read(): Tensor
}

/** Each weight once, in the order of the layers; a layer that is used twice has its weights twice. */
export function parametersOf(target: WatchTarget): Parameter[] {
  const found = isModel(target) ? ofModel(target) : (target as readonly Variable[]).map(ofVariable)
  return [...new Map(found.map((parameter) => [parameter.name, parameter])).values()]
}

const ofModel = ({ layers }: TrainedModel): Parameter[] =>
  layers.flatMap(({ name: layer, weights }) =>
    weights.map((weight) => ({
      name: weight.name,
      layer,
      size: weight.val.size,
      trainable: weight.trainable,
      read: () => weight.val,
    })),
  )

const ofVariable = (variable: Variable): Parameter => ({
  name: variable.name,
  layer: layerIn(variable.name),
  size: variable.size,
  trainable: (variable as { trainable?: boolean }).trainable !== false,
  read: () => variable,
})

/** `dense_1/kernel` is of `dense_1`; a name without a path is its own layer. */
export const layerIn = (name: string): string => {
  const end = name.lastIndexOf('/')
  return end > 0 ? name.slice(0, end) : name
}

/** How many numbers a model has, and how many of them are trained. */
export function countParameters(parameters: readonly Parameter[]): { total: number; trainable: number } {
  const sum = (of: readonly Parameter[]) => of.reduce((count, { size }) => count + size, 0)
  return { total: sum(parameters), trainable: sum(parameters.filter(({ trainable }) => trainable)) }
}
