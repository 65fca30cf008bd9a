import path from 'node:path'
import { deliver, release, type Slice, type SliceError } from '../delivery/deliver.js'
import { readBack } from '../journal/read-back.js'
import type { ResolvedSink } from '../options/options.js'
import type { RunStatus } from '../sinks/sink.js'
import { readHeartbeat, removeHeartbeat } from '../store/heartbeat.js'
import { type RunFile, readRunFile, writeRunFile } from '../store/run-file.js'

export interface RecoveryReport {
  readonly id: string
  readonly status: RunStatus
  /** Rows that the journal holds. */
  readonly journaled: number
  /** Sinks that do not have all of them yet, and why. */
  readonly failed: { readonly [sink: string]: SliceError }
}

/** The run cannot be recovered, because its process is alive. */
export class RunAliveError extends Error {
  readonly code = 'OFFSTEP_RUN_ALIVE'
  readonly retryable = true

  constructor(runDir: string) {
    super(`The run in ${runDir} is still being written by its process: wait until that has ended`)
    this.name = 'RunAliveError'
  }
}

/**
 * Completes a run whose process is gone: brings every sink from its cursor to the end of the journal, marks the
 * run `crashed` where it had no end, and closes the summary. May be called any number of times, and may itself
 * be killed at any point: it is the same delivery as in a live run. Throws RunAliveError and RunFileError.
 *
 * Blocks the thread with file calls: not for a thread that trains.
 */
export async function recoverRun(runDir: string): Promise<RecoveryReport> {
  const file = readRunFile(runDir)
  const heartbeat = readHeartbeat(runDir)
  if (file.status === 'running' && heartbeat?.alive) throw new RunAliveError(runDir)
  const account = readBack(path.join(runDir, 'journal'))
  const journaled = [...account.next.values()].reduce((sum, rows) => sum + rows, 0)
  const ended = endOf(file, heartbeat?.time ?? Date.now())
  const failed: Record<string, SliceError> = {}
  try {
    for (const sink of file.sinks) {
      const error = await catchUp(runDir, ended, sink)
      if (error !== null) failed[sink.name] = error
    }
  } finally {
    await release(runDir)
  }
  const records = {
    accepted: file.records?.accepted ?? journaled,
    dropped: file.records?.dropped ?? 0,
    journaled,
  }
  writeRunFile(runDir, { ...ended, records }, { sync: true })
  removeHeartbeat(runDir)
  return { id: file.id, status: ended.status, journaled, failed }
}

function endOf(file: RunFile, lastSignMs: number): RunFile {
  if (file.status !== 'running') return file
  const durationSeconds = (lastSignMs - Date.parse(file.startTime)) / 1000
  return { ...file, status: 'crashed', endTime: new Date(lastSignMs).toISOString(), durationSeconds }
}

async function catchUp(runDir: string, file: RunFile, sink: ResolvedSink): Promise<SliceError | null> {
  const { id, project, name, status } = file
  const startTime = Date.parse(file.startTime)
  const endTime = Date.parse(file.endTime ?? file.startTime)
  const common: Omit<Slice, 'lease' | 'close'> = {
    run: { id, project, name, dir: runDir, startTime },
    sink,
    slot: null,
    producers: Object.fromEntries(file.producers.map((producer) => [producer.id, producer.name])),
    end: Number.POSITIVE_INFINITY,
    timeoutMs: 60_000,
    live: false,
  }
  let rebuilt = false
  for (let lease = 0; ; lease++) {
    const { caughtUp, error } = await deliver({ ...common, lease, close: null })
    if (error?.action === 'rebuild' && !rebuilt) {
      rebuilt = true
      continue
    }
    if (error !== null) return error
    if (!caughtUp) continue
    return (await deliver({ ...common, lease: lease + 1, close: { status, endTime } })).error
  }
}
