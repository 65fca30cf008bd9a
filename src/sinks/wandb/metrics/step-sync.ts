import type { HistoryLine } from '../history/history-line.js'
import { fieldBytes } from '../history/names.js'
import type { MetricDefinitions } from './definitions.js'

/**
 * To be called for each line when it is closed, in order: remembers the values of step metrics, and gives the line the
 * last value of those that its metrics need and it has not. Before the first value there is none to give.
 */
export function addStepMetrics(
  line: HistoryLine,
  definitions: MetricDefinitions,
  stepValues: Map<string, string>,
): void {
  if (definitions.stepMetrics.size === 0) return
  for (const name of definitions.stepMetrics) {
    const json = line.values.get(name)
    if (json !== undefined) stepValues.set(name, json)
  }
  if (!definitions.synchronises) return
  for (const name of [...line.values.keys()]) {
    const { stepMetric, stepSync } = definitions.of(name) ?? {}
    if (stepMetric === undefined || !stepSync) continue
    const json = stepValues.get(stepMetric)
    if (json !== undefined) line.set(stepMetric, json, fieldBytes(stepMetric))
  }
}
