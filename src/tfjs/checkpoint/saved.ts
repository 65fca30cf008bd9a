import { MODEL_JSON, type SavedModel } from '../../checkpoint/capture/model.js'
import { OPTIMIZER_JSON, type SavedOptimizer, type SavedSlot } from '../../checkpoint/capture/optimizer.js'
import { CheckpointError } from '../../checkpoint/errors.js'
import type { JsonValue } from '../../record/json.js'
import type { RestorableCheckpoint } from './types.js'

export const hasFile = ({ info }: RestorableCheckpoint, path: string): boolean =>
  info.files.some((file) => file.path.replace(/\.(gz|br)$/, '') === path)

/** Throws a CheckpointError where it is not what a save writes. */
export function readSavedModel(loaded: RestorableCheckpoint): SavedModel {
  const saved = loaded.json(MODEL_JSON) as Partial<SavedModel> | null
  if (!isObject(saved) || !isNames(saved.weights) || saved.modelTopology === undefined)
    throw foreign(MODEL_JSON)
  return saved as SavedModel
}

/** Throws a CheckpointError where it is not what a save writes. */
export function readSavedOptimizer(loaded: RestorableCheckpoint): SavedOptimizer {
  const saved = loaded.json(OPTIMIZER_JSON) as Partial<SavedOptimizer> | null
  const whole =
    isObject(saved) &&
    typeof saved.className === 'string' &&
    typeof saved.iterations === 'number' &&
    isObject(saved.fields) &&
    Array.isArray(saved.slots) &&
    saved.slots.every(isSlot)
  if (!whole) throw foreign(OPTIMIZER_JSON)
  return saved as SavedOptimizer
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null

const isNames = (value: JsonValue | undefined): boolean =>
  Array.isArray(value) && value.every((name) => typeof name === 'string')

const isSlot = (slot: Partial<SavedSlot> | null): boolean =>
  isObject(slot) && typeof slot.property === 'string' && typeof slot.list === 'boolean' && isNames(slot.names)

const foreign = (path: string): CheckpointError =>
  new CheckpointError(
    `${path} of the checkpoint is not one that offstep has written: restore its tensors by name.`,
  )
