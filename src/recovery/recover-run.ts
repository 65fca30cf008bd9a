import path from 'node:path'
import { readCursor } from '../delivery/cursor.js'
import { release } from '../delivery/deliver.js'
import { type JournalAccount, readBack } from '../journal/read-back.js'
import { bytesBefore, journalBytes } from '../journal/size.js'
import type { ResolvedSink } from '../options/options.js'
import { Control } from '../ring/control.js'
import { outcomeOf } from '../sinks/outcome.js'
import { removeTemporaryFiles } from '../store/atomic-file.js'
import { isNoRoom, NoRoomError } from '../store/disk-space.js'
import { type RunFile, readRunFile, writeRunFile } from '../store/run-file.js'
import { type LockRole, RENEW_INTERVAL_MS, type RunLock } from '../store/run-lock.js'
import { acquireLock } from './acquire-lock.js'
import { endOf } from './end-of-run.js'
import type { RecoverOptions, RecoveryProgress, RecoveryReport, SinkReport } from './report.js'
import { catchUpTogether, SinkCatchUp } from './sink-catch-up.js'
import { readUpload, writeUpload } from './uploads.js'

const SLICE_TIMEOUT_MS = 60_000

export interface RecoverySetup extends RecoverOptions {
  readonly role?: LockRole
  /** The run's lock, where the caller has it already and keeps it. */
  readonly lock?: RunLock
  /** In place of what run.json says: with the secrets that a run keeps out of files. */
  readonly sinks?: readonly ResolvedSink[]
}

/**
 * Completes a run whose process is gone, or that ended before everything was delivered: brings every sink from
 * its cursor to the end of the journal, marks the run `crashed` where it had no end, and closes the sinks. May
 * be called any number of times, by several processes at once, and be killed at any point: it is the same
 * delivery as in a live run, and a lock lets one process do it at a time.
 *
 * Throws RunAliveError while another process writes or delivers the run, RunFileError where there is no run,
 * NoRoomError where the disk has no room to begin; the run is then as it was.
 * What a sink answers is in the report. Blocks the thread with file calls: not for a thread that trains.
 */
export async function recoverRun(runDir: string, options: RecoverySetup = {}): Promise<RecoveryReport> {
  const signal = options.signal ?? new AbortController().signal
  readRunFile(runDir)
  const dir = path.resolve(runDir)
  try {
    return await recoverLocked(dir, options, signal)
  } catch (error) {
    throw isNoRoom((error as NodeJS.ErrnoException).code)
      ? new NoRoomError(dir, error as NodeJS.ErrnoException)
      : error
  }
}

async function recoverLocked(
  runDir: string,
  options: RecoverySetup,
  signal: AbortSignal,
): Promise<RecoveryReport> {
  const lock = options.lock ?? (await acquireLock(runDir, { role: options.role ?? 'recovery', signal }))
  const lost = new AbortController()
  const renewal = setInterval(() => {
    try {
      if (!lock.renew()) lost.abort()
    } catch {
      // A disk that fails for a moment: the next time will do. One that fails for good fails the delivery too.
    }
  }, RENEW_INTERVAL_MS)
  try {
    return await new Recovery(runDir, options, AbortSignal.any([signal, lost.signal])).run()
  } finally {
    clearInterval(renewal)
    if (options.lock === undefined) lock.release()
  }
}

class Recovery {
  readonly #dir: string
  readonly #options: RecoverySetup
  readonly #signal: AbortSignal
  readonly #control = new Control()
  readonly #account: JournalAccount
  readonly #journaled: number
  readonly #totalBytes: number
  /** Sinks that had been closed with all rows when this began. */
  readonly #delivered: ReadonlySet<string>
  #file: RunFile

  constructor(dir: string, options: RecoverySetup, signal: AbortSignal) {
    this.#dir = dir
    this.#options = options
    this.#signal = signal
    for (const part of ['', 'lock', 'cursors', 'artifacts/files']) removeTemporaryFiles(path.join(dir, part))
    // Only now that the lock is ours: another may have completed the run a moment ago.
    const file = readRunFile(dir)
    this.#account = readBack(this.#journal)
    this.#journaled = [...this.#account.next.values()].reduce((sum, rows) => sum + rows, 0)
    this.#totalBytes = journalBytes(this.#journal)
    this.#file = { ...endOf(dir, file), records: this.#records(file) }
    const known = new Set(file.sinks.map(({ name }) => name))
    this.#delivered = file.delivered === true ? known : new Set()
    const added = (options.add ?? []).filter(({ name }) => !known.has(name))
    if (added.length > 0) this.#file = { ...this.#file, sinks: [...file.sinks, ...added], delivered: false }
    if (JSON.stringify(this.#file) !== JSON.stringify(file)) writeRunFile(dir, this.#file, { sync: true })
  }

  get #journal(): string {
    return path.join(this.#dir, 'journal')
  }

  async run(): Promise<RecoveryReport> {
    const wanted = this.#sinks().filter(({ name }) => this.#options.only?.includes(name) ?? true)
    const own = wanted.map((sink, index) => this.#catchUp(sink, index))
    const left = this.#uploads.filter(({ name }) => !this.#isUploaded(name))
    const uploads = left.map((sink, index) => this.#catchUp(sink, own.length + index))
    const catchUps = [...own, ...uploads]
    try {
      const alone = catchUps.filter(({ local }) => !local).map((sink) => [sink])
      const groups = [catchUps.filter(({ local }) => local), ...alone]
      await Promise.all(groups.map((group) => catchUpTogether(group, this.#signal)))
    } finally {
      await release(this.#dir)
    }
    const complete = this.#isComplete(own)
    if (complete && this.#file.delivered !== true) {
      this.#file = { ...this.#file, delivered: true }
      writeRunFile(this.#dir, this.#file, { sync: true })
    }
    for (const upload of uploads.filter(isDone)) this.#noteUpload(upload.name)
    return this.#report(catchUps, complete && uploads.every(isDone))
  }

  get #uploads(): readonly ResolvedSink[] {
    return this.#options.uploads ?? []
  }

  #isUploaded(name: string): boolean {
    return readUpload(this.#dir, name)?.rows === this.#journaled
  }

  #noteUpload(name: string): void {
    writeUpload(this.#dir, name, { rows: this.#journaled, url: this.#url })
  }

  get #url(): string | null {
    return this.#control.url ?? this.#uploads.map(({ name }) => readUpload(this.#dir, name)?.url)[0] ?? null
  }

  #sinks(): readonly ResolvedSink[] {
    const given = new Map((this.#options.sinks ?? []).map((sink) => [sink.name, sink]))
    return this.#file.sinks.map((sink) => given.get(sink.name) ?? sink)
  }

  #catchUp(sink: ResolvedSink, index: number): SinkCatchUp {
    const { id, project, name, producers } = this.#file
    const startTime = Date.parse(this.#file.startTime)
    return new SinkCatchUp({
      slice: {
        run: { id, project, name, dir: this.#dir, startTime },
        sink,
        slot: { control: this.#control.buffer, index },
        producers: Object.fromEntries(producers.map((producer) => [producer.id, producer.name])),
        end: Number.POSITIVE_INFINITY,
        timeoutMs: timeoutOf(sink),
        live: false,
      },
      slot: this.#control.sink(index),
      outcome: outcomeOf(this.#file, Date.parse(this.#file.endTime ?? this.#file.startTime)),
      closed: this.#delivered.has(sink.name),
      retries: this.#options.retries ?? 0,
      progress: (state, catchUp) => this.#progress(state, catchUp),
    })
  }

  #progress(state: RecoveryProgress['state'], { name, slot, position, notBefore, error }: SinkCatchUp): void {
    this.#options.onProgress?.({
      run: this.#file.id,
      sink: name,
      state,
      bytes: state === 'done' ? this.#totalBytes : bytesBefore(this.#journal, position),
      totalBytes: this.#totalBytes,
      rows: slot.settled,
      totalRows: this.#journaled,
      error: error?.message ?? null,
      retryInMs: state === 'backing-off' ? Math.max(0, notBefore - performance.now()) : 0,
    })
  }

  /** What was never drained died with the process's memory: the run is known to have accepted what it kept. */
  #records(file: RunFile): NonNullable<RunFile['records']> {
    const dropped = Math.max(file.records?.dropped ?? 0, droppedIn(this.#account))
    const accepted = Math.max(file.records?.accepted ?? 0, this.#journaled + dropped)
    return { accepted, journaled: this.#journaled, dropped }
  }

  #isComplete(own: readonly SinkCatchUp[]): boolean {
    const done = new Set(own.filter(isDone).map(({ name }) => name))
    const left = own.filter((sink) => !isDone(sink))
    return (
      left.length === 0 && this.#file.sinks.every(({ name }) => done.has(name) || this.#delivered.has(name))
    )
  }

  #report(catchUps: readonly SinkCatchUp[], complete: boolean): RecoveryReport {
    const sinks: Record<string, SinkReport> = {}
    for (const { name } of [...this.#file.sinks, ...this.#uploads]) {
      const { delivered, deadLettered, notApplicable } = readCursor(this.#dir, name).counts
      const pending = Math.max(0, this.#journaled - delivered - deadLettered - notApplicable)
      const error = catchUps.find((sink) => sink.name === name)?.error ?? null
      sinks[name] = { delivered, deadLettered, notApplicable, pending, error }
    }
    const failed = Object.fromEntries(
      catchUps.flatMap(({ name, error }) => (error === null ? [] : [[name, error]])),
    )
    const { id, status, records } = this.#file
    return {
      id,
      dir: this.#dir,
      status,
      journaled: this.#journaled,
      dropped: records?.dropped ?? 0,
      sinks,
      failed,
      url: this.#url,
      complete,
    }
  }
}

const isDone = ({ over, error }: SinkCatchUp): boolean => over && error === null

function timeoutOf({ options: { timeoutMs } }: ResolvedSink): number {
  return typeof timeoutMs === 'number' ? timeoutMs : SLICE_TIMEOUT_MS
}

function droppedIn({ dropped }: JournalAccount): number {
  let rows = 0
  for (const causes of dropped.values()) for (const count of Object.values(causes)) rows += count
  return rows
}
