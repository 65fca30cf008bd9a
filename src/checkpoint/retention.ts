import { type BestRule, type Rankable, rankByBest } from './ranking.js'
import type { CheckpointRetention } from './types.js'

export const ruleOf = ({ metric, mode }: Pick<CheckpointRetention, 'metric' | 'mode'>): BestRule | null =>
  metric === null ? null : { metric, mode }

/** Which checkpoints the rules want, newest first. Where no rule wants any, the newest one stays. */
export function keptByRules<Entry extends Rankable>(
  entries: readonly Entry[],
  retention: CheckpointRetention,
): Entry[] {
  const { keepLast, keepBest, keepEvery } = retention
  const newestFirst = [...entries].sort((a, b) => b.step - a.step)
  const kept = new Set<Entry>([
    ...newestFirst.slice(0, keepLast),
    ...rankByBest(entries, ruleOf(retention)).slice(0, keepBest),
    ...(keepEvery > 0 ? entries.filter(({ step }) => step % keepEvery === 0) : []),
  ])
  return kept.size > 0 ? newestFirst.filter((entry) => kept.has(entry)) : newestFirst.slice(0, 1)
}
