import fs from 'node:fs'
import path from 'node:path'
import { RUN_FILE_NAME, type RunFile, RunFileError, readRunFile } from '../store/run-file.js'
import { describeOwner, readLock } from '../store/run-lock.js'
import type { RunCheck, RunState } from './report.js'

export interface CheckedRun {
  /** Null where run.json cannot be read. */
  readonly file: RunFile | null
  readonly check: RunCheck
}

/** Reads run.json and the lock. Throws RunFileError where the directory holds nothing of a run at all. */
export function checkRun(runDir: string): CheckedRun {
  const { file, problem } = read(runDir)
  const { owner, state: lock } = readLock(runDir)
  const held = lock === 'free' ? null : describeOwner(owner)
  return {
    file,
    check: {
      result: file !== null ? 'ok' : fs.existsSync(path.join(runDir, RUN_FILE_NAME)) ? 'damaged' : 'missing',
      problem,
      state: stateOf(lock, file),
      owner: held,
      id: file?.id ?? null,
      project: file?.project ?? null,
      status: file?.status ?? null,
      delivered: file?.delivered === true,
    },
  }
}

function read(runDir: string): { file: RunFile | null; problem: string | null } {
  try {
    return { file: readRunFile(runDir), problem: null }
  } catch (error) {
    if (!(error instanceof RunFileError)) throw error
    if (!fs.existsSync(path.join(runDir, 'journal'))) throw error
    const gone = !fs.existsSync(path.join(runDir, RUN_FILE_NAME))
    return { file: null, problem: gone ? `${RUN_FILE_NAME} is gone` : error.message }
  }
}

function stateOf(lock: ReturnType<typeof readLock>['state'], file: RunFile | null): RunState {
  if (lock === 'alive') return 'live'
  if (lock === 'silent') return 'silent'
  if (file === null) return 'unknown'
  return file.status === 'running' ? 'unrecovered' : 'ended'
}
