import { MODEL_JSON, MODEL_TENSORS, weightName } from '../../checkpoint/capture/model.js'
import type { ModelLike, TensorLike } from '../../checkpoint/capture/types.js'
import { UniqueNames } from '../../checkpoint/capture/unique-names.js'
import { CheckpointError } from '../../checkpoint/errors.js'
import type { NamedTensor } from '../../checkpoint/request.js'
import { hasFile, readSavedModel } from './saved.js'
import type { RestorableCheckpoint } from './types.js'
import { type Apply, planVariables } from './variables.js'

const FIX_NAMES =
  'Give each layer a `name` (tfjs numbers those without one as they are made), use buildModel(), or { match: "order" }.'
const FIX_ORDER = 'Build the model that was saved.'

/** Throws a CheckpointError where a weight differs. */
export function planModel(loaded: RestorableCheckpoint, model: ModelLike, match: 'name' | 'order'): Apply {
  const saved = loaded.tensors(MODEL_TENSORS)
  const variables = match === 'name' ? byName(model) : byOrder(model, loaded, saved)
  return planVariables('The model', variables, saved, match === 'name' ? FIX_NAMES : FIX_ORDER)
}

/** Under the names that the model would be saved with. */
function byName(model: ModelLike): Map<string, TensorLike> {
  const names = new UniqueNames()
  return new Map(model.weights.map((weight) => [names.add(weightName(weight)), weight.read()]))
}

function byOrder(
  model: ModelLike,
  loaded: RestorableCheckpoint,
  saved: ReadonlyMap<string, NamedTensor>,
): Map<string, TensorLike> {
  const names = hasFile(loaded, MODEL_JSON) ? readSavedModel(loaded).weights : [...saved.keys()]
  if (names.length !== model.weights.length) {
    throw new CheckpointError(
      `The model has ${model.weights.length} weights, and the checkpoint ${names.length}. ${FIX_ORDER} Nothing was changed.`,
    )
  }
  return new Map(model.weights.map((weight, index) => [names[index]!, weight.read()]))
}
