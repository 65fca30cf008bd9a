import { MODEL_JSON } from '../../checkpoint/capture/model.js'
import { classNameOf, OPTIMIZER_JSON } from '../../checkpoint/capture/optimizer.js'
import type { ModelLike, OptimizerLike } from '../../checkpoint/capture/types.js'
import { CheckpointError } from '../../checkpoint/errors.js'
import type { JsonValue } from '../../record/json.js'
import { errorText } from '../../run/read-back.js'
import { findTf } from '../find-tf.js'
import { restore } from './restore.js'
import { hasFile, readSavedModel, readSavedOptimizer } from './saved.js'
import type { RestorableCheckpoint } from './types.js'

/** The calls of tfjs-layers that make a model of what is saved. */
interface ModelMaker {
  readonly models: { modelFromJSON(topology: { modelTopology: JsonValue }): Promise<NewModel> }
}

interface NewModel extends ModelLike {
  loadTrainingConfig(config: JsonValue): void
  setUserDefinedMetadata?(metadata: JsonValue): void
}

export interface BuildOptions {
  /** False: the program compiles the model, and then gives it to restore() for the state of its optimizer. */
  readonly compile?: boolean
  /** Your copy of TensorFlow.js, where it is not found by itself. */
  readonly tf?: object
}

/**
 * A new LayersModel with the weights of a checkpoint; where it was compiled, with its optimizer and the optimizer's
 * state. A loss that is a function is not in a checkpoint: such a model is not compiled. Classes of layers of your own
 * must be registered before (tf.serialization.registerClass).
 *
 * Rejects with a CheckpointError where there is no topology to build from.
 */
export async function buildModel<Model extends ModelLike = ModelLike>(
  loaded: RestorableCheckpoint,
  { tf, compile = true }: BuildOptions = {},
): Promise<Model> {
  if (!hasFile(loaded, MODEL_JSON)) {
    throw new CheckpointError(
      `The checkpoint has no ${MODEL_JSON}: it was not made of a tf.LayersModel. Use restore().`,
    )
  }
  const saved = readSavedModel(loaded)
  if (saved.modelTopology === null) {
    throw new CheckpointError(
      `The model could not be written as JSON when it was saved (${saved.topologyProblem}): build it in your code, and use restore().`,
    )
  }
  const layers = findTf(tf) as unknown as ModelMaker
  const model = await layers.models.modelFromJSON({ modelTopology: saved.modelTopology })
  if (saved.userDefinedMetadata !== null) model.setUserDefinedMetadata?.(saved.userDefinedMetadata)
  if (compile && saved.trainingConfig !== null) compileAs(model, saved.trainingConfig)
  restore(loaded, { model, optimizer: ownOptimizer(loaded, model) }, tf === undefined ? {} : { tf })
  return model as unknown as Model
}

function compileAs(model: NewModel, config: JsonValue): void {
  try {
    model.loadTrainingConfig(config)
  } catch (error) {
    throw new CheckpointError(
      `The model cannot be compiled as it was, with a metric or an optimizer of your own (${errorText(error)}): give { compile: false }, compile it, and use restore().`,
    )
  }
}

/** The compiled one, unless the checkpoint has the state of another that was given beside the model. */
function ownOptimizer(loaded: RestorableCheckpoint, { optimizer }: ModelLike): OptimizerLike | null {
  if (!optimizer || !hasFile(loaded, OPTIMIZER_JSON)) return null
  return classNameOf(optimizer) === readSavedOptimizer(loaded).className ? optimizer : null
}
