import type { CheckpointInfo } from './types.js'

/** By what a run tells its best checkpoint. */
export interface BestRule {
  readonly metric: string
  readonly mode: 'min' | 'max'
}

export interface Rankable {
  readonly step: number
  readonly isBest: boolean
  readonly metrics: CheckpointInfo['metrics']
}

/**
 * Those that may be the best, best first. With a rule: by its metric, of equal ones the earlier step; who has no finite
 * number there is never the best. Without a rule, or where none has such a number: those that the program called best,
 * the last one first.
 */
export function rankByBest<Entry extends Rankable>(
  entries: readonly Entry[],
  rule: BestRule | null,
): Entry[] {
  if (rule !== null) {
    const { metric, mode } = rule
    const sign = mode === 'min' ? 1 : -1
    const measured = entries.filter(
      ({ metrics }) => Object.hasOwn(metrics, metric) && Number.isFinite(metrics[metric]),
    )
    if (measured.length > 0) {
      return measured.sort((a, b) => sign * (a.metrics[metric]! - b.metrics[metric]!) || a.step - b.step)
    }
  }
  return entries.filter(({ isBest }) => isBest).sort((a, b) => b.step - a.step)
}
