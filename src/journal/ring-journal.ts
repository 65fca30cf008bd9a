import { MEDIA_PRODUCER } from '../record/media.js'
import { DROP_CAUSES, F64 } from '../ring/layout.js'
import { RingReader } from '../ring/reader.js'
import type { JournalFs } from './files.js'
import type { DropCounts } from './payload.js'
import { readBack } from './read-back.js'
import type { RowRanges } from './unsynced.js'
import { unsyncedRows } from './unsynced-rows.js'
import { JournalWriter } from './writer.js'

export interface RingJournalOptions {
  readonly directory: string
  readonly runId: string
  readonly segmentBytes: number
  readonly files?: JournalFs
}

/** Frames of one ring that one pass moves at most, so that no producer waits for another. */
const PASS_BYTES = 1024 * 1024

/**
 * Moves frames from rings to a journal, so that a frame is released only when the journal has it. What the
 * drain does in a loop, and an exiting thread does once where the drain is dead.
 */
export class RingJournal {
  readonly #directory: string
  readonly #writer: JournalWriter
  readonly #next: Map<number, number>
  readonly #rings: RingReader[] = []
  /** Rows of rings that are read no more. */
  #removedRows = 0
  /** What the journal's notes say of each producer. */
  readonly #dropped: Map<number, DropCounts>
  readonly #definitions
  /** Rows of the rings so far that an earlier writer had not synced. */
  readonly #unsynced: RowRanges = new Map()
  /** A ring whose last frames were taken but not appended: an append that failed half-way. */
  #half: RingReader | null = null

  constructor(options: RingJournalOptions) {
    const account = readBack(options.directory)
    this.#directory = options.directory
    this.#next = account.next
    this.#definitions = account.definitions
    this.#dropped = account.dropped
    this.#writer = new JournalWriter(options, {
      next: () => Object.fromEntries(this.#next),
      copies: () => this.#unsynced,
      dropped: () => Object.fromEntries(this.#dropped),
      definitions: () => this.#definitions.groups(),
    })
  }

  /** Where the next row of a producer goes on. */
  nextSequence(producer: number): number {
    return this.#next.get(producer) ?? 0
  }

  /**
   * Adds a ring, from its first row that was not journaled. Where a ring knows of more rows than the journal holds, a power
   * cut has taken them, and their numbers are not given again: the next segment's head says that they were there.
   */
  addRing(buffer: SharedArrayBuffer): void {
    const { producer, counters } = new RingReader(buffer, 0)
    const known = counters[F64.JOURNALED]!
    if (known > this.nextSequence(producer)) this.#next.set(producer, known)
    this.add(new RingReader(buffer, this.nextSequence(producer)))
  }

  add(ring: RingReader): void {
    this.#rings.push(ring)
    ring.counters[F64.JOURNALED] = ring.nextSequence
    const synced = ring.counters[F64.SYNCED]!
    if (synced < ring.nextSequence) this.#unsynced.set(ring.producer, [synced, ring.nextSequence])
  }

  remove(ring: RingReader): void {
    this.#removedRows += ring.counters[F64.JOURNALED]!
    this.#rings.splice(this.#rings.indexOf(ring), 1)
  }

  get position(): number {
    return this.#writer.position
  }

  get dirty(): boolean {
    return this.#writer.dirty
  }

  /** Rows that threads of the application have logged, and the journal has: without those of the daemon. */
  get rowsOfThreads(): number {
    let rows = 0
    for (const { producer, counters } of this.#rings) {
      if (producer !== MEDIA_PRODUCER) rows += counters[F64.JOURNALED]!
    }
    return rows
  }

  /** Rows of all producers that the journal has. */
  get journaled(): number {
    let rows = this.#removedRows
    for (const ring of this.#rings) rows += ring.counters[F64.JOURNALED]!
    return rows
  }

  get ringsEmpty(): boolean {
    return this.#half === null && this.#writer.buffered === 0 && this.#rings.every((ring) => ring.empty)
  }

  /**
   * One pass over all rings. Returns the bytes moved. Throws the file system's error; nothing is lost by it,
   * and the next pass goes on where this one stopped.
   */
  pass(): number {
    let moved = this.#writeUnsynced()
    if (this.#half !== null) {
      moved += this.#half.bytes.length
      this.#writer.room()
      this.#append(this.#half)
    }
    for (const ring of this.#rings) {
      for (let bytes = 0; bytes < PASS_BYTES; ) {
        if (!ring.take(this.#writer.room())) break
        bytes += ring.bytes.length
        this.#append(ring)
        moved += ring.bytes.length
      }
    }
    if (moved > 0 || this.#writer.buffered > 0) this.#writer.flush()
    // Also where nothing moved: a ring full of rows that an earlier drain had journaled must get its room back.
    for (const ring of this.#rings) if (ring.held) ring.release()
    return moved
  }

  /** Also where the last sync of the earlier writer failed: the kernel would call its pages clean. */
  #writeUnsynced(): number {
    this.#writer.begin()
    if (this.#unsynced.size === 0) return 0
    let moved = 0
    for (const { producer, first, end, frames } of unsyncedRows(this.#directory, this.#unsynced)) {
      this.#writer.room()
      this.#writer.appendFrames(producer, end - first, first, frames)
      this.#unsynced.set(producer, [end, this.#unsynced.get(producer)![1]])
      moved += frames.length
    }
    this.#unsynced.clear()
    return moved
  }

  #append(ring: RingReader): void {
    this.#half = ring
    this.#writer.appendFrames(ring.producer, ring.rows, ring.firstSequence, ring.bytes)
    this.#half = null
    for (const frame of ring.keys) {
      this.#definitions.add(ring.producer, frame)
      this.#writer.repeatLater(ring.producer, frame)
    }
  }

  /** Writes down how many rows each producer had to drop, where that has changed. */
  noteDropped(): void {
    for (const { producer, counters } of this.#rings) {
      const dropped: Record<string, number> = {}
      for (const [index, cause] of DROP_CAUSES.entries()) {
        const count = counters[F64.DROPPED + index]!
        if (count > 0) dropped[cause] = count
      }
      const noted = this.#dropped.get(producer) ?? {}
      if (Object.entries(dropped).every(([cause, count]) => count === noted[cause])) continue
      this.#writer.appendNote({ note: 'dropped', producer, dropped })
      this.#dropped.set(producer, dropped)
    }
  }

  sync(): void {
    this.#writeUnsynced()
    this.#writer.flush()
    this.#writer.sync()
    for (const ring of this.#rings) ring.markSynced()
  }

  abandonSegment(): void {
    this.#writer.abandonSegment()
  }

  close(): void {
    this.#writer.close()
  }
}
