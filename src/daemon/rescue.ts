import fs from 'node:fs'
import path from 'node:path'
import { RingJournal } from '../journal/ring-journal.js'
import { countersOf, isMediaRing } from '../ring/account.js'
import { Control } from '../ring/control.js'
import { DROP, F64 } from '../ring/layout.js'
import { RingReader } from '../ring/reader.js'
import { writeFileAtomic } from '../store/atomic-file.js'
import { type RunFile, readRunFile, writeRunFile } from '../store/run-file.js'
import { RunLock, readLock } from '../store/run-lock.js'
import { createRunDirectory, formatRunId } from './context/run-id.js'
import type { DaemonSetup, FinalStatus, FinishRequest } from './messages.js'
import { countRecords, isUsed, RunRecord } from './run-record.js'

const MAX_ATTEMPTS = 5

type About = Pick<FinishRequest, 'exitCode' | 'error'>

/**
 * The last resort of a process that ends while its daemon does not move: this thread empties the rings into a
 * new segment of the journal, and writes the status. Synchronous. A drain that was only slow may write the same
 * rows to its own segment: readers skip by sequence number what they find twice.
 */
export function rescueRun(setup: DaemonSetup, status: FinalStatus, about: About): void {
  try {
    const control = new Control(setup.control)
    // A daemon that was only slow must not write over what is written here.
    control.setFinished()
    const { dir, id } = control.takeDirectory() ?? makeDirectory(setup, control)
    dropUnfinishedMedia(setup)
    if (setup.rings.some(({ ring }) => !new RingReader(ring, 0).empty)) emptyRings(setup, id, dir)
    const records = countRecords(setup.rings)
    if (!setStatus(dir, status, { ...about, records })) writeRecord(setup, id, dir, status, about)
    releaseLock(dir, setup.nonce)
  } catch (error) {
    fs.writeSync(2, `offstep: the last records could not be saved while the process ended: ${error}\n`)
  }
}

/** Media calls that the daemon had in hand died with it. */
function dropUnfinishedMedia({ rings }: DaemonSetup): void {
  const media = rings.find(({ ring }) => isMediaRing(ring))
  if (media === undefined) return
  for (const { ring } of rings) {
    const counters = countersOf(ring)
    const left = counters[F64.MEDIA_POSTED]! - counters[F64.MEDIA_DONE]!
    counters[F64.MEDIA_DONE] = counters[F64.MEDIA_POSTED]!
    countersOf(media.ring)[DROP['media-backlog']]! += left
  }
}

/** A drain that was only slow may begin the very segment that this thread wanted: then the next one is taken. */
function emptyRings(setup: DaemonSetup, runId: string, dir: string): void {
  for (let attempts = 1; ; attempts++) {
    try {
      emptyRingsOnce(setup, runId, dir)
      return
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || attempts === MAX_ATTEMPTS) throw error
    }
  }
}

function emptyRingsOnce({ rings, options }: DaemonSetup, runId: string, dir: string): void {
  const directory = path.join(dir, 'journal')
  const journal = new RingJournal({ directory, runId, segmentBytes: options.journal.segmentBytes })
  for (const { ring } of rings) journal.addRing(ring)
  while (journal.pass() > 0) {
    // until the rings are empty
  }
  journal.sync()
  journal.close()
}

/** The daemon died before it had written run.json: without one, nobody could recover the run. */
function writeRecord(setup: DaemonSetup, id: string, dir: string, status: FinalStatus, about: About): void {
  const { rings } = setup
  const record = new RunRecord(dir, id, setup)
  for (const ring of rings) if (isUsed(ring, rings)) record.addProducer(ring)
  record.end({ type: 'finish', status, timeoutMs: 0, ...about }, countRecords(rings), {
    ...record.now,
    delivered: false,
  })
  record.write(true)
}

/** The daemon is dead, and this process may live on: whoever comes next may deliver the rest. */
function releaseLock(dir: string, nonce: string): void {
  const { owner } = readLock(dir)
  if (owner?.nonce === nonce) RunLock.acquire(dir, { role: 'run', nonce }).release()
}

function makeDirectory({ options, startTime }: DaemonSetup, control: Control): { id: string; dir: string } {
  const id = options.id ?? formatRunId(options.name, startTime, null)
  const made = createRunDirectory(options.dir, options.project, id)
  control.locate(made, true)
  return made
}

/** Marks a finished run as failed: the process ended by an exception after `await using` had finished it. */
export function markFailed(runDir: string, about: About): void {
  setStatus(runDir, 'failed', about)
  const file = path.join(runDir, 'summary.json')
  try {
    // As text: numbers keep their digits.
    const text = fs.readFileSync(file, 'utf8')
    writeFileAtomic(file, text.replace('\n  "status": "completed"', '\n  "status": "failed"'))
  } catch {
    // No summary: recovery makes one.
  }
}

/** False where there is no run.json, or none that can be read or written. */
function setStatus(runDir: string, status: FinalStatus, about: About & Pick<RunFile, 'records'>): boolean {
  try {
    const file = readRunFile(runDir)
    const endTime = file.endTime ?? new Date().toISOString()
    const durationSeconds = (Date.parse(endTime) - Date.parse(file.startTime)) / 1000
    writeRunFile(runDir, { ...file, ...about, status, endTime, durationSeconds }, { sync: true })
    return true
  } catch {
    return false
  }
}
