import type { JsonValue } from '../../record/json.js'
import { learningRateOf } from '../../tfjs/learning-rate.js'
import type { JsonFile } from '../request.js'
import { isTensor, TensorPlan } from './plan.js'
import type { OptimizerLike, TensorLike } from './types.js'

export const OPTIMIZER_TENSORS = 'optimizer.safetensors'
export const OPTIMIZER_JSON = 'optimizer.json'

/** A field of a tfjs optimizer that holds state: one variable, or a list with one for each trained variable. */
export type SavedSlot = {
  readonly property: string
  readonly list: boolean
  /** As they are called in optimizer.safetensors, in the order of the list, which is empty before the first step. */
  readonly names: readonly string[]
}

/** What `optimizer.json` holds. */
export type SavedOptimizer = {
  readonly className: string
  /** As getConfig() gives it. */
  readonly config: JsonValue
  /** Steps taken. */
  readonly iterations: number
  /** Of the moment; null: the optimizer has none. */
  readonly learningRate: number | null
  readonly slots: readonly SavedSlot[]
  /** Numbers and switches of a class of the program's own that are not in its configuration: a count of steps, say. */
  readonly fields: { readonly [property: string]: number | boolean }
}

/** An entry of a list of slots (OptimizerVariable in tfjs-core/optimizers/optimizer.ts). */
export interface OptimizerVariable {
  readonly originalName: string
  readonly variable: TensorLike
}

export function isOptimizer(value: unknown): value is OptimizerLike {
  const optimizer = value as OptimizerLike | null | undefined
  return (
    typeof optimizer === 'object' &&
    optimizer !== null &&
    typeof optimizer.applyGradients === 'function' &&
    typeof optimizer.getConfig === 'function'
  )
}

/** getWeights() is asynchronous, missing in Adamax, and leaves out Adam's powers of beta: the fields say all. */
export function planOptimizer(optimizer: OptimizerLike): { tensors: TensorPlan; json: JsonFile } {
  const tensors = new TensorPlan(OPTIMIZER_TENSORS)
  const slots: SavedSlot[] = []
  for (const [property, value] of Object.entries(optimizer)) {
    if (isVariable(value)) slots.push({ property, list: false, names: [tensors.add(property, value)] })
    else if (isSlotList(value)) {
      const names = value.map(({ originalName, variable }) => tensors.add(originalName, variable))
      slots.push({ property, list: true, names })
    }
  }
  const value: SavedOptimizer = {
    className: classNameOf(optimizer),
    config: JSON.parse(JSON.stringify(optimizer.getConfig())) as JsonValue,
    iterations: iterationsOf(optimizer),
    learningRate: learningRateOf(optimizer) ?? null,
    slots,
    fields: ownFields(optimizer),
  }
  return { tensors, json: { path: OPTIMIZER_JSON, value } }
}

/** Have fields of their own in `optimizer.json`; what is configured is the program's to say when it goes on. */
const KNOWN = new Set(['iterations_', 'learningRate'])

function ownFields(optimizer: OptimizerLike): SavedOptimizer['fields'] {
  const config = optimizer.getConfig()
  const isOwn = ([property, value]: [string, unknown]) =>
    (Number.isFinite(value) || typeof value === 'boolean') && !KNOWN.has(property) && !(property in config)
  return Object.fromEntries(Object.entries(optimizer).filter(isOwn))
}

/** tfjs' classes are minified in bundles: only their static names stay. */
export function classNameOf(optimizer: object): string {
  const type = optimizer.constructor as { readonly className?: unknown; readonly name: string }
  return typeof type.className === 'string' ? type.className : type.name
}

const iterationsOf = (optimizer: object): number =>
  Number((optimizer as { readonly iterations?: unknown }).iterations ?? 0)

export const isVariable = (value: unknown): value is TensorLike =>
  isTensor(value) && typeof (value as { assign?: unknown }).assign === 'function'

export const isSlotList = (value: unknown): value is OptimizerVariable[] =>
  Array.isArray(value) &&
  value.every(
    (entry: Partial<OptimizerVariable> | null) =>
      typeof entry?.originalName === 'string' && isVariable(entry.variable),
  )
