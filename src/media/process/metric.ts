import { METRIC_SUMMARIES, type MetricDefinition, type MetricSummary } from '../../record/updates.js'
import { MediaError, type MediaInputs, type ProcessedMedia } from '../request.js'
import { describe, isRecord } from './checks.js'

const GOALS = ['minimize', 'maximize'] as const

export function processMetric({ definition = {} }: MediaInputs['metric']): ProcessedMedia<'metric'> {
  if (!isRecord(definition)) {
    throw new MediaError(`its definition is ${describe(definition)}: give { stepMetric, summary, goal }`)
  }
  const { stepMetric, stepSync = stepMetric !== undefined, hidden, summary, goal } = definition
  if (stepMetric !== undefined && (typeof stepMetric !== 'string' || stepMetric === '')) {
    throw new MediaError(`its stepMetric is ${describe(stepMetric)}: give the name of a metric`)
  }
  for (const [name, value] of Object.entries({ stepSync, hidden })) {
    if (value !== undefined && typeof value !== 'boolean') {
      throw new MediaError(`its ${name} is ${describe(value)}: give true or false`)
    }
  }
  if (goal !== undefined && !(GOALS as readonly unknown[]).includes(goal)) {
    throw new MediaError(`its goal is ${describe(goal)}: give ${GOALS.join(' or ')}`)
  }
  const value: Record<string, unknown> = { stepMetric, stepSync, hidden, summary: summariesOf(summary), goal }
  const given = Object.entries(value).filter(([, part]) => part !== undefined)
  return { value: Object.fromEntries(given) as MetricDefinition }
}

function summariesOf(summary: unknown): readonly MetricSummary[] | undefined {
  if (summary === undefined) return undefined
  const list: unknown[] = Array.isArray(summary) ? summary : [summary]
  const wrong = list.find((word) => !(METRIC_SUMMARIES as readonly unknown[]).includes(word))
  if (wrong === undefined) return list as MetricSummary[]
  throw new MediaError(`its summary has ${describe(wrong)}: give ${METRIC_SUMMARIES.join(', ')}`)
}
