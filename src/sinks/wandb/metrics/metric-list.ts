import type { JsonObject } from '../../../record/json.js'
import type { MetricDefinition, MetricSummary } from '../../../record/updates.js'
import { type DefinitionEntries, MetricDefinitions } from './definitions.js'

/** Fields of MetricRecord, and of its MetricOptions and MetricSummary. */
const FIELD = { name: '1', stepMetricIndex: '5', options: '6', summary: '7', goal: '8' } as const
const OPTION = { stepSync: 1, hidden: 2, defined: 3 } as const
const SUMMARY: { readonly [Summary in MetricSummary]: number } = {
  min: 1,
  max: 2,
  mean: 3,
  best: 4,
  last: 5,
  none: 6,
  copy: 7,
  first: 8,
}
const GOAL = { minimize: 1, maximize: 2 } as const

/**
 * The list that W&B has in `config._wandb.value.m`: MetricRecords whose field numbers are the keys. A step metric is a
 * place in the list, from 1. It has no definitions for names that only begin alike: they are listed for each of `names`,
 * the metrics of the run so far.
 */
export function metricList(entries: DefinitionEntries, names: Iterable<string>): JsonObject[] {
  const definitions = new MetricDefinitions(entries)
  const listed = new Map<string, MetricDefinition | undefined>()
  for (const name of [...definitions.ownNames, ...names]) {
    const definition = definitions.of(name)
    if (definition !== undefined) listed.set(name, definition)
  }
  for (const definition of [...listed.values()]) {
    const stepMetric = definition?.stepMetric
    if (stepMetric !== undefined && !listed.has(stepMetric)) {
      listed.set(stepMetric, definitions.of(stepMetric))
    }
  }
  const places = new Map([...listed.keys()].map((name, index) => [name, index + 1]))
  return Array.from(listed, ([name, definition]) => metricRecord(name, definition, places))
}

/** `definition`: undefined for a metric that is only the step metric of others. */
function metricRecord(
  name: string,
  definition: MetricDefinition | undefined,
  places: ReadonlyMap<string, number>,
): JsonObject {
  const { stepMetric, stepSync, hidden, summary = [], goal } = definition ?? {}
  const place = stepMetric === undefined ? undefined : places.get(stepMetric)
  return {
    [FIELD.name]: name,
    ...(place === undefined ? {} : { [FIELD.stepMetricIndex]: place }),
    [FIELD.options]: [
      ...(stepSync ? [OPTION.stepSync] : []),
      ...(hidden ? [OPTION.hidden] : []),
      ...(definition === undefined ? [] : [OPTION.defined]),
    ],
    [FIELD.summary]: [...new Set(summary)].map((part) => SUMMARY[part]).sort((a, b) => a - b),
    ...(goal === undefined ? {} : { [FIELD.goal]: GOAL[goal] }),
  }
}
