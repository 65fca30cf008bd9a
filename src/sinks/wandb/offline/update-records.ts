/** Records of what was said of the run itself while it lived, as W&B's client 0.30.0 writes them. */
import type { JsonValue } from '../../../record/json.js'
import type { Alert, ConsoleOutput, SystemSample } from '../../../record/updates.js'
import { extendedJson, numberText } from '../extended-json.js'
import { isGlob } from '../metrics/definitions.js'
import type { DefinedMetric } from './defined-metrics.js'
import {
  ALERT,
  CONFIG,
  FILE_TYPE,
  FILES,
  FILES_ITEM,
  ITEM,
  METRIC,
  METRIC_CONTROL,
  METRIC_GOAL,
  METRIC_OPTIONS,
  METRIC_SUMMARY,
  OUTPUT_RAW,
  OUTPUT_TYPE,
  POLICY_NOW,
  RECORD,
  STATS,
  STATS_ITEM,
} from './fields.js'
import { type FieldPart, integerField, lengthField, textField } from './protobuf.js'
import { record, timestampField } from './run-records.js'

/** Parameters that are added to the config, or replaced in it. */
export function configRecord(num: number, values: Iterable<readonly [string, JsonValue]>): Buffer {
  const updates = Array.from(values, ([name, value]) =>
    lengthField(CONFIG.update, lengthField(ITEM.key, name), lengthField(ITEM.valueJson, extendedJson(value))),
  )
  return record(num, RECORD.config, ...updates)
}

/** A definition, in place of all that was said of the metric before. */
export function metricRecord(num: number, { name, definition, fromGlob }: DefinedMetric): Buffer {
  const { stepMetric, stepSync, hidden, summary = [], goal } = definition
  const options = [
    flag(METRIC_OPTIONS.stepSync, stepSync),
    flag(METRIC_OPTIONS.hidden, hidden),
    flag(METRIC_OPTIONS.defined, true),
  ]
  const kinds = summary.map((kind) => flag(METRIC_SUMMARY[kind], true))
  return record(
    num,
    RECORD.metric,
    lengthField(isGlob(name) ? METRIC.globName : METRIC.name, name),
    textField(METRIC.stepMetric, stepMetric),
    lengthField(METRIC.options, ...options),
    kinds.length > 0 ? lengthField(METRIC.summary, ...kinds) : NOTHING,
    goal === undefined ? NOTHING : integerField(METRIC.goal, METRIC_GOAL[goal]),
    lengthField(METRIC.control, flag(METRIC_CONTROL.overwrite, true)),
    flag(METRIC.expandedFromGlob, fromGlob),
  )
}

/** One line of the console. `time`: milliseconds since the epoch. */
export function consoleRecord(
  num: number,
  stream: ConsoleOutput['stream'],
  { time, text }: ConsoleOutput['lines'][number],
): Buffer {
  return record(
    num,
    RECORD.outputRaw,
    integerField(OUTPUT_RAW.type, OUTPUT_TYPE[stream]),
    timestampField(OUTPUT_RAW.timestamp, time),
    lengthField(OUTPUT_RAW.line, `${text}\n`),
  )
}

/** W&B's client puts `system.` before the names. `time`: milliseconds since the epoch. */
export function statsRecord(num: number, { values }: SystemSample, time: number): Buffer {
  const items = Object.entries(values).map(([name, value]) =>
    lengthField(
      STATS.item,
      lengthField(STATS_ITEM.key, name),
      lengthField(STATS_ITEM.valueJson, numberText(value)),
    ),
  )
  return record(num, RECORD.stats, timestampField(STATS.timestamp, time), ...items)
}

export function alertRecord(num: number, { title, text, level, waitMs }: Alert): Buffer {
  return record(
    num,
    RECORD.alert,
    lengthField(ALERT.title, title),
    lengthField(ALERT.text, text),
    lengthField(ALERT.level, level.toUpperCase()),
    integerField(ALERT.waitDuration, Math.round(waitMs)),
  )
}

/** A file that lies in `files/` of the run's directory, by its path there. */
export function fileRecord(num: number, path: string, type: keyof typeof FILE_TYPE): Buffer {
  const item = [
    lengthField(FILES_ITEM.path, path),
    integerField(FILES_ITEM.policy, POLICY_NOW),
    integerField(FILES_ITEM.type, FILE_TYPE[type]),
  ]
  return record(num, RECORD.files, lengthField(FILES.files, ...item))
}

const NOTHING: FieldPart = Buffer.alloc(0)

const flag = (field: number, value: boolean | undefined): FieldPart =>
  value ? integerField(field, 1) : NOTHING
