import fs from 'node:fs'
import path from 'node:path'
import { type FoundRun, findRuns, readRun } from '../../recovery/find-runs.js'
import { RunFileError, readRunFile } from '../../store/run-file.js'
import { CliError } from '../errors.js'
import { listRuns, resolveRun } from '../runs.js'
import type { Outcome } from './outcome.js'

export interface NamedRuns {
  /** Each once. */
  readonly runs: readonly FoundRun[]
  /** What is wrong with each name that means no run that can be read, and what to type instead. */
  readonly problems: readonly string[]
}

/** The runs that the user named. One bad name does not keep the others waiting. */
export function namedRuns(names: readonly string[], root: string): NamedRuns {
  const runs = new Map<string, FoundRun>()
  const problems: string[] = []
  for (const name of names) {
    try {
      const run = namedRun(name, root)
      runs.set(run.dir, run)
    } catch (error) {
      if (!(error instanceof CliError || error instanceof RunFileError)) throw error
      problems.push(error.message)
    }
  }
  return { runs: [...runs.values()], problems }
}

function namedRun(name: string, root: string): FoundRun {
  const dir = resolveRun(name, root)
  const run = readRun(dir)
  // Reading it once more says why it is no run.
  if (run === null) readRunFile(dir)
  return run!
}

/** All runs below `root`. */
export function runsBelow(root: string): FoundRun[] {
  if (!fs.existsSync(root)) {
    throw new CliError(
      `there is no directory ${root}: give the runs' directory with --dir, or set OFFSTEP_DIR`,
    )
  }
  return findRuns(root)
}

/** Something is left to deliver, or its end is missing because its process died. */
export function isPending(run: FoundRun): boolean {
  return !run.delivered || (run.file.status === 'running' && !run.alive)
}

/**
 * Directories below `root` that hold a journal, but no run.json that could be read: nothing can be delivered of
 * them, and the user should know.
 */
export function unreadableRuns(root: string, found: readonly FoundRun[]): Outcome[] {
  const readable = new Set(found.map(({ dir }) => dir))
  return listRuns(root)
    .filter(({ dir }) => !readable.has(dir) && fs.existsSync(path.join(dir, 'journal')))
    .flatMap(({ project, id, dir }) => {
      const error = readProblem(dir)
      return error === null ? [] : [{ id, dir, project, report: null, only: null, error, interrupted: false }]
    })
}

/** Null where it can be read: it has been written since. */
function readProblem(dir: string): Outcome['error'] {
  try {
    readRunFile(dir)
    return null
  } catch (error) {
    const { code = 'UNKNOWN', message } = error as NodeJS.ErrnoException
    return { code, message }
  }
}
