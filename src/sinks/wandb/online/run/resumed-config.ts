import type { RunDescription } from '../../run/run-description.js'
import type { Baseline } from './baseline.js'
import type { ToldRun } from './bucket.js'
import { type JsonRecord, recordIn } from './their-json.js'

/**
 * A resumed run as W&B is told of it: what it was called and its parameters stay, where this run says nothing else.
 * `name`: given by a person, for W&B.
 */
export function resumedDescription(
  description: RunDescription,
  { storageId, config }: Pick<Baseline, 'storageId' | 'config'>,
  name: string | undefined,
): ToldRun {
  if (storageId === undefined) return description
  const merged = mergedConfig(recordIn(config ?? null), description.config) as ToldRun['config']
  return { ...description, displayName: name, config: merged }
}

function mergedConfig(theirs: JsonRecord, ours: JsonRecord): JsonRecord {
  const [before, now] = [entryOf(theirs), entryOf(ours)]
  return { ...theirs, ...ours, _wandb: { value: { ...before, ...now, m: mergedMetrics(before.m, now.m) } } }
}

function entryOf({ _wandb }: JsonRecord): JsonRecord {
  const { value } = (_wandb ?? {}) as JsonRecord
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonRecord) : {}
}

/** MetricRecord.step_metric_index, by its field number: a place in the list, from 1. */
const STEP_METRIC_INDEX = '5'

/** Ours behind theirs. */
function mergedMetrics(theirs: unknown, ours: unknown): readonly unknown[] {
  const before = Array.isArray(theirs) ? theirs : []
  const now = (Array.isArray(ours) ? ours : []) as JsonRecord[]
  const moved = now.map((metric) => {
    const index = metric[STEP_METRIC_INDEX]
    return typeof index === 'number' ? { ...metric, [STEP_METRIC_INDEX]: index + before.length } : metric
  })
  return [...before, ...moved]
}
