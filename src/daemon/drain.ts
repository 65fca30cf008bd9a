import path from 'node:path'
import { receiveMessageOnPort } from 'node:worker_threads'
import { RingJournal } from '../journal/ring-journal.js'
import { Control, DRAIN_ORDER, DRAIN_STATE } from '../ring/control.js'
import { populateRing } from '../ring/pages.js'
import { RingCorruptError } from '../ring/reader.js'
import { isClosed } from '../ring/ring.js'
import { diskSpace, isNoRoom } from '../store/disk-space.js'
import { BELOW_FLOOR, mustHold } from './disk-pressure.js'
import { type DrainReport, type DrainTask, RECOVERED } from './drain-messages.js'

const MIN_POLL_MS = 4
/** Reached after five seconds without a record: waking up 20 times a second cost 0.3 % of a core, 10 times half. */
const MAX_POLL_MS = 100
/** More than this in one pass: the producers are fast, and the next pass comes at once. */
const BUSY_BYTES = 512 * 1024
const MAX_RETRY_MS = 1000
/** At the end of a run time is short. */
const STOPPING_RETRY_MS = 100
/** How often the drain looks whether the disk's floor is reached. */
const LOOK_INTERVAL_MS = 1000
/**
 * Errors that waiting may mend; after any other (EIO; EROFS, EACCES: the disk was mounted anew, say), the segment's
 * file is given up for a new one.
 */
export const PASSING_ERRORS = new Set(['ENOSPC', 'EDQUOT', 'EAGAIN', 'EINTR', 'EMFILE', 'ENFILE', 'ENOMEM'])

class BelowFloorError extends Error {
  readonly code = BELOW_FLOOR
}

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
  /** What is wrong since the last success: an errno, or another word for it. */
  #failing: string | null
  #lookedAtMs = Number.NEGATIVE_INFINITY
  #belowFloor = false
  #rowsOfThreads = 0

  constructor(task: DrainTask) {
    this.#task = task
    this.#control = new Control(task.control)
    this.#waiting = [...task.rings]
    this.#failing = task.failing ? 'THREAD' : null
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
        pollMs = this.#threadsLog() ? MIN_POLL_MS : Math.min(pollMs + 1, MAX_POLL_MS)
        if (moved < BUSY_BYTES && order === DRAIN_ORDER.RUN) this.#control.sleep(ticket, pollMs)
      } catch (error) {
        const code = this.#failed(error)
        retryMs = Math.min(Math.max(retryMs * 2, 10), MAX_RETRY_MS)
        if (isNoRoom(code) || code === BELOW_FLOOR) retryMs = MAX_RETRY_MS
        if (order === DRAIN_ORDER.STOP) retryMs = Math.min(retryMs, STOPPING_RETRY_MS)
        // Producers wake the drain at half-full, which it is: the retry waits for its time or for an order.
        this.#rest(retryMs, order)
      }
    }
    this.#journal?.close()
    this.#control.drainState = DRAIN_STATE.STOPPED
  }

  /** A record of the daemon's own, as a sample of the machine in an idle run, is no reason to poll more often. */
  #threadsLog(): boolean {
    const rows = this.#journal!.rowsOfThreads
    const more = rows !== this.#rowsOfThreads
    this.#rowsOfThreads = rows
    return more
  }

  /** One turn of the loop: rings to journal, then what is due on the disk. Returns the bytes moved. */
  #turn(stopping: boolean): number {
    const syncTicket = this.#control.syncRequested
    if (!stopping) this.#leaveFloor()
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

  /**
   * Throws while less than half of the floor is free. Not at the end of a run: what the rings hold is little, and
   * would be lost.
   */
  #leaveFloor(): void {
    const { minFreeBytes, runDir } = this.#task
    if (minFreeBytes === 0) return
    const now = performance.now()
    if (now - this.#lookedAtMs >= LOOK_INTERVAL_MS) {
      this.#lookedAtMs = now
      const space = diskSpace(runDir)
      this.#belowFloor = space !== null && mustHold(space.freeBytes, minFreeBytes, this.#belowFloor)
    }
    if (!this.#belowFloor) return
    // What is written already needs no more room to be made durable.
    if (this.#journal?.dirty) this.#journal.sync()
    throw new BelowFloorError('less than half of disk.minFreeBytes is free')
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
      journal.addRing(buffer)
      if (!isClosed(buffer)) populateRing(buffer)
    }
  }

  #failed(error: unknown): string {
    const { code = 'UNEXPECTED' } = error as NodeJS.ErrnoException
    if (this.#failing !== code) this.#report({ kind: 'error', code, message: String(error) })
    this.#failing = code
    if (error instanceof RingCorruptError) this.#journal?.remove(error.ring)
    else if (!PASSING_ERRORS.has(code) && code !== BELOW_FLOOR) this.#journal?.abandonSegment()
    return code
  }

  #recovered(): void {
    if (this.#failing === null) return
    this.#failing = null
    this.#report(RECOVERED)
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
