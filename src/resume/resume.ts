import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { basename, join } from 'node:path'
import { openCheckpoints } from '../checkpoint/index.js'
import { listSegments } from '../journal/files.js'
import { addRewind } from '../journal/rewinds.js'
import { resolveOptions } from '../options/validate.js'
import { alertOptions } from '../options/when-given.js'
import { endOf } from '../recovery/end-of-run.js'
import { INTERNAL_THREAD } from '../ring/internal-thread.js'
import { init } from '../run/init.js'
import { LiveRun } from '../run/live-run.js'
import type { ResumedRun } from '../run/resumed.js'
import type { Run } from '../run/run.js'
import { removeTemporaryFiles } from '../store/atomic-file.js'
import { RUN_FILE_NAME, type RunFile, readRunFile, writeRunFile } from '../store/run-file.js'
import { isEqualJson } from './changed-config.js'
import { checkOptions } from './check-options.js'
import { findRun } from './find-run.js'
import { type JournalState, readJournalState } from './journal-state.js'
import { lockOf } from './lock.js'
import { optionsOf } from './run-options.js'
import { startOf } from './start.js'
import { ResumeError, type ResumeFrom, type ResumeOptions } from './types.js'

/** Where a process that was killed may have left temporary files. */
const WRITTEN_TO = ['', 'lock', 'cursors', 'journal', 'checkpoints', 'artifacts/files']

/** See `resume()` of the package. */
export async function resumeRun(given: ResumeOptions): Promise<Run> {
  const asked = checkOptions(given)
  const { run: _run, from, ifMissing: _ifMissing, ...plain } = given
  // init() says what a run is in a thread of ours, which a preload may run in too.
  if (asked.mode === 'disabled' || process.env[INTERNAL_THREAD] !== undefined) return init(plain)
  const found = findRun(given, asked)
  if (found === null) return init(plain)
  const nonce = randomUUID()
  const lock = await lockOf(found, nonce)
  try {
    if (!existsSync(join(found, RUN_FILE_NAME))) return new LiveRun(asked, begunAt(found, nonce))
    const file = endedFile(found)
    const options = resolveOptions(optionsOf(given, file))
    const resumed = takeBack(
      found,
      file,
      from ?? (given.checkpoints === undefined ? 'auto' : 'latest'),
      nonce,
    )
    if (given.onAlert !== undefined) alertOptions().listenForAlerts(options, given.onAlert)
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

/** A directory that has nothing but its name is begun anew: its process died before it could write anything. */
function begunAt(dir: string, nonce: string): ResumedRun {
  if (listSegments(join(dir, 'journal')).length > 0) {
    const message = `${join(dir, RUN_FILE_NAME)} is not there, though the run has a journal`
    throw new ResumeError(`${message}: restore it, or give another id`)
  }
  return {
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
    problems: [],
  }
}

/** With the end of the process before, which may have had no time to write it. */
function endedFile(runDir: string): RunFile {
  for (const part of WRITTEN_TO) removeTemporaryFiles(join(runDir, part))
  const file = readRunFile(runDir)
  const ended = endOf(runDir, file)
  if (ended !== file) writeRunFile(runDir, ended, { sync: true })
  return ended
}

/** Takes a run back to where it goes on. From here on, what was logged after that counts no more. */
function takeBack(runDir: string, file: RunFile, from: ResumeFrom | 'auto', nonce: string): ResumedRun {
  const journal = readJournalState(runDir, file)
  const { checkpoint, goOnAt, problems } = startOf(runDir, from)
  const { lastStep } = journal
  // First: else a crash in between leaves checkpoints of rows that count no more, for the next resume() to go on from.
  if (goOnAt !== 'end') openCheckpoints(runDir).setAside(goOnAt === 'start' ? -1 : goOnAt)
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
    problems,
  }
}

const isBehind = (goOnAt: number | 'start', lastStep: number | null): boolean =>
  lastStep !== null && (goOnAt === 'start' || lastStep > goOnAt)

function rewind(runDir: string, step: number | 'start', { producers }: JournalState): void {
  const before = Object.fromEntries(producers.map(({ id, next }) => [id, next]))
  addRewind(join(runDir, 'journal'), { step, before, time: Date.now() })
}
