/** The content of summary.json. Times are Unix seconds; NaN and infinities are strings, as in metrics.jsonl. */
import type { JsonObject } from '../../record/json.js'
import type { RunStatus, SinkContext } from '../sink.js'
import type { Accumulators, MetricSummary, Point } from './accumulators.js'
import { type Goal, goalOf } from './goal.js'
import type { RowCounts } from './rows.js'

export interface Progress {
  readonly status: RunStatus
  /** Milliseconds since the epoch: the end of the run, or else its newest row. */
  readonly endTime: number
  /** Milliseconds since the epoch. */
  readonly now: number
}

export interface SummaryContent {
  readonly rows: RowCounts
  readonly metrics: Accumulators
  /** Set by `run.updateSummary()`. */
  readonly values: JsonObject
}

export function summaryText(
  context: Pick<SinkContext, 'runId' | 'project' | 'runName' | 'startTime'>,
  progress: Progress,
  { rows, metrics, values }: SummaryContent,
  goals: { readonly [name: string]: Goal },
): string {
  const explicit = new Map(Object.entries(goals))
  const entries = Array.from(metrics.metrics(), (metric) => {
    return [metric.name, metricEntry(metric, explicit.get(metric.name) ?? goalOf(metric.name))] as const
  })
  const document = {
    runId: context.runId,
    project: context.project,
    name: context.runName,
    status: progress.status,
    updated: new Date(progress.now).toISOString(),
    durationSeconds: seconds(progress.endTime - context.startTime),
    rows: rows.count,
    steps: rows.count === 0 ? null : rows.steps,
    ...(metrics.omittedValues > 0 && { omittedValues: metrics.omittedValues }),
    ...(Object.keys(values).length > 0 && { values }),
    metrics: Object.fromEntries(entries),
  }
  return `${JSON.stringify(document, null, 2)}\n`
}

function metricEntry(metric: MetricSummary, goal: Goal | undefined) {
  const best = goal === 'minimize' ? metric.min : metric.max
  return {
    ...(goal !== undefined && best !== null && { best: { ...pointEntry(best), goal } }),
    first: pointEntry(metric.first),
    last: pointEntry(metric.last),
    min: metric.min && pointEntry(metric.min),
    max: metric.max && pointEntry(metric.max),
    mean: metric.mean,
    count: metric.count,
    nonFinite: metric.nonFinite,
  }
}

function pointEntry(point: Point) {
  return { value: jsonNumber(point.value), step: point.step, time: seconds(point.time) }
}

function jsonNumber(value: number): number | string {
  return Number.isFinite(value) ? value : String(value)
}

function seconds(milliseconds: number): number {
  return Math.round(milliseconds) / 1000
}
