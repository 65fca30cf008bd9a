import fs from 'node:fs'
import path from 'node:path'
import { RingJournal } from '../journal/ring-journal.js'
import { Control } from '../ring/control.js'
import { RingReader } from '../ring/reader.js'
import { readRunFile, writeRunFile } from '../store/run-file.js'
import { createRunDirectory, formatRunId } from './context/run-id.js'
import type { DaemonSetup, FinalStatus, FinishRequest } from './messages.js'

type About = Pick<FinishRequest, 'exitCode' | 'error'>

/**
 * The last resort of a process that ends while its daemon does not move: this thread empties the rings into a
 * new segment of the journal, and writes the status. Synchronous. A drain that was only slow may write the same
 * rows to its own segment: readers skip by sequence number what they find twice.
 */
export function rescueRun(setup: DaemonSetup, status: FinalStatus, about: About): void {
  try {
    const control = new Control(setup.control)
    const { dir, id } = control.located ? control.location(0)! : makeDirectory(setup)
    const journal = new RingJournal({
      directory: path.join(dir, 'journal'),
      runId: id,
      segmentBytes: setup.options.journal.segmentBytes,
    })
    for (const { ring } of setup.rings) {
      const { producer } = new RingReader(ring, 0)
      journal.add(new RingReader(ring, journal.nextSequence(producer)))
    }
    while (journal.pass() > 0) {
      // until the rings are empty
    }
    journal.sync()
    journal.close()
    setStatus(dir, status, about)
  } catch (error) {
    fs.writeSync(2, `offstep: the last records could not be saved while the process ended: ${error}\n`)
  }
}

function makeDirectory({ options, startTime }: DaemonSetup): { id: string; dir: string } {
  const id = options.id ?? formatRunId(options.name, startTime, null)
  return createRunDirectory(options.dir, options.project, id)
}

/** Marks a finished run as failed: the process ended by an exception after `await using` had finished it. */
export function markFailed(runDir: string, about: About): void {
  setStatus(runDir, 'failed', about)
}

function setStatus(runDir: string, status: FinalStatus, about: About): void {
  try {
    const file = readRunFile(runDir)
    const endTime = file.endTime ?? new Date().toISOString()
    const durationSeconds = (Date.parse(endTime) - Date.parse(file.startTime)) / 1000
    writeRunFile(runDir, { ...file, ...about, status, endTime, durationSeconds }, { sync: true })
  } catch {
    // No run.json, or none that can be written: recovery will find the run by its heartbeat.
  }
}
