import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { basename, join } from 'node:path'
import { listenForAlerts } from '../alerts/listen.js'
import { openCheckpoints } from '../checkpoint/index.js'
import type { CheckpointInfo } from '../checkpoint/types.js'
import { addRewind } from '../journal/rewinds.js'
import { resolveOptions } from '../options/validate.js'
import { acquireLock } from '../recovery/acquire-lock.js'
import { endOf } from '../recovery/end-of-run.js'
import { init } from '../run/init.js'
import { LiveRun } from '../run/live-run.js'
import type { ResumedRun } from '../run/resumed.js'
import type { Run } from '../run/run.js'
import { removeTemporaryFiles } from '../store/atomic-file.js'
import { RUN_FILE_NAME, type RunFile, readRunFile, writeRunFile } from '../store/run-file.js'
import { RunAliveError, type RunLock } from '../store/run-lock.js'
import { isEqualJson } from './changed-config.js'
import { findRun } from './find-run.js'
import { type JournalState, readJournalState } from './journal-state.js'
import { optionsOf } from './run-options.js'
import { ResumeError, type ResumeFrom, type ResumeOptions } from './types.js'

/** See `resume()` of the package. */
export async function resumeRun(given: ResumeOptions): Promise<Run> {
  const { run: _run, from, ifMissing: _ifMissing, ...plain } = given
  const asked = resolveOptions(plain)
  if (asked.mode === 'disabled') return init(plain)
  const found = findRun(given, asked)
  if (found === null) return init(plain)
  const nonce = randomUUID()
  const lock = await lockOf(found, nonce)
  try {
    // Its process died before it could write anything.
    if (!existsSync(join(found, RUN_FILE_NAME))) return new LiveRun(asked, begunAt(found, nonce))
    const file = endedFile(found)
    const options = resolveOptions(optionsOf(given, file))
    const resumed = takeBack(
      found,
      file,
      from ?? (given.checkpoints === undefined ? 'auto' : 'latest'),
      nonce,
    )
    if (given.onAlert !== undefined) listenForAlerts(options, given.onAlert)
    const run = new LiveRun({ ...options, project: file.project, id: file.id }, resumed)
    // Parameters that are others now.
    if (given.config !== undefined && !isEqualJson(options.config, file.config))
      run.updateConfig(options.config)
    return run
  } catch (error) {
    lock.release()
    throw error
  }
}

async function lockOf(runDir: string, nonce: string): Promise<RunLock> {
  try {
    return await acquireLock(runDir, { role: 'run', nonce, signal: new AbortController().signal })
  } catch (error) {
    if (!(error instanceof RunAliveError)) throw error
    throw new ResumeError(`${error.message}: a run can be resumed when its process has ended`, error)
  }
}

/** A directory that has nothing but its name is begun anew. */
const begunAt = (dir: string, nonce: string): ResumedRun => ({
  id: basename(dir),
  dir,
  nonce,
  attempt: 0,
  startTime: Date.now(),
  durationMs: 0,
  producers: [],
  step: null,
  rewoundTo: null,
  checkpoint: null,
})

/** With the end of the process before, which may have had no time to write it. */
function endedFile(runDir: string): RunFile {
  for (const part of ['', 'lock', 'cursors', 'artifacts/files']) removeTemporaryFiles(join(runDir, part))
  const file = readRunFile(runDir)
  const ended = endOf(runDir, file)
  if (ended !== file) writeRunFile(runDir, ended, { sync: true })
  return ended
}

/** Takes a run back to where it goes on. From here on, what was logged after that counts no more. */
function takeBack(runDir: string, file: RunFile, from: ResumeFrom | 'auto', nonce: string): ResumedRun {
  const journal = readJournalState(runDir, file)
  const { checkpoint, goOnAt } = startOf(runDir, from)
  const { lastStep } = journal
  const rewoundTo = goOnAt !== 'end' && isBehind(goOnAt, lastStep) ? goOnAt : null
  if (rewoundTo !== null) rewind(runDir, rewoundTo, journal)
  return {
    id: file.id,
    dir: runDir,
    nonce,
    attempt: (file.resumes?.length ?? 0) + 1,
    startTime: Date.parse(file.startTime),
    durationMs: (file.durationSeconds ?? 0) * 1000,
    producers: journal.producers,
    step: goOnAt === 'end' ? lastStep : goOnAt === 'start' ? null : goOnAt,
    rewoundTo,
    checkpoint,
  }
}

interface Start {
  readonly checkpoint: CheckpointInfo | null
  /** The last step that counts. */
  readonly goOnAt: number | 'start' | 'end'
}

function startOf(runDir: string, from: ResumeFrom | 'auto'): Start {
  if (from === 'end') return { checkpoint: null, goOnAt: 'end' }
  const checkpoints = openCheckpoints(runDir)
  if (typeof from === 'number') return { checkpoint: checkpoints.at(from), goOnAt: from }
  const checkpoint = checkpoints[from === 'auto' ? 'latest' : from]()
  // A program that saves checkpoints, and has none, begins anew; of any other one nobody knows where it goes on.
  return { checkpoint, goOnAt: checkpoint?.step ?? (from === 'auto' ? 'end' : 'start') }
}

const isBehind = (goOnAt: number | 'start', lastStep: number | null): boolean =>
  lastStep !== null && (goOnAt === 'start' || lastStep > goOnAt)

function rewind(runDir: string, step: number | 'start', { producers }: JournalState): void {
  const before = Object.fromEntries(producers.map(({ id, next }) => [id, next]))
  addRewind(join(runDir, 'journal'), { step, before, time: Date.now() })
  openCheckpoints(runDir).setAside(step === 'start' ? -1 : step)
}
