import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import { join } from 'node:path'
import { PASSING_ERRORS } from '../../src/daemon/drain.js'
import { type Cursor, readCursor } from '../../src/delivery/cursor.js'
import { Feed } from '../../src/delivery/feed.js'
import { SinkSession } from '../../src/delivery/session.js'
import { RingJournal } from '../../src/journal/ring-journal.js'
import type { ResolvedSink } from '../../src/options/options.js'
import { readAccount } from '../../src/ring/account.js'
import { Control } from '../../src/ring/control.js'
import { F64 } from '../../src/ring/layout.js'
import { RingReader } from '../../src/ring/reader.js'
import { createRing } from '../../src/ring/ring.js'
import { Producer } from '../../src/run/producer.js'
import { SinkError } from '../../src/sinks/errors.js'
import { loadSink } from '../../src/sinks/registry.js'
import type { RunOutcome, SinkContext } from '../../src/sinks/sink.js'
import { removeTemporaryFiles } from '../../src/store/atomic-file.js'
import { type RunFile, writeRunFile } from '../../src/store/run-file.js'
import { RunLock } from '../../src/store/run-lock.js'
import { Died } from './faulty-calls.js'
import { type LoggedRow, MAX_COLUMNS, PRODUCER_NAMES, START } from './pipeline-oracle.js'

const RING_BYTES = 1 << 18
/** Small, so that the journal rolls within a few dozen rows. */
const SEGMENT_BYTES = 2048

const sink = (name: string, options: ResolvedSink['options'] = {}): ResolvedSink => ({
  name,
  module: null,
  export: 'default',
  options,
})
export const SINKS: readonly ResolvedSink[] = [
  sink('jsonl'),
  sink('csv', { maxColumns: MAX_COLUMNS }),
  sink('tensorboard'),
  sink('summary', { everyMs: 0 }),
]
export const SINK_NAMES = SINKS.map(({ name }) => name)

/** In memory where there is such a file system: thousands of cases are not a test of this machine's disk. */
export function fastDirectory(): string {
  const parent = fs.existsSync('/dev/shm') ? '/dev/shm' : os.tmpdir()
  return fs.mkdtempSync(join(parent, 'offstep-pipeline-'))
}

/** True for an error that the file system may give; anything else is a bug of ours, and ends the test. */
function isFileError(error: unknown): boolean {
  if (error instanceof SinkError) return error.action === 'rebuild' || error.action === 'retry'
  return typeof (error as NodeJS.ErrnoException).code === 'string' && 'syscall' in (error as Error)
}

export type SliceEnd = 'caught-up' | 'more' | 'failed'

/**
 * The whole pipeline in one thread: producers, rings, journal, sinks and the run's own files, each step a call.
 * Errors are answered as the drain, the delivery threads and the daemon answer them. What was logged is kept.
 */
export class Pipeline {
  readonly runDir: string
  readonly logged: LoggedRow[][] = [[], []]
  readonly warnings: string[] = []
  /** Calls of log(), by the test's own count. */
  calls = 0
  /** How often a sink found its files not to be what it had written. */
  rebuilds = 0
  clock: number = START
  readonly #rings: SharedArrayBuffer[] = []
  readonly #producers: Producer[] = []
  readonly #now = Date.now
  readonly #nonce: string
  #journal: RingJournal | null = null
  /** End of the journal, as the drain published it. */
  #end = 0
  #feed: Feed
  readonly #sessions = new Map<string, SinkSession>()
  #lock: RunLock | null = null

  /** Owners of the run's lock are told apart by `nonce`. */
  constructor(runDir: string, { nonce = 'pipeline', ringBytes = RING_BYTES } = {}) {
    this.runDir = runDir
    this.#nonce = nonce
    this.#feed = new Feed(runDir)
    Date.now = () => this.clock
    for (const producer of PRODUCER_NAMES.keys()) {
      const whenFull = 'drop'
      const ring = createRing({
        producer,
        capacityBytes: ringBytes,
        whenFull,
        maxCapacityBytes: 0,
        maxBlockMs: 1,
      })
      const limits = { maxMetrics: 1000, maxNameBytes: 1000 }
      this.#rings.push(ring)
      this.#producers.push(new Producer({ ring, control: new Control(), limits, warn: () => {} }))
    }
  }

  /** Puts the clock back. */
  remove(): void {
    Date.now = this.#now
  }

  log(producer: number, step: number, values: { readonly [name: string]: number | bigint }): void {
    const sequence = this.#counter(F64.PUBLISHED, producer)
    this.#producers[producer]!.log(values, step)
    this.calls++
    if (this.#counter(F64.PUBLISHED, producer) === sequence) return
    this.logged[producer]!.push({
      producer,
      sequence,
      step,
      time: this.clock,
      values: Object.entries(values),
    })
  }

  #counter(index: number, producer: number): number {
    return new Float64Array(this.#rings[producer]!, 0, 256)[index]!
  }

  get journaled(): number {
    return this.account.journaled
  }

  get account(): ReturnType<typeof readAccount> {
    return readAccount(this.#rings)
  }

  // --- what the drain does -------------------------------------------------------------------------------

  /** One turn of its loop. False after an error. */
  drain(sync: boolean): boolean {
    return this.#survives(
      () => {
        this.#journal ??= this.#openJournal()
        this.#journal.pass()
        this.#end = this.#journal.position
        if (!sync) return
        this.#journal.noteDropped()
        this.#journal.sync()
        this.#end = this.#journal.position
      },
      (error) => {
        const { code = '' } = error as NodeJS.ErrnoException
        if (!PASSING_ERRORS.has(code)) this.#journal?.abandonSegment()
      },
    )
  }

  #openJournal(): RingJournal {
    const directory = join(this.runDir, 'journal')
    const journal = new RingJournal({ directory, runId: 'pipeline', segmentBytes: SEGMENT_BYTES })
    for (const [producer, ring] of this.#rings.entries()) {
      journal.add(new RingReader(ring, journal.nextSequence(producer)))
    }
    return journal
  }

  /** Its thread ends, and another takes its place. */
  replaceDrain(): void {
    const journal = this.#journal
    this.#journal = null
    this.#survives(() => journal?.close())
  }

  get drained(): boolean {
    return this.#journal?.ringsEmpty === true
  }

  // --- what the delivery threads do ------------------------------------------------------------------------

  async deliver(name: string, end = this.#end): Promise<SliceEnd> {
    return this.#slice(name, async (session) => ((await session.deliver(end)) ? 'caught-up' : 'more'))
  }

  /** Closes a sink that has caught up. */
  async close(name: string, outcome: RunOutcome): Promise<boolean> {
    const end = await this.#slice(name, async (session) => {
      this.#sessions.delete(name)
      await session.close(outcome)
      return 'caught-up'
    })
    return end === 'caught-up'
  }

  async #slice(name: string, run: (session: SinkSession) => Promise<SliceEnd>): Promise<SliceEnd> {
    try {
      let session = this.#sessions.get(name)
      if (session === undefined) {
        session = await this.#session(name)
        this.#sessions.set(name, session)
      }
      return await run(session)
    } catch (error) {
      if (!isFileError(error)) throw error
      if (error instanceof SinkError && error.action === 'rebuild') {
        this.rebuilds++
        this.#sessions.delete(name)
      }
      return 'failed'
    }
  }

  async #session(name: string): Promise<SinkSession> {
    const resolved = SINKS.find((candidate) => candidate.name === name)!
    let session: SinkSession
    const context: SinkContext = {
      runId: 'pipeline',
      project: 'faults',
      runName: 'pipeline',
      runDir: this.runDir,
      startTime: START,
      options: resolved.options,
      producerName: (producer) => PRODUCER_NAMES[producer]!,
      warn: (kind) => this.warnings.push(kind),
      live: true,
      get suspect() {
        return session.suspect
      },
      signal: new AbortController().signal,
    }
    session = new SinkSession(this.runDir, name, await loadSink(resolved), context, this.#feed, null)
    return session
  }

  /** Other threads take the sinks over. */
  async replaceSessions(): Promise<void> {
    for (const session of this.#sessions.values()) await session.abandon()
    this.#sessions.clear()
    this.#survives(() => this.#feed.close())
    this.#feed = new Feed(this.runDir)
  }

  // --- what the daemon does --------------------------------------------------------------------------------

  begin(): boolean {
    return this.#survives(() => {
      fs.mkdirSync(this.runDir, { recursive: true })
      this.#lock ??= RunLock.acquire(this.runDir, { role: 'run', nonce: this.#nonce })
      this.writeRunFile('running')
    })
  }

  beat(): boolean {
    if (this.#lock === null) return this.begin()
    return this.#survives(() => assert(this.#lock!.renew(), 'nobody else has taken the lock'))
  }

  writeRunFile(status: RunFile['status']): boolean {
    const file = { format: 1, id: 'pipeline', project: 'faults', name: 'pipeline', status } as const
    const startTime = new Date(START).toISOString()
    return this.#survives(() =>
      writeRunFile(this.runDir, { ...file, startTime } as RunFile, { sync: status !== 'running' }),
    )
  }

  release(): boolean {
    return this.#survives(() => this.#lock?.release())
  }

  // --- recovery --------------------------------------------------------------------------------------------

  /** Everything but the rings and the files is gone; `process`: the rings too, and nobody closes anything. */
  restart(process: boolean): void {
    if (process) this.#rings.length = 0
    this.#journal = null
    this.#lock = null
    this.#sessions.clear()
    this.#feed = new Feed(this.runDir)
  }

  /** One round of bringing everything up to date, with the files as they are. True where all is done. */
  async recover(): Promise<boolean> {
    if (!this.begin()) return false
    const clean = () => {
      for (const directory of ['', 'cursors']) removeTemporaryFiles(join(this.runDir, directory))
    }
    if (!this.#survives(clean)) return false
    if (this.#rings.length > 0 && !(this.drain(true) && this.drained)) return false
    for (const name of SINK_NAMES) {
      let end: SliceEnd = 'more'
      while (end === 'more') end = await this.deliver(name, Number.POSITIVE_INFINITY)
      if (end === 'failed') return false
    }
    for (const name of SINK_NAMES) {
      if (!(await this.close(name, { status: 'completed', endTime: START }))) return false
    }
    this.#survives(() => this.#feed.close())
    this.replaceDrain()
    return this.writeRunFile('completed') && this.release()
  }

  cursor(name: string): Cursor {
    return readCursor(this.runDir, name)
  }

  #survives(run: () => void, answer: (error: unknown) => void = () => {}): boolean {
    try {
      run()
      return true
    } catch (error) {
      if (error instanceof Died || !isFileError(error)) throw error
      answer(error)
      return false
    }
  }
}
