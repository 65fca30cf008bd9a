import { CheckpointError } from '../errors.js'
import type { JsonFile } from '../request.js'
import { isModel, MODEL_TENSORS, planModel } from './model.js'
import { isOptimizer, OPTIMIZER_TENSORS, planOptimizer } from './optimizer.js'
import { isNumbers, type Plan, TensorPlan } from './plan.js'
import { isPath, planSources } from './sources.js'
import type { Capturable, CheckpointParts, ModelLike, NamedTensors, OptimizerLike } from './types.js'

export const TENSORS = 'tensors.safetensors'

const PARTS = ['model', 'optimizer', 'tensors', 'files']
const WHAT =
  'give a tf.LayersModel, { model, optimizer, tensors, files }, tensors or typed arrays by name, or the path of a file or a directory.'

/** What the four parts come to. Throws a CheckpointError that says what is wrong; nothing has been copied then. */
export function planInput(what: Capturable): Plan {
  if (isModel(what)) return planParts({ model: what })
  if (isPath(what) || Array.isArray(what)) return planParts({ files: what })
  if (isOptimizer(what)) {
    throw new CheckpointError(
      'An optimizer cannot be saved alone: give { model, optimizer }, or { optimizer }.',
    )
  }
  if (!isPlainObject(what))
    throw new CheckpointError(`A checkpoint cannot be made of ${kindOf(what)}: ${WHAT}`)
  if (Object.keys(what).length === 0)
    throw new CheckpointError(`A checkpoint cannot be made of an empty object: ${WHAT}`)
  return planParts(isParts(what) ? what : { tensors: what as NamedTensors })
}

/** Tensors may have these names too. */
const isParts = (what: object): what is CheckpointParts =>
  Object.entries(what).every(([name, value]) => PARTS.includes(name) && !isNumbers(value))

function planParts({ model, optimizer = compiledWith(model), tensors, files }: CheckpointParts): Plan {
  const tensorFiles: TensorPlan[] = []
  const jsonFiles: JsonFile[] = []
  const add = (planned: { tensors: TensorPlan; json?: JsonFile }) => {
    tensorFiles.push(planned.tensors)
    if (planned.json !== undefined) jsonFiles.push(planned.json)
  }
  if (model !== undefined) add(isModel(model) ? planModel(model) : named('model', MODEL_TENSORS, model))
  if (optimizer !== undefined && optimizer !== null) {
    add(isOptimizer(optimizer) ? planOptimizer(optimizer) : named('optimizer', OPTIMIZER_TENSORS, optimizer))
  }
  if (tensors !== undefined) add(named('tensors', TENSORS, tensors))
  const sources = files === undefined ? [] : planSources(files)
  if (tensorFiles.length + sources.length === 0) {
    throw new CheckpointError(`A checkpoint cannot be made of nothing: ${WHAT}`)
  }
  return { tensorFiles, jsonFiles, files: sources }
}

const compiledWith = (model: ModelLike | NamedTensors | undefined): OptimizerLike | undefined =>
  isModel(model) && isOptimizer(model.optimizer) ? model.optimizer : undefined

function named(part: string, path: string, tensors: unknown): { tensors: TensorPlan } {
  if (!isPlainObject(tensors)) {
    const instead = { model: 'a tf.LayersModel, or ', optimizer: 'a tf.Optimizer, or ' }[part] ?? ''
    throw new CheckpointError(
      `\`${part}\` of a checkpoint is ${kindOf(tensors)}: give ${instead}tensors by name.`,
    )
  }
  return { tensors: new TensorPlan(path).addAll(tensors as NamedTensors) }
}

/** An object literal, or one without a prototype: an instance of a class has fields that are no tensors. */
function isPlainObject(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || Object.getPrototypeOf(prototype) === null
}

function kindOf(value: unknown): string {
  if (value === null || value === undefined) return String(value)
  if (isNumbers(value)) return 'numbers without a name'
  if (Array.isArray(value)) return 'an array'
  if (typeof value !== 'object') return `a ${typeof value}`
  return `an instance of ${value.constructor?.name || 'a class'}`
}
