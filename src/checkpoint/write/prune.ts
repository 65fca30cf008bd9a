import { basename } from 'node:path'
import { stepOf } from '../names.js'
import { listEntries, type OnProblem } from '../registry.js'
import { keptByRules } from '../retention.js'
import type { CheckpointRetention } from '../types.js'
import { problemsOf } from '../verify.js'
import { removeDirectory } from './publish.js'

/**
 * Deletes the checkpoints that no rule wants, and returns their steps. Before it does, one of those that stay must be
 * good; else nothing is deleted, as one that no rule wants may be the only good one. `justWritten`: the step whose hashes
 * are known to be right. Blocks. Throws the file system's errors.
 */
export function prune(
  directory: string,
  {
    retention,
    justWritten,
    onProblem,
  }: { retention: CheckpointRetention; justWritten: number; onProblem: OnProblem },
): number[] {
  const entries = listEntries(directory, onProblem)
  const kept = keptByRules(entries, retention)
  // What is just being replaced belongs to who does it.
  const unwanted = entries.filter((entry) => !kept.includes(entry) && stepOf(basename(entry.path)) !== null)
  if (unwanted.length === 0) return []
  const isGood = ({ step, path }: { step: number; path: string }) =>
    problemsOf(path, step === justWritten ? 'size' : 'hash').length === 0
  // The quick look first.
  const candidates = [...kept].sort((a, b) => Number(b.step === justWritten) - Number(a.step === justWritten))
  if (!candidates.some(isGood)) {
    onProblem(
      `No checkpoint that is to be kept in ${directory} is good: the others are not deleted. Save a new one`,
    )
    return []
  }
  for (const { path, step } of unwanted) removeDirectory(directory, path, step)
  return unwanted.map(({ step }) => step)
}
