import type { JsonValue } from '../../record/json.js'
import { errorText } from '../../run/read-back.js'
import { CheckpointError } from '../errors.js'
import type { JsonFile } from '../request.js'
import { TensorPlan } from './plan.js'
import type { LayerVariableLike, ModelLike, TensorLike } from './types.js'

export const MODEL_TENSORS = 'model.safetensors'
export const MODEL_JSON = 'model.json'

/** What `model.json` holds. The first names are those of tfjs' own model.json. */
export type SavedModel = {
  /** As model.toJSON() gives it: Keras' configuration. Null: `topologyProblem` says why. */
  readonly modelTopology: JsonValue
  readonly topologyProblem: string | null
  /** Loss, metrics and optimizer of compile(). Null: not compiled, or with a loss that is a function. */
  readonly trainingConfig: JsonValue
  readonly userDefinedMetadata: JsonValue
  /** In the order of `model.weights`, as they are called in model.safetensors. */
  readonly weights: readonly string[]
}

export function isModel(value: unknown): value is ModelLike {
  const model = value as ModelLike | null | undefined
  return (
    typeof model === 'object' &&
    model !== null &&
    typeof model.toJSON === 'function' &&
    Array.isArray(model.layers) &&
    // Reading it may throw where the model is not built.
    'weights' in model
  )
}

export function planModel(model: ModelLike): { tensors: TensorPlan; json: JsonFile } {
  const tensors = new TensorPlan(MODEL_TENSORS)
  const weights = weightsOf(model).map((weight) => tensors.add(weightName(weight), variableOf(weight)))
  return { tensors, json: { path: MODEL_JSON, value: { ...describe(model), weights } satisfies SavedModel } }
}

function weightsOf(model: ModelLike): readonly LayerVariableLike[] {
  try {
    if (model.weights.length > 0) return model.weights
  } catch {
    // tfjs says of some models that are not built that they cannot be asked: the sentence below covers them.
  }
  throw new CheckpointError(
    'The model has no weights yet: build it (give its first layer an inputShape) before it is saved.',
  )
}

/** `name` has a number where the process has had another weight of that name; `originalName` is always the same. */
export const weightName = (weight: LayerVariableLike): string =>
  (weight as { readonly originalName?: string }).originalName ?? weight.name

function variableOf(weight: LayerVariableLike): TensorLike {
  try {
    return weight.read()
  } catch (error) {
    throw new CheckpointError(`The weight "${weight.name}" cannot be saved: ${errorText(error)}`)
  }
}

interface Compiled {
  readonly optimizer?: object | null
  readonly loss?: unknown
  getTrainingConfig?(): unknown
  getUserDefinedMetadata?(): unknown
}

function describe(model: ModelLike): Omit<SavedModel, 'weights'> {
  const { topology, problem } = topologyOf(model)
  return {
    modelTopology: topology,
    topologyProblem: problem,
    trainingConfig: trainingConfigOf(model as Compiled),
    userDefinedMetadata: plain((model as Compiled).getUserDefinedMetadata?.() ?? null),
  }
}

/** A model of a class that cannot be written as JSON is saved all the same: its code can make it again. */
function topologyOf(model: ModelLike): { topology: JsonValue; problem: string | null } {
  try {
    return { topology: plain(model.toJSON(undefined, false)), problem: null }
  } catch (error) {
    return { topology: null, problem: errorText(error) }
  }
}

function trainingConfigOf(model: Compiled): JsonValue {
  // tfjs writes a loss that is a function as {}, which it cannot read.
  if (!model.optimizer || typeof model.loss === 'function') return null
  try {
    return plain(model.getTrainingConfig?.() ?? null)
  } catch {
    // A loss of an output that is a function: tfjs refuses to write it, and compile() is the program's.
    return null
  }
}

/** What JSON makes of it: nothing else crosses threads surely. */
const plain = (value: unknown): JsonValue => JSON.parse(JSON.stringify(value)) as JsonValue
