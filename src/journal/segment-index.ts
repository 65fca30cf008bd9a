import { type FramesHeader, readFramesHeader, readNote, type SegmentNote } from './payload.js'
import { positionOf } from './position.js'
import { RecordReader, type RecordVisitor } from './records.js'
import type { RowRecord } from './row-record.js'

/**
 * Where rows stand in one segment: by default only those that a reader who goes straight on would not read, or
 * read too late, because they come behind higher ones or are copies of an earlier segment's.
 */
export class SegmentIndex implements RecordVisitor {
  readonly #directory: string
  readonly #segment: number
  readonly #all: boolean
  readonly #records = new Map<number, RowRecord[]>()
  /** Per producer: rows before this one are out of order. */
  readonly #highest = new Map<number, number>()
  readonly #header: FramesHeader = { producer: 0, rows: 0, firstSequence: 0 }
  #reached: number
  /** Null where it cannot be read: then all records are kept, since the segment may begin with copies. */
  note: SegmentNote | null = null

  constructor(directory: string, segment: number, { all = false } = {}) {
    this.#directory = directory
    this.#segment = segment
    this.#all = all
    this.#reached = positionOf(segment, 0)
  }

  /** Reads on to the segment's end as it is now. */
  update(): void {
    const reader = new RecordReader(this.#directory, this.#reached, this)
    try {
      if (reader.behind === 0) return
      while (reader.readBuffer(Number.POSITIVE_INFINITY)) {
        // until the end
      }
      this.#reached = reader.position
    } finally {
      reader.close()
    }
  }

  /** False where the note says that no row of this producer before `to` is copied here. */
  mayRepeat(producer: number, to: number): boolean {
    if (this.note?.repeats === undefined) return true
    const copied = this.note.repeats[producer]
    return copied !== undefined && copied[0] < to
  }

  /** Records with rows `from .. to - 1` of a producer. */
  between(producer: number, from: number, to: number): RowRecord[] {
    return (this.#records.get(producer) ?? []).filter(({ first, end }) => first < to && end > from)
  }

  record(buffer: Buffer, start: number, end: number, segment: number, offset: number): boolean {
    const frames = readFramesHeader(buffer, start, end, this.#header)
    if (frames !== null && frames.rows > 0) this.#add(frames, positionOf(segment, offset))
    const note = readNote(buffer, start, end)
    if (note?.note === 'segment' && note.segment === this.#segment) {
      this.note = note
      for (const [producer, [, to]] of Object.entries(note.repeats ?? {}))
        this.#highest.set(Number(producer), to)
    }
    return true
  }

  damage(): void {
    // What cannot be read fills no gap.
  }

  #add({ producer, rows, firstSequence }: FramesHeader, position: number): void {
    const end = firstSequence + rows
    const highest = this.#highest.get(producer) ?? 0
    if (firstSequence < highest || this.#all || this.note?.repeats === undefined) {
      const records = this.#records.get(producer) ?? []
      records.push({ position, first: firstSequence, end })
      this.#records.set(producer, records)
    }
    if (end > highest) this.#highest.set(producer, end)
  }
}
