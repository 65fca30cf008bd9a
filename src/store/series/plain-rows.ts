import { FRAMES_HEADER_BYTES, type FramesHeader, readFramesHeader, readNote } from '../../journal/payload.js'
import type { JournalPlace } from '../../journal/position.js'
import { offsetOf, positionOf, segmentOf } from '../../journal/position.js'
import { RecordReader, type RecordVisitor } from '../../journal/records.js'
import { readRewinds } from '../../journal/rewinds.js'
import { Frames } from './frames.js'

/** Takes the rows as they come. */
export interface FramesVisitor {
  /** Takes the names of keys that are defined here; each may come more than once. */
  learn(producer: number, frames: Frames): void
  /**
   * The frames of one record of the journal, which begins at `position`. Returns how many of its rows it has taken, in their
   * order: it stops before a row that uses a key without a name.
   */
  take(producer: number, frames: Frames, position: number): number
}

/**
 * Reads the rows of a journal from their frames, as long as all is in order: each record goes on where the one before it
 * of the same producer ends, every key has a name, and no row is superseded. It stops before anything else, such as rows
 * that damage took or that come twice: those are JournalReader's work, which can go on from `place`. Twice as quick as
 * that one, which makes columns of them. One thread, synchronous file calls.
 */
export class PlainRows implements RecordVisitor {
  readonly #directory: string
  readonly #records: RecordReader
  readonly #visitor: FramesVisitor
  readonly #next = new Map<number, number>()
  readonly #header: FramesHeader = { producer: 0, rows: 0, firstSequence: 0 }
  readonly #frames = new Frames()
  #learning = false

  constructor(directory: string, { position, next }: JournalPlace, visitor: FramesVisitor) {
    this.#directory = directory
    this.#records = new RecordReader(directory, position, this)
    this.#visitor = visitor
    for (const [producer, sequence] of Object.entries(next)) this.#next.set(Number(producer), sequence)
  }

  get place(): JournalPlace {
    return { position: this.#records.position, next: Object.fromEntries(this.#next) }
  }

  /** True: up to the journal's end as it is now. False: up to what is not in order. */
  read(): boolean {
    if (readRewinds(this.#directory).length > 0) return false
    const records = this.#records
    const end = Number.POSITIVE_INFINITY
    this.#learnNames(records.position)
    while (records.readBuffer(end) || records.held || records.nextSegment(end)) {
      if (records.held) return false
    }
    return true
  }

  close(): void {
    this.#records.close()
  }

  /** Of this segment, up to `position`. */
  #learnNames(position: number): void {
    if (offsetOf(position) === 0) return
    this.#learning = true
    this.#records.moveTo(positionOf(segmentOf(position), 0))
    while (this.#records.reached < position && this.#records.readBuffer(position)) {
      // goes on until the place, or the file's end
    }
    this.#records.moveTo(position)
    this.#learning = false
  }

  /** For the framing's use. */
  record(buffer: Buffer, start: number, end: number, segment: number, offset: number): boolean {
    const header = readFramesHeader(buffer, start, end, this.#header)
    if (header === null) return this.#learning || this.#isInOrder(buffer, start, end)
    const { producer, rows, firstSequence } = header
    const next = this.#next.get(producer) ?? 0
    if (rows > 0 && !this.#learning && firstSequence !== next) return false
    this.#frames.load(buffer, start + FRAMES_HEADER_BYTES, end)
    if (this.#learning) {
      this.#visitor.learn(producer, this.#frames)
      return true
    }
    const taken = this.#visitor.take(producer, this.#frames, positionOf(segment, offset))
    // Who goes on with this record skips what has been taken of it.
    this.#next.set(producer, next + taken)
    return taken === rows
  }

  /** For the framing's use. What is missing shows in the sequence numbers, or as a key without a name. */
  damage(): void {
    // nothing to remember
  }

  /** A segment's note tells what was written before it: what of it has not come is lost. */
  #isInOrder(buffer: Buffer, start: number, end: number): boolean {
    const note = readNote(buffer, start, end)
    if (note?.note !== 'segment') return true
    // A process that resumes the run begins a segment.
    if (readRewinds(this.#directory).length > 0) return false
    if (note.repeats === undefined) return true
    return Object.entries(note.next).every(([producer, written]) => {
      return written <= (this.#next.get(Number(producer)) ?? 0)
    })
  }
}
