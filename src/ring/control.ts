import { SINK_SLOT_BYTES, SinkSlot } from './sink-slot.js'

/**
 * The memory that all threads of a run share, beside the rings: signals, what the journal has, a slot per sink,
 * and the strings that `run.id`, `run.dir` and `run.url` read. Every word has one writer, or is changed
 * atomically; every wait has a deadline and compares with `>=` or an own ticket, never with a snapshot.
 */
const HEADER_BYTES = 512
const TEXT_BYTES = 8192
const URL_BYTES = 2048
export const MAX_SINKS = 24
const URL_AT = HEADER_BYTES + TEXT_BYTES
const SINKS_AT = URL_AT + URL_BYTES

/** Indexes as Int32Array. */
const I32 = {
  /** Bumped to wake the drain. */
  WAKE: 0,
  /** What the owner wants of the drain: a DRAIN_ORDER. */
  STOP: 1,
  DRAIN_STATE: 2,
  /** Bumped for "put on the disk what there is"; the drain answers with the request that it has served. */
  SYNC_REQUESTED: 3,
  SYNC_SERVED: 4,
  /** Bumped when a message lies in the drain's mailbox. */
  MAIL: 5,
  TEXT_LENGTH: 6,
  /** 1 when id and dir are final. */
  IDENTIFIED: 7,
  /** 1 when the daemon has finished the run (or given up at its deadline). */
  FINISHED: 8,
  NEXT_PRODUCER: 9,
  /** Moves as long as the drain's loop turns. */
  DRAIN_PULSE: 10,
  DAEMON_PULSE: 11,
  SINKS: 12,
  /** 1 when run.json holds the final status. */
  OUTCOME_WRITTEN: 13,
  /** 1 from when the daemon has heard every media call that is sent by other threads. */
  HEARS_MEDIA: 14,
  URL_LENGTH: 15,
  /** 1 once somebody has asked that the run be stopped. */
  STOP_REQUESTED: 16,
  /** Checkpoints that the daemon has done with, saved or not. */
  CHECKPOINTS_DONE: 17,
  /** Who makes the run's directory: a DIRECTORY. */
  DIRECTORY: 18,
} as const

/** Indexes as Float64Array. */
const F64 = {
  /** End of the journal that has been written: a position (see journal/position.ts). */
  JOURNAL_END: 16,
  /** Rows of all producers that the journal has. */
  JOURNALED: 17,
} as const

export const DRAIN_ORDER = {
  RUN: 0,
  /** Empty the rings, sync, end. */
  STOP: 1,
  /** End at once, even if something is left: the deadline has passed. */
  ABANDON: 2,
} as const

const DIRECTORY = { UNMADE: 0, DAEMON_MAKES: 1, OWNER_MAKES: 2, MADE: 3 } as const
/** What a daemon that is making the directory gets to say where, before an ending process makes its own. */
const DIRECTORY_PATIENCE_MS = 1000

export const DRAIN_STATE = { STARTING: 0, RUNNING: 1, STOPPED: 2 } as const

export interface RunLocation {
  readonly id: string
  readonly dir: string
}

export class Control {
  readonly buffer: SharedArrayBuffer
  readonly #i32: Int32Array
  readonly #f64: Float64Array
  readonly #text: Uint8Array

  constructor(buffer = new SharedArrayBuffer(SINKS_AT + MAX_SINKS * SINK_SLOT_BYTES)) {
    this.buffer = buffer
    this.#i32 = new Int32Array(buffer, 0, HEADER_BYTES / 4)
    this.#f64 = new Float64Array(buffer, 0, HEADER_BYTES / 8)
    this.#text = new Uint8Array(buffer, HEADER_BYTES, TEXT_BYTES)
  }

  // --- media -----------------------------------------------------------------------------------------------

  get hearsMedia(): boolean {
    return Atomics.load(this.#i32, I32.HEARS_MEDIA) === 1
  }

  setHearsMedia(): void {
    Atomics.store(this.#i32, I32.HEARS_MEDIA, 1)
  }

  // --- checkpoints -------------------------------------------------------------------------------------------

  get checkpointsDone(): number {
    return Atomics.load(this.#i32, I32.CHECKPOINTS_DONE)
  }

  set checkpointsDone(count: number) {
    Atomics.store(this.#i32, I32.CHECKPOINTS_DONE, count)
    Atomics.notify(this.#i32, I32.CHECKPOINTS_DONE)
  }

  /** Blocks this thread until so many are done, or for `timeoutMs`. */
  waitCheckpoints(count: number, timeoutMs: number): boolean {
    const deadline = performance.now() + timeoutMs
    let done = this.checkpointsDone
    for (; done < count && performance.now() < deadline; done = this.checkpointsDone) {
      Atomics.wait(this.#i32, I32.CHECKPOINTS_DONE, done, deadline - performance.now())
    }
    return done >= count
  }

  // --- the drain ---------------------------------------------------------------------------------------

  /** Wakes the drain if it sleeps; about 40 ns where it does not. */
  wake(): void {
    Atomics.add(this.#i32, I32.WAKE, 1)
    Atomics.notify(this.#i32, I32.WAKE)
  }

  get wakeTicket(): number {
    return Atomics.load(this.#i32, I32.WAKE)
  }

  /** Sleeps until `wake()` is called after `ticket` was taken, or for `timeoutMs`. */
  sleep(ticket: number, timeoutMs: number): void {
    Atomics.wait(this.#i32, I32.WAKE, ticket, timeoutMs)
  }

  get drainOrder(): number {
    return Atomics.load(this.#i32, I32.STOP)
  }

  orderDrain(order: number): void {
    Atomics.store(this.#i32, I32.STOP, order)
    this.wake()
  }

  get drainState(): number {
    return Atomics.load(this.#i32, I32.DRAIN_STATE)
  }

  set drainState(state: number) {
    Atomics.store(this.#i32, I32.DRAIN_STATE, state)
    Atomics.notify(this.#i32, I32.DRAIN_STATE)
  }

  /** Asks for an fdatasync; served when `syncServed >= ` the returned ticket. */
  requestSync(): number {
    const ticket = Atomics.add(this.#i32, I32.SYNC_REQUESTED, 1) + 1
    this.wake()
    return ticket
  }

  get syncRequested(): number {
    return Atomics.load(this.#i32, I32.SYNC_REQUESTED)
  }

  get syncServed(): number {
    return Atomics.load(this.#i32, I32.SYNC_SERVED)
  }

  set syncServed(ticket: number) {
    Atomics.store(this.#i32, I32.SYNC_SERVED, ticket)
  }

  mailSent(): void {
    Atomics.add(this.#i32, I32.MAIL, 1)
    this.wake()
  }

  get mail(): number {
    return Atomics.load(this.#i32, I32.MAIL)
  }

  beatDrain(): void {
    Atomics.add(this.#i32, I32.DRAIN_PULSE, 1)
  }

  beatDaemon(): void {
    Atomics.add(this.#i32, I32.DAEMON_PULSE, 1)
  }

  /** Changes as long as the drain and the daemon live; equal twice means that neither moved. */
  get pulse(): string {
    return `${Atomics.load(this.#i32, I32.DRAIN_PULSE)}:${Atomics.load(this.#i32, I32.DAEMON_PULSE)}`
  }

  /** False until the drain or the daemon has given its first sign of life. */
  get isStarted(): boolean {
    return Atomics.load(this.#i32, I32.DRAIN_PULSE) !== 0 || Atomics.load(this.#i32, I32.DAEMON_PULSE) !== 0
  }

  // --- the journal -------------------------------------------------------------------------------------

  get journalEnd(): number {
    return this.#f64[F64.JOURNAL_END]!
  }

  get journaled(): number {
    return this.#f64[F64.JOURNALED]!
  }

  /** Called by the drain after a journal write has returned. */
  publishJournal(end: number, journaled: number): void {
    this.#f64[F64.JOURNALED] = journaled
    this.#f64[F64.JOURNAL_END] = end
  }

  // --- identity ----------------------------------------------------------------------------------------

  nextProducer(): number {
    return Atomics.add(this.#i32, I32.NEXT_PRODUCER, 1)
  }

  /** The id of the next producer: of a run that has had some. */
  beginProducersAt(id: number): void {
    Atomics.store(this.#i32, I32.NEXT_PRODUCER, id)
  }

  /** Before the daemon makes the run's directory: false where the ending process has taken that over. */
  beginDirectory(): boolean {
    const { DAEMON_MAKES, UNMADE, OWNER_MAKES } = DIRECTORY
    // One that an earlier daemon had begun is this one's to make.
    return Atomics.compareExchange(this.#i32, I32.DIRECTORY, UNMADE, DAEMON_MAKES) !== OWNER_MAKES
  }

  /** After it: false where the process has lost its patience meanwhile, and has made another. */
  keepDirectory(): boolean {
    const { DAEMON_MAKES, MADE, OWNER_MAKES } = DIRECTORY
    return Atomics.compareExchange(this.#i32, I32.DIRECTORY, DAEMON_MAKES, MADE) !== OWNER_MAKES
  }

  /**
   * Where the run is, for the ending process; null where it has to make the directory itself, which the daemon
   * does no more from here on. Blocks while the daemon is at it, for `patienceMs` at most.
   */
  takeDirectory(patienceMs = DIRECTORY_PATIENCE_MS): RunLocation | null {
    if (this.located) return this.location(0)
    const { UNMADE, OWNER_MAKES } = DIRECTORY
    if (Atomics.compareExchange(this.#i32, I32.DIRECTORY, UNMADE, OWNER_MAKES) === UNMADE) return null
    Atomics.wait(this.#i32, I32.IDENTIFIED, 0, patienceMs)
    if (this.located) return this.location(0)
    Atomics.store(this.#i32, I32.DIRECTORY, OWNER_MAKES)
    return null
  }

  /** Says where the run is; `final` once the directory exists. */
  locate(location: RunLocation, final: boolean): void {
    const bytes = new TextEncoder().encode(JSON.stringify(location))
    if (bytes.length > TEXT_BYTES) throw new RangeError(`The run's path is longer than ${TEXT_BYTES} bytes`)
    this.#text.set(bytes)
    Atomics.store(this.#i32, I32.TEXT_LENGTH, bytes.length)
    if (!final) return
    Atomics.store(this.#i32, I32.IDENTIFIED, 1)
    Atomics.notify(this.#i32, I32.IDENTIFIED)
  }

  get located(): boolean {
    return Atomics.load(this.#i32, I32.IDENTIFIED) === 1
  }

  /** Where the run is. Waits up to `timeoutMs` while the daemon is still making the directory. */
  location(timeoutMs: number): RunLocation | null {
    if (!this.located) Atomics.wait(this.#i32, I32.IDENTIFIED, 0, timeoutMs)
    const length = Atomics.load(this.#i32, I32.TEXT_LENGTH)
    if (length === 0) return null
    return JSON.parse(new TextDecoder().decode(this.#text.slice(0, length))) as RunLocation
  }

  /** Where the run can be seen in a browser; null while no sink knows. Written by one sink. */
  get url(): string | null {
    const length = Atomics.load(this.#i32, I32.URL_LENGTH)
    if (length === 0) return null
    return new TextDecoder().decode(new Uint8Array(this.buffer, URL_AT, length).slice())
  }

  set url(url: string) {
    const bytes = new TextEncoder().encode(url)
    if (bytes.length > URL_BYTES || this.url === url) return
    Atomics.store(this.#i32, I32.URL_LENGTH, 0)
    new Uint8Array(this.buffer, URL_AT, URL_BYTES).set(bytes)
    Atomics.store(this.#i32, I32.URL_LENGTH, bytes.length)
  }

  /** Somebody has asked that the run be stopped. */
  get stopRequested(): boolean {
    return Atomics.load(this.#i32, I32.STOP_REQUESTED) === 1
  }

  /** True where nobody had before. */
  requestStop(): boolean {
    return Atomics.exchange(this.#i32, I32.STOP_REQUESTED, 1) === 0
  }

  // --- the end -----------------------------------------------------------------------------------------

  get finished(): boolean {
    return Atomics.load(this.#i32, I32.FINISHED) === 1
  }

  setFinished(): void {
    Atomics.store(this.#i32, I32.FINISHED, 1)
    Atomics.notify(this.#i32, I32.FINISHED)
  }

  /** Blocks this thread until the daemon has finished, or for `timeoutMs`. */
  waitFinished(timeoutMs: number): boolean {
    Atomics.wait(this.#i32, I32.FINISHED, 0, timeoutMs)
    return this.finished
  }

  // --- sinks -------------------------------------------------------------------------------------------

  get sinkCount(): number {
    return this.#i32[I32.SINKS]!
  }

  set sinkCount(count: number) {
    this.#i32[I32.SINKS] = count
  }

  sink(index: number): SinkSlot {
    return new SinkSlot(this.buffer, SINKS_AT + index * SINK_SLOT_BYTES)
  }
}
