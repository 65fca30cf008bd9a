import { type Goal, goalOf } from '../../sinks/summary/goal.js'
import { goalsOf } from './goals.js'
import type { StoredRun } from './stored-run.js'
import {
  type MetricRow,
  type RunSummary,
  StoreError,
  type SummaryMetric,
  type SummaryPoint,
} from './types.js'

/** What each metric of a run came to: first, last, lowest, highest, mean and best value, as far as the journal goes. */
export function summarize(run: StoredRun): RunSummary {
  return run.summary({ current: true })
}

/** The highest step that was logged; null where nothing was. */
export function latestStep(run: StoredRun): number | null {
  return summarize(run).steps?.max ?? null
}

/** All log calls, in memory; `names`: only these metrics. For a long run: `run.rows()` and `run.series()`. */
export function loadMetrics(run: StoredRun, names?: readonly string[]): MetricRow[] {
  return [...run.rows(names)]
}

/** Which way a metric of a run gets better: as `init({ goals })` was told, else by its name; null: nobody knows. */
export function goalFor(run: StoredRun, metric: string): Goal | null {
  return goalsOf(run.file)[metric] ?? goalOf(metric) ?? null
}

/** Null where the metric has no such value: nothing but NaN. */
export function bestOf(metric: SummaryMetric, goal: Goal): SummaryPoint | null {
  return goal === 'minimize' ? metric.min : metric.max
}

export interface BestRun {
  readonly run: StoredRun
  readonly metric: string
  readonly goal: Goal
  readonly best: SummaryPoint
}

/**
 * The run with the best value of a metric at any step; null where none of them has it. Of runs that are equally good, the
 * first. Throws StoreError where nobody knows which way the metric gets better.
 */
export function bestRun(runs: readonly StoredRun[], metric: string, goal?: Goal): BestRun | null {
  let found = null as BestRun | null
  for (const run of runs) {
    const values = summarize(run).metrics
    if (!Object.hasOwn(values, metric)) continue
    const way: Goal | null = goal ?? found?.goal ?? goalFor(run, metric)
    if (way === null) {
      throw new StoreError(`nobody knows which way "${metric}" gets better: give "minimize" or "maximize"`)
    }
    const best = bestOf(values[metric]!, way)
    if (best === null) continue
    if (found === null || isBetter(best.value, found.best.value, way))
      found = { run, metric, goal: way, best }
  }
  return found
}

export const isBetter = (value: number, than: number, goal: Goal): boolean =>
  goal === 'minimize' ? value < than : value > than
