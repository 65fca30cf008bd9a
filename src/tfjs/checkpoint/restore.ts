import { TENSORS } from '../../checkpoint/capture/input.js'
import { isModel, MODEL_TENSORS } from '../../checkpoint/capture/model.js'
import {
  isOptimizer,
  isVariable,
  OPTIMIZER_JSON,
  OPTIMIZER_TENSORS,
} from '../../checkpoint/capture/optimizer.js'
import { CheckpointError } from '../../checkpoint/errors.js'
import { planModel } from './model.js'
import { planOptimizer } from './optimizer.js'
import { hasFile } from './saved.js'
import { findMaker } from './tensors.js'
import type { NamedVariables, RestorableCheckpoint, RestoreOptions, RestoreTargets } from './types.js'
import { type Apply, planVariables } from './variables.js'

/**
 * Puts the state of a checkpoint into a model, an optimizer and variables, bit for bit: the training goes on as if it
 * had not ended. Names, shapes and dtypes of everything are checked first. Synchronous; for the thread that trains.
 *
 * Throws a CheckpointError that names the first few differences, and then nothing has been changed; a TfError where
 * TensorFlow.js is not found.
 */
export function restore(
  loaded: RestorableCheckpoint,
  targets: RestoreTargets,
  { match = 'name', tf }: RestoreOptions = {},
): void {
  const { model, tensors } = targets
  const optimizer = targets.optimizer === undefined ? compiledWith(loaded, model) : targets.optimizer
  const changes: Apply[] = []
  if (model !== undefined) {
    need(loaded, MODEL_TENSORS, 'model')
    changes.push(
      isModel(model) ? planModel(loaded, model, match) : named(loaded, 'model', MODEL_TENSORS, model),
    )
  }
  if (optimizer !== undefined && optimizer !== null) {
    need(loaded, OPTIMIZER_TENSORS, 'optimizer')
    const change = isOptimizer(optimizer)
      ? planOptimizer(loaded, optimizer)
      : named(loaded, 'optimizer', OPTIMIZER_TENSORS, optimizer)
    changes.push(change)
  }
  if (tensors !== undefined) {
    need(loaded, TENSORS, 'tensors')
    changes.push(named(loaded, 'tensors', TENSORS, tensors))
  }
  const maker = findMaker(tf)
  for (const change of changes) change(maker)
}

/** A checkpoint of weights alone does not touch the optimizer that the model has. */
const compiledWith = (loaded: RestorableCheckpoint, model: RestoreTargets['model']) =>
  isModel(model) && isOptimizer(model.optimizer) && hasFile(loaded, OPTIMIZER_JSON)
    ? model.optimizer
    : undefined

function need(loaded: RestorableCheckpoint, path: string, part: string): void {
  if (hasFile(loaded, path)) return
  throw new CheckpointError(
    `The checkpoint has no ${path}: leave \`${part}\` out, or save it with the checkpoint.`,
  )
}

function named(loaded: RestorableCheckpoint, part: string, path: string, variables: NamedVariables): Apply {
  const list = Object.entries(variables)
  for (const [name, variable] of list) {
    if (isVariable(variable)) continue
    throw new CheckpointError(
      `"${name}" of \`${part}\` is no tf.Variable, and cannot be changed: give a tf.variable(). Nothing was changed.`,
    )
  }
  return planVariables(
    `\`${part}\``,
    new Map(list),
    loaded.tensors(path),
    'Give the variables that were saved.',
  )
}
