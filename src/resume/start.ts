import { openCheckpoints } from '../checkpoint/index.js'
import type { Checkpoints } from '../checkpoint/read/checkpoints.js'
import type { CheckpointInfo } from '../checkpoint/types.js'
import { ResumeError, type ResumeFrom } from './types.js'

/** Where a run goes on. */
export interface Start {
  readonly checkpoint: CheckpointInfo | null
  /** The last step that counts. */
  readonly goOnAt: number | 'start' | 'end'
  /** A sentence for each checkpoint that was not good. */
  readonly problems: readonly string[]
}

/** `auto`: see ResumeFrom. Reads the checkpoints, and verifies the one that it takes. Throws ResumeError. Blocks. */
export function startOf(runDir: string, from: ResumeFrom | 'auto'): Start {
  if (from === 'end') return { checkpoint: null, goOnAt: 'end', problems: [] }
  const checkpoints = openCheckpoints(runDir)
  if (typeof from === 'number') return { checkpoint: goodOne(checkpoints, from), goOnAt: from, problems: [] }
  const checkpoint = checkpoints[from === 'auto' ? 'latest' : from]()
  const { problems } = checkpoints
  // A program that saves checkpoints, and has none, begins anew; of any other one nobody knows where it goes on.
  const without = from === 'auto' && problems.length === 0 ? 'end' : 'start'
  return { checkpoint, goOnAt: checkpoint?.step ?? without, problems }
}

/** Null: there is none of that step. A damaged one is refused before the run is changed: who asked for it would load another. */
function goodOne(checkpoints: Checkpoints, step: number): CheckpointInfo | null {
  let problems: readonly string[]
  let cause: unknown
  try {
    const checkpoint = checkpoints.at(step)
    if (checkpoint === null) return null
    problems = checkpoints.verify(checkpoint)
    if (problems.length === 0) return checkpoint
  } catch (error) {
    cause = error
    problems = [error instanceof Error ? error.message : String(error)]
  }
  throw new ResumeError(
    `the checkpoint of step ${step} cannot be used: ${problems.join('; ')}; give another one as \`from\``,
    cause,
  )
}
