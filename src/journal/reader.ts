import type { RecordBatch } from '../record/batch.js'
import { BatchBuilder } from '../record/builder.js'
import { NameTable } from '../record/names.js'
import { GapFinder } from './gaps.js'
import { LostNames } from './lost-names.js'
import { FRAMES_HEADER_BYTES, type FramesHeader, type Note, readFramesHeader, readNote } from './payload.js'
import { FIRST_PLACE, type JournalPlace, offsetOf, positionOf, segmentOf } from './position.js'
import { READ_BYTES, RecordReader, type RecordVisitor } from './records.js'
import { outlivesRewind, readSuperseded, type Superseded } from './rewinds.js'

export interface ReadLimits {
  /** Read up to here and not beyond; without it, up to what is on the disk. */
  readonly end?: number
  /** Stop after about this many bytes of journal. */
  readonly maxBytes?: number
  /** Stop on the way over many superseded rows too: then there is no batch, and `paused` is true. Default: go over them all. */
  readonly pauses?: boolean
}

/** Half a million rows, or half a second. */
const PAUSE_BYTES = 16 * 1024 * 1024

export interface JournalReaderOptions {
  /** A table that several readers share, so that their batches agree on the indexes of names. */
  readonly names?: NameTable
  readonly onNote?: (note: Note) => void
  /** Give rows that a resumed run has superseded too (see rewinds.ts). Default: they are left out. */
  readonly superseded?: boolean
}

/**
 * Reads a journal from a place on, also while it is being written. One thread, synchronous file calls.
 *
 * Damage (a wrong checksum, a torn end that a later segment follows) costs the rest of its block: the reader
 * goes on at the next one. Where sequence numbers then miss rows, it looks for them further on (see GapFinder),
 * gives those it finds before it goes on, and counts the others as lost. What ends in the middle at the very end
 * of the journal is not damage but "not there yet": the reader stays before it, and `read()` may be called again.
 */
export class JournalReader implements RecordVisitor {
  readonly #directory: string
  readonly #builder: BatchBuilder
  readonly #records: RecordReader
  readonly #header: FramesHeader = { producer: 0, rows: 0, firstSequence: 0 }
  readonly #onNote: ((note: Note) => void) | undefined
  readonly #withSuperseded: boolean
  #rewound: Superseded | null = null
  #leftOut = new Map<number, number[]>()
  #gaps: GapFinder | null = null
  #lostNames: LostNames | null = null
  /** Of the record in hand. */
  #segment = 0
  #learning = false
  /** Bytes that this `read()` may still take. */
  #budget = 0
  /** Places where bytes were left because of damage. */
  damagedBlocks = 0
  /** The last `read()` has stopped on its way: see ReadLimits. */
  paused = false

  constructor(directory: string, place: JournalPlace = FIRST_PLACE, options: JournalReaderOptions = {}) {
    this.#directory = directory
    this.#builder = new BatchBuilder(options.names ?? new NameTable())
    this.#builder.onUnknown = (producer, key) => this.#findName(producer, key)
    this.#records = new RecordReader(directory, place.position, this)
    this.#onNote = options.onNote
    this.#withSuperseded = options.superseded === true
    this.#learnRewinds()
    for (const [producer, next] of Object.entries(place.next)) this.#builder.next.set(Number(producer), next)
    if (offsetOf(place.position) === 0) return
    try {
      this.#learnNames(place.position)
    } catch (error) {
      this.#records.close()
      throw error
    }
  }

  get place(): JournalPlace {
    return { position: this.position, next: Object.fromEntries(this.#builder.next) }
  }

  /** Where the next record begins: a record that has been read in part does not count. */
  get position(): number {
    return this.#records.position
  }

  /** Rows that the sequence numbers miss so far. */
  get lost(): number {
    return this.#builder.lost
  }

  /**
   * Rows that the last `read()` has left out since they are superseded: per producer their sequence numbers, ascending.
   */
  get superseded(): ReadonlyMap<number, readonly number[]> {
    return this.#leftOut
  }

  /** The rows from here on, or null where there are none (yet). The batch is valid until the next call. */
  read({
    end = Number.POSITIVE_INFINITY,
    maxBytes = 1024 * 1024,
    pauses = false,
  }: ReadLimits = {}): RecordBatch | null {
    const records = this.#records
    this.#budget = maxBytes
    this.#leftOut = new Map()
    this.paused = false
    // Null means that there is nothing more: definitions and repeated rows, however many, are not an end.
    while (records.reached < end && (this.#budget > 0 || this.#builder.rows === 0)) {
      const before = records.reached
      const bytes = Math.min(Math.max(this.#budget, 1), READ_BYTES)
      const moved = records.readBuffer(end, bytes) || records.held || records.nextSegment(end)
      if (!moved || records.held) break
      if (segmentOf(before) === segmentOf(records.reached)) this.#budget -= records.reached - before
      this.paused =
        pauses && this.#leftOut.size > 0 && this.#builder.rows === 0 && this.#budget < -PAUSE_BYTES
      if (this.paused) break
    }
    return this.#builder.rows === 0 ? null : this.#builder.take()
  }

  close(): void {
    this.#records.close()
    this.#gaps?.close()
  }

  /** Reads this segment's definitions up to `position`, so that its rows have names. */
  #learnNames(position: number): void {
    this.#learning = true
    this.#records.moveTo(positionOf(segmentOf(position), 0))
    while (this.#records.reached < position && this.#records.readBuffer(position)) {
      // goes on until the place, or the file's end
    }
    this.#records.moveTo(position)
    this.#learning = false
    this.damagedBlocks = 0
  }

  /** For the framing's use. */
  record(buffer: Buffer, start: number, end: number, segment: number): boolean {
    this.#segment = segment
    const header = readFramesHeader(buffer, start, end, this.#header)
    if (header !== null) {
      const { producer, rows, firstSequence } = header
      if (rows > 0 && !this.#learning && !this.#fill(producer, firstSequence)) return false
      const frames = buffer.subarray(start + FRAMES_HEADER_BYTES, end)
      this.#builder.add(producer, firstSequence, frames, this.#learning)
    } else if (!this.#learning) {
      const note = readNote(buffer, start, end)
      if (note === null) return true
      if (note.note === 'segment') {
        // A process that resumes the run begins a segment.
        this.#learnRewinds()
        if (note.repeats !== undefined) this.#missBefore(note.next)
      }
      this.#onNote?.(note)
    }
    return true
  }

  #learnRewinds(): void {
    if (this.#withSuperseded) return
    this.#rewound = readSuperseded(this.#directory)
    if (this.#rewound === null) return
    this.#builder.leavesOut = (producer, sequence, step, media) => {
      if (!this.#rewound!.has(producer, sequence, step)) return false
      if (media !== undefined && outlivesRewind(media)) return false
      const left = this.#leftOut.get(producer)
      if (left === undefined) this.#leftOut.set(producer, [sequence])
      else left.push(sequence)
      return true
    }
  }

  /** For the framing's use. */
  damage(): void {
    this.damagedBlocks++
  }

  /** Rows that were written to earlier segments and were not read there are lost, whether more follow or not. */
  #missBefore(written: { readonly [producer: string]: number }): void {
    for (const [producer, sequence] of Object.entries(written)) this.#builder.miss(Number(producer), sequence)
  }

  /**
   * Adds what can be found elsewhere of the rows that are missing before `first`. False where this batch has
   * enough: the next one begins at the same record, and goes on with the rest.
   */
  #fill(producer: number, first: number): boolean {
    const next = this.#builder.next.get(producer) ?? 0
    if (first <= next) return true
    this.#gaps ??= new GapFinder(this.#directory)
    for (const record of this.#gaps.find(this.#segment, producer, next, first)) {
      if (this.#budget <= 0 && this.#builder.rows > 0) return false
      const frames = this.#gaps.frames(record)
      this.#builder.add(producer, record.first, frames)
      this.#budget -= frames.length
    }
    return true
  }

  #findName(producer: number, key: number): void {
    this.#lostNames ??= new LostNames(this.#directory)
    this.#lostNames.search(
      this.#segment,
      (of, id, name) => this.#builder.define(of, id, name),
      () => this.#builder.isDefined(producer, key),
    )
  }
}
