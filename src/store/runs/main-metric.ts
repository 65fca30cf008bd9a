import { bestOf } from './helpers.js'
import type { StoredRun } from './stored-run.js'
import type { RunSummary, SummaryPoint } from './types.js'

const VALIDATION = /(^|[^a-z])(val|valid|validation|eval|dev|test)([^a-z]|$)/i
const LOSS = /loss/i

export interface MainMetric {
  readonly name: string
  readonly best: SummaryPoint
}

/** Several columns and their title ask. */
const known = new WeakMap<StoredRun, MainMetric | null>()

export function mainMetricOf(run: StoredRun): MainMetric | null {
  const before = known.get(run)
  if (before !== undefined) return before
  const found = mainMetric(run.summary())
  known.set(run, found)
  return found
}

/** The metric that tells most of a run: a validation loss, another one of validation, a loss, any with a goal. */
function mainMetric({ metrics }: RunSummary): MainMetric | null {
  let found: MainMetric | null = null
  let foundRank = -1
  for (const [name, metric] of Object.entries(metrics)) {
    if (metric.best === undefined) continue
    const best = bestOf(metric, metric.best.goal)
    const rank = (VALIDATION.test(name) ? 2 : 0) + (LOSS.test(name) ? 1 : 0)
    if (best !== null && rank > foundRank) [found, foundRank] = [{ name, best }, rank]
  }
  return found
}
