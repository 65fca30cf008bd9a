import path from 'node:path'
import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads'
import { RingJournal } from '../journal/ring-journal.js'
import { Control, DRAIN_ORDER, DRAIN_STATE } from '../ring/control.js'
import { RingCorruptError, RingReader } from '../ring/reader.js'
import { populateRing } from '../ring/ring.js'

/** The drain's one task. `rings`: of the producers that exist so far; more come through `mailbox`. */
export interface DrainTask {
  readonly control: SharedArrayBuffer
  readonly rings: readonly SharedArrayBuffer[]
  readonly mailbox: MessagePort
  readonly runDir: string
  readonly runId: string
  readonly segmentBytes: number
  readonly syncIntervalMs: number
}

/** What the drain tells the daemon through its mailbox. */
export interface DrainReport {
  readonly kind: 'error' | 'recovered'
  readonly message: string
}

const MIN_POLL_MS = 4
/** Reached after five seconds without a record: waking up 20 times a second cost 0.3 % of a core, 10 times half. */
const MAX_POLL_MS = 100
/** More than this in one pass: the producers are fast, and the next pass comes at once. */
const BUSY_BYTES = 512 * 1024
const MAX_RETRY_MS = 1000
/** Errors that waiting may mend; after any other, the segment's file is given up for a new one. */
const PASSING_ERRORS = new Set(['ENOSPC', 'EDQUOT', 'EAGAIN', 'EINTR', 'EMFILE', 'ENFILE', 'ENOMEM'])

/**
 * Empties the rings into the journal until it is told to stop: the only thread that writes the journal.
 *
 * The loop never returns to the event loop and makes only synchronous file calls: libuv's four file threads
 * belong to the whole process, and file work of ours in them would delay the training thread's own. It polls,
 * slower when idle, and is woken at half-full, for a sync and to stop. A drain that dies is simply replaced:
 * what it had not journaled is still in the rings.
 */
export class Drain {
  readonly #task: DrainTask
  readonly #control: Control
  readonly #waiting: SharedArrayBuffer[]
  #journal: RingJournal | null = null
  #mailSeen = -1
  #syncedAtMs = performance.now()
  #failing = false

  constructor(task: DrainTask) {
    this.#task = task
    this.#control = new Control(task.control)
    this.#waiting = [...task.rings]
  }

  run(): void {
    let pollMs = MIN_POLL_MS
    let retryMs = 0
    this.#control.drainState = DRAIN_STATE.RUNNING
    for (;;) {
      const ticket = this.#control.wakeTicket
      const order = this.#control.drainOrder
      this.#control.beatDrain()
      this.#readMail()
      if (order === DRAIN_ORDER.ABANDON) break
      try {
        const moved = this.#turn(order === DRAIN_ORDER.STOP)
        this.#recovered()
        retryMs = 0
        if (order === DRAIN_ORDER.STOP && moved === 0 && this.#journal!.ringsEmpty) break
        pollMs = moved > 0 ? MIN_POLL_MS : Math.min(pollMs + 1, MAX_POLL_MS)
        if (moved < BUSY_BYTES && order === DRAIN_ORDER.RUN) this.#control.sleep(ticket, pollMs)
      } catch (error) {
        this.#failed(error)
        retryMs = Math.min(Math.max(retryMs * 2, 10), MAX_RETRY_MS)
        // Producers wake the drain at half-full, which it is: the retry waits for its time or for an order.
        this.#rest(retryMs, order)
      }
    }
    this.#journal?.close()
    this.#control.drainState = DRAIN_STATE.STOPPED
  }

  /** One turn of the loop: rings to journal, then what is due on the disk. Returns the bytes moved. */
  #turn(stopping: boolean): number {
    const syncTicket = this.#control.syncRequested
    this.#journal ??= this.#open()
    this.#addRings(this.#journal)
    const moved = this.#journal.pass()
    this.#publish(this.#journal)
    const now = performance.now()
    const asked = syncTicket !== this.#control.syncServed || (stopping && moved === 0)
    if (asked || now - this.#syncedAtMs >= this.#task.syncIntervalMs) {
      this.#journal.noteDropped()
      if (asked || this.#journal.dirty) this.#journal.sync()
      this.#publish(this.#journal)
      this.#syncedAtMs = now
      this.#control.syncServed = syncTicket
    }
    return moved
  }

  #open(): RingJournal {
    const { runDir, runId, segmentBytes } = this.#task
    return new RingJournal({ directory: path.join(runDir, 'journal'), runId, segmentBytes })
  }

  #publish(journal: RingJournal): void {
    this.#control.publishJournal(journal.position, journal.journaled)
  }

  #readMail(): void {
    const mail = this.#control.mail
    if (mail === this.#mailSeen) return
    this.#mailSeen = mail
    for (;;) {
      const message = receiveMessageOnPort(this.#task.mailbox)
      if (message === undefined) return
      this.#waiting.push(message.message as SharedArrayBuffer)
    }
  }

  #addRings(journal: RingJournal): void {
    for (const buffer of this.#waiting.splice(0)) {
      const producer = new RingReader(buffer, 0).producer
      journal.add(new RingReader(buffer, journal.nextSequence(producer)))
      populateRing(buffer)
    }
  }

  #failed(error: unknown): void {
    if (!this.#failing) this.#report({ kind: 'error', message: String(error) })
    this.#failing = true
    if (error instanceof RingCorruptError) {
      this.#journal?.remove(error.ring)
      return
    }
    if (!PASSING_ERRORS.has((error as NodeJS.ErrnoException).code ?? '')) this.#journal?.abandonSegment()
  }

  #recovered(): void {
    if (!this.#failing) return
    this.#failing = false
    this.#report({ kind: 'recovered', message: 'The journal can be written again.' })
  }

  #rest(forMs: number, order: number): void {
    const until = performance.now() + forMs
    for (;;) {
      const left = until - performance.now()
      if (left <= 0 || this.#control.drainOrder !== order) return
      this.#control.sleep(this.#control.wakeTicket, Math.min(left, 50))
    }
  }

  #report(report: DrainReport): void {
    this.#task.mailbox.postMessage(report)
  }
}
