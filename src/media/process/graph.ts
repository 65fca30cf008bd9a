import type { GraphValue } from '../../record/media.js'
import { MediaError, type MediaInputs, type ProcessedMedia } from '../request.js'
import { describe, isRecord } from './checks.js'
import { asJson } from './json.js'

/** `toJSON()` of TensorFlow.js may be JSON text that was made text once more. */
const MAX_LAYERS_OF_TEXT = 2

/** Keeps what `model.toJSON()` gave, if it is a Keras model. */
export function processGraph(input: MediaInputs['graph']): ProcessedMedia<'graph'> {
  let model = input.model
  for (let i = 0; i < MAX_LAYERS_OF_TEXT && typeof model === 'string'; i++) model = parse(model)
  if (isKerasModel(model)) return { value: { model: asJson(model, 'the model') as GraphValue['model'] } }
  throw new MediaError(
    `the model is ${describe(model)} without "class_name" and "config": give a tf.LayersModel, or what its toJSON() gives`,
  )
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new MediaError(
      `the model is text that is no JSON (${(error as Error).message}): give a tf.LayersModel, or what its toJSON() gives`,
    )
  }
}

const isKerasModel = (model: unknown): boolean =>
  isRecord(model) &&
  typeof model.class_name === 'string' &&
  model.config !== undefined &&
  model.config !== null
