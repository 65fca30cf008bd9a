import {
  classNameOf,
  isSlotList,
  isVariable,
  OPTIMIZER_TENSORS,
  type SavedOptimizer,
  type SavedSlot,
} from '../../checkpoint/capture/optimizer.js'
import type { OptimizerLike, TensorLike } from '../../checkpoint/capture/types.js'
import { CheckpointError } from '../../checkpoint/errors.js'
import type { NamedTensor } from '../../checkpoint/request.js'
import { readSavedOptimizer } from './saved.js'
import { assign, difference, isRestorable, refuse, toTensor } from './tensors.js'
import type { RestorableCheckpoint, TensorMaker } from './types.js'
import type { Apply } from './variables.js'

type Tensors = ReadonlyMap<string, NamedTensor>
/** An optimizer's own fields, which tfjs declares private. */
type Fields = Record<string, unknown>

const FIX = 'Make the optimizer that was saved.'

/**
 * Slots, steps taken and learning rate; other settings stay as the program has made the optimizer. Lists of slots that
 * are still empty get their variables, as the first step would make them. Throws a CheckpointError.
 */
export function planOptimizer(loaded: RestorableCheckpoint, optimizer: OptimizerLike): Apply {
  const saved = readSavedOptimizer(loaded)
  const tensors = loaded.tensors(OPTIMIZER_TENSORS)
  const className = classNameOf(optimizer)
  if (className !== saved.className) {
    throw new CheckpointError(
      `The optimizer is ${className}, and that of the checkpoint ${saved.className}: make the same one, or give { optimizer: null }. Nothing was changed.`,
    )
  }
  const fields = optimizer as unknown as Fields
  refuse(
    'The optimizer',
    saved.slots.flatMap((slot) => differencesOf(fields, slot, tensors)),
    FIX,
  )
  return (tf) => {
    for (const slot of saved.slots) setSlot(tf, fields, slot, tensors)
    setProgress(fields, saved)
  }
}

function differencesOf(fields: Fields, { property, list, names }: SavedSlot, tensors: Tensors): string[] {
  const missing = names.filter((name) => !tensors.has(name))
  if (missing.length > 0) return missing.map((name) => `"${name}" is missing in ${OPTIMIZER_TENSORS}`)
  const field = fields[property]
  if (!list)
    return isVariable(field) ? compare([field], names, tensors) : [`it has no variable "${property}"`]
  // An empty list of a class of the program's own may be anything.
  if (!isSlotList(field)) return names.length === 0 ? [] : [`it has no list "${property}"`]
  if (field.length === 0 || names.length === 0) {
    const strange = names.filter((name) => !isRestorable(tensors.get(name)!))
    return strange.map((name) => `"${name}" has a type that no tf.Variable can hold`)
  }
  if (field.length !== names.length) {
    return [`"${property}" has ${field.length} variables, and ${names.length} in the checkpoint`]
  }
  return compare(
    field.map(({ variable }) => variable),
    names,
    tensors,
  )
}

function compare(variables: readonly TensorLike[], names: readonly string[], tensors: Tensors): string[] {
  return variables.flatMap((variable, index) => {
    const differs = difference(variable, tensors.get(names[index]!)!)
    return differs === null ? [] : [`"${names[index]}" ${differs}`]
  })
}

function setSlot(
  tf: TensorMaker,
  fields: Fields,
  { property, list, names }: SavedSlot,
  tensors: Tensors,
): void {
  if (!list) {
    assign(tf, fields[property] as TensorLike, tensors.get(names[0]!)!)
    return
  }
  const slots = fields[property]
  if (!isSlotList(slots)) return
  if (slots.length === names.length) {
    for (const [index, { variable }] of slots.entries()) assign(tf, variable, tensors.get(names[index]!)!)
    return
  }
  // One of the two has not taken its first step.
  for (const { variable } of slots) variable.dispose()
  fields[property] = names.map((originalName) => ({
    originalName,
    variable: tf.tidy(() => tf.variable(toTensor(tf, tensors.get(originalName)!), false)),
  }))
}

function setProgress(fields: Fields, { iterations, learningRate, fields: own }: SavedOptimizer): void {
  Object.assign(fields, own)
  fields.iterations_ = iterations
  if (learningRate === null) return
  // SGD keeps a tensor of it.
  if (typeof fields.setLearningRate === 'function') fields.setLearningRate(learningRate)
  else fields.learningRate = learningRate
}
