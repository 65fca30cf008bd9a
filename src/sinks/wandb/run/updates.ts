import * as v from 'valibot'
import type { JsonValue } from '../../../record/json.js'
import type { MediaRecordOf } from '../../../record/media.js'
import type { MetricDefinition } from '../../../record/updates.js'
import { mergeDefinition } from '../metrics/definitions.js'
import { explicitValues, mergeExplicit } from './explicit-values.js'

const entries = <Value>() => v.array(v.tuple([v.string(), v.custom<Value>((value) => value !== undefined)]))

/** For a sink that reads its cursor. */
export const runUpdates = v.object({
  config: entries<JsonValue>(),
  summary: explicitValues,
  metrics: entries<MetricDefinition>(),
})

/**
 * What was said of the run since it began, in plain JSON. `config`: parameters that were set, to be laid over those of
 * run.json. `summary`: values that were set (see Summary). `metrics`: definitions by name, in order of the first one;
 * each is the sum of those that were given. A part that has not changed is the same object.
 */
export type RunUpdates = v.InferOutput<typeof runUpdates>

/** Records that are kept in the state. Hyper-parameters that were logged count as config. */
export const STATE_KINDS = ['config', 'hparams', 'summary', 'metric'] as const
export type StateKind = (typeof STATE_KINDS)[number]
export type StateRecord = { [Kind in StateKind]: MediaRecordOf<Kind> }[StateKind]
/** Their values: long ones are in files, and to be read first. */
export type StateUpdate = {
  [Kind in StateKind]: {
    readonly kind: Kind
    readonly name: string
    readonly value: NonNullable<MediaRecordOf<Kind>['value']>
  }
}[StateKind]

export const noUpdates = (): RunUpdates => ({ config: [], summary: [], metrics: [] })

/** `time`: of the call, in milliseconds since the epoch. */
export function applyUpdate(updates: RunUpdates, update: StateUpdate, time: number): RunUpdates {
  switch (update.kind) {
    case 'config':
    case 'hparams':
      return { ...updates, config: laidOver(updates.config, Object.entries(update.value.values)) }
    case 'summary':
      return { ...updates, summary: mergeExplicit(updates.summary, update.value, time) }
    case 'metric':
      return { ...updates, metrics: mergeDefinition(updates.metrics, update.name, update.value) }
  }
}

/** A name keeps its place. */
function laidOver(
  before: RunUpdates['config'],
  values: readonly (readonly [string, JsonValue])[],
): RunUpdates['config'] {
  const merged = new Map(before)
  for (const [name, value] of values) merged.set(name, value)
  return [...merged]
}
