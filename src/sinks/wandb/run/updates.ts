import * as v from 'valibot'
import type { JsonValue } from '../../../record/json.js'
import type { MediaRecordOf } from '../../../record/media.js'
import type { MetricDefinition } from '../../../record/updates.js'
import { mergeDefinition } from '../metrics/definitions.js'
import { type ExplicitMap, explicitValues, mergeExplicit } from './explicit-values.js'

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

/** The updates, and those of a batch laid over them. The lists are made once: one per row would cost its square. */
export class GrowingUpdates {
  readonly #before: RunUpdates
  #config: Map<string, JsonValue> | null = null
  #summary: ExplicitMap | null = null
  #metrics: Map<string, MetricDefinition> | null = null

  constructor(before: RunUpdates) {
    this.#before = before
  }

  /** A name keeps its place. `time`: of the call, in milliseconds since the epoch. */
  add(update: StateUpdate, time: number): void {
    const { config, summary, metrics } = this.#before
    switch (update.kind) {
      case 'config':
      case 'hparams':
        this.#config ??= new Map(config)
        for (const [name, value] of Object.entries(update.value.values)) this.#config.set(name, value)
        break
      case 'summary':
        this.#summary ??= new Map(summary.map((entry) => [entry[0], entry]))
        mergeExplicit(this.#summary, update.value, time)
        break
      case 'metric':
        this.#metrics ??= new Map(metrics)
        mergeDefinition(this.#metrics, update.name, update.value)
    }
  }

  get metrics(): RunUpdates['metrics'] {
    return this.#metrics === null ? this.#before.metrics : [...this.#metrics]
  }

  get all(): RunUpdates {
    const { config, summary } = this.#before
    return {
      config: this.#config === null ? config : [...this.#config],
      summary: this.#summary === null ? summary : [...this.#summary.values()],
      metrics: this.metrics,
    }
  }
}
