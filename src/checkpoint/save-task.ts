import { NICER, yieldToTraining } from '../delivery/priority.js'
import type { ResolvedOptions } from '../options/options.js'
import { goalOf } from '../sinks/summary/goal.js'
import type { CheckpointRequest } from './request.js'
import type { CheckpointInfo, CheckpointRetention } from './types.js'
import { writeCheckpoint } from './write/write-checkpoint.js'

/** One save for the pool thread. */
export interface CheckpointTask {
  readonly runDir: string
  readonly request: CheckpointRequest
  readonly options: ResolvedOptions['checkpoints']
  readonly goals: ResolvedOptions['goals']
}

export type CheckpointTaskResult =
  /** `problems`: older ones could not be removed, say. */
  | { readonly saved: CheckpointInfo; readonly problems: readonly string[] }
  /** Why it was not saved, and what to do. */
  | { readonly problem: string }

/** Writes one checkpoint, with a low priority. Never rejects. */
export async function saveCheckpoint({
  runDir,
  request,
  options,
  goals,
}: CheckpointTask): Promise<CheckpointTaskResult> {
  yieldToTraining(NICER)
  const { compression, minFreeBytes } = options
  const retention = retentionOf(request, options, goals)
  try {
    const { info, problems } = await writeCheckpoint({
      runDir,
      request,
      retention,
      compression,
      minFreeBytes,
    })
    return { saved: info, problems }
  } catch (error) {
    return { problem: error instanceof Error ? error.message : String(error) }
  }
}

/** Without a metric that was named, the first one that has a goal says what is best. */
function retentionOf(
  { metrics }: CheckpointRequest,
  { keepLast, keepBest, keepEvery, metric: named, mode }: CheckpointTask['options'],
  goals: CheckpointTask['goals'],
): CheckpointRetention {
  const goal = (name: string) => goals[name] ?? goalOf(name)
  const metric = named ?? Object.keys(metrics).find((name) => goal(name) !== undefined) ?? null
  const way = metric !== null && goal(metric) === 'maximize' ? 'max' : 'min'
  return { keepLast, keepBest, keepEvery, metric, mode: mode ?? way }
}
