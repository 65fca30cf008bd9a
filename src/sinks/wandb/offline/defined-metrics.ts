import type { MetricDefinition } from '../../../record/updates.js'
import { type DefinitionEntries, MetricDefinitions } from '../metrics/definitions.js'

export interface DefinedMetric {
  /** Ends with `*` for all that begin so. */
  readonly name: string
  readonly definition: MetricDefinition
  /** Whoever uploads the log knows nothing of `*`: each metric that begins so is told by itself too. */
  readonly fromGlob: boolean
}

/** What is defined, and which of `names`, the metrics of the run so far, are defined by how they begin. */
export function definedMetrics(entries: DefinitionEntries, names: Iterable<string>): DefinedMetric[] {
  if (entries.length === 0) return []
  const definitions = new MetricDefinitions(entries)
  const given = entries.map(([name, definition]) => ({ name, definition, fromGlob: false }))
  const found = [...names].flatMap((name) => {
    const definition = definitions.isOwn(name) ? undefined : definitions.of(name)
    return definition === undefined ? [] : [{ name, definition, fromGlob: true }]
  })
  return [...given, ...found]
}

/** Those of `after` that are new, or others than before. */
export function changedMetrics(
  before: readonly DefinedMetric[],
  after: readonly DefinedMetric[],
): DefinedMetric[] {
  const known = new Set(before.map((metric) => JSON.stringify(metric)))
  return after.filter((metric) => !known.has(JSON.stringify(metric)))
}
