import { existsSync } from 'node:fs'
import type { CheckpointEntry } from '../../checkpoint/manifest.js'
import { type BestRule, rankByBest } from '../../checkpoint/ranking.js'
import { type Depth, problemsOf } from '../../checkpoint/verify.js'
import type { StoredRun } from './stored-run.js'

export interface CheckedCheckpoint extends CheckpointEntry {
  /** A sentence for each of its files that is not as it was saved. */
  readonly problems: readonly string[]
}

/** What checkpoints a run has. */
export interface RunCheckpoints {
  /** By step. */
  readonly checkpoints: readonly CheckedCheckpoint[]
  /** Of those without problems. */
  readonly latest: CheckedCheckpoint | null
  readonly best: CheckedCheckpoint | null
  /** By what the best one is told; null where the program said it. */
  readonly bestBy: BestRule | null
  /** How many the run has set aside, because it went back to an earlier step. */
  readonly superseded: number
  readonly bytes: number
  /** A sentence for each that is not even in the list. */
  readonly unreadable: readonly string[]
}

/**
 * `depth`: whether the sizes of their files are compared (quick, finds what is gone or cut off), or every byte is read.
 * Blocks. Throws CheckpointError, and the file system's errors.
 */
export function readCheckpoints(run: StoredRun, depth: Depth): RunCheckpoints {
  const opened = run.checkpoints
  const checkpoints = opened
    .list()
    .map((entry) => ({ ...entry, problems: problemsOf(entry.path, depth) }))
    // A living run may have removed some meanwhile.
    .filter(({ path, problems }) => problems.length === 0 || existsSync(path))
  const good = checkpoints.filter(({ problems }) => problems.length === 0)
  const rule = checkpoints.findLast(({ bestBy }) => bestBy !== null)?.bestBy ?? null
  const [best = null] = rankByBest(good, rule)
  const isMeasured = rule !== null && best !== null && Number.isFinite(best.metrics[rule.metric])
  return {
    checkpoints,
    latest: good.at(-1) ?? null,
    best,
    bestBy: isMeasured ? rule : null,
    superseded: opened.list({ superseded: true }).length,
    bytes: checkpoints.reduce((sum, { bytes }) => sum + bytes, 0),
    unreadable: opened.problems,
  }
}

/** Names of their metrics, at most so many; the one by which the best is told comes first. */
export function checkpointMetrics({ checkpoints, bestBy }: RunCheckpoints, most: number): string[] {
  const names = checkpoints.flatMap(({ metrics }) => Object.keys(metrics))
  return [...new Set(bestBy === null ? names : [bestBy.metric, ...names])].slice(0, most)
}

/** `best, latest`, `damaged`, or nothing. */
export function checkpointMarks(
  { step, problems }: CheckedCheckpoint,
  { best, latest }: Pick<RunCheckpoints, 'best' | 'latest'>,
): string {
  if (problems.length > 0) return 'damaged'
  return [...(step === best?.step ? ['best'] : []), ...(step === latest?.step ? ['latest'] : [])].join(', ')
}
