import type { CheckpointEntry } from '../../checkpoint/manifest.js'
import { type BestRule, rankByBest } from '../../checkpoint/ranking.js'
import type { StoredRun } from './stored-run.js'

/** What checkpoints a run has, by what their `checkpoint.json` say: their files are not looked at. */
export interface RunCheckpoints {
  /** By step. */
  readonly entries: readonly CheckpointEntry[]
  readonly latest: CheckpointEntry | null
  readonly best: CheckpointEntry | null
  /** By what the best one is told; null where the program said it. */
  readonly bestBy: BestRule | null
  /** How many the run has set aside, because it went back to an earlier step. */
  readonly superseded: number
  readonly bytes: number
  /** A sentence for each that cannot be used. */
  readonly problems: readonly string[]
}

/** Blocks: quick, also for thousands. Throws CheckpointError, and the file system's errors. */
export function readCheckpoints(run: StoredRun): RunCheckpoints {
  const { checkpoints } = run
  const entries = checkpoints.list()
  const bestBy = entries.findLast((entry) => entry.bestBy !== null)?.bestBy ?? null
  const [best = null] = rankByBest(entries, bestBy)
  return {
    entries,
    latest: entries.at(-1) ?? null,
    best,
    // Where none has the metric, it is not by it that the best one is told.
    bestBy: bestBy !== null && best !== null && Object.hasOwn(best.metrics, bestBy.metric) ? bestBy : null,
    superseded: checkpoints.list({ superseded: true }).length,
    bytes: entries.reduce((sum, entry) => sum + entry.bytes, 0),
    problems: checkpoints.problems,
  }
}
