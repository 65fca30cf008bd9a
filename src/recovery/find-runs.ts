import { type RunFile, RunFileError, readRunFile } from '../store/run-file.js'
import { type LockState, readLock } from '../store/run-lock.js'
import { listRuns } from '../store/runs/named-runs.js'

export interface FoundRun {
  readonly dir: string
  readonly project: string
  readonly id: string
  readonly file: RunFile
  /** `free`: nobody works on it. `silent`: an owner elsewhere that has given no sign for some time. */
  readonly lock: LockState
  /** A process writes or delivers it. */
  readonly alive: boolean
  /** Every sink that the run has holds all of its records. */
  readonly delivered: boolean
}

/**
 * The runs below `root` (`root/project/id`), oldest first; directories without a readable run.json are no runs.
 * Blocks: not for the training thread. Throws and leaves out as `listRuns()` does.
 */
export function findRuns(root: string): FoundRun[] {
  const runs = [...walkRuns(root)]
  return runs.sort((a, b) => Date.parse(a.file.startTime) - Date.parse(b.file.startTime))
}

/** The same one by one, in the order of the directory: a caller may let others have a turn between two. */
export function* walkRuns(root: string): Generator<FoundRun> {
  for (const { dir } of listRuns(root)) {
    const run = readRun(dir)
    if (run !== null) yield run
  }
}

/** Null where the directory holds no run that can be read. */
export function readRun(dir: string): FoundRun | null {
  let file: RunFile
  try {
    file = readRunFile(dir)
  } catch (error) {
    if (error instanceof RunFileError) return null
    throw error
  }
  const { state } = readLock(dir)
  return {
    dir,
    project: file.project,
    id: file.id,
    file,
    lock: state,
    alive: state === 'alive',
    delivered: file.delivered === true,
  }
}
