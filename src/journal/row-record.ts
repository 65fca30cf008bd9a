import { FRAMES_HEADER_BYTES } from './payload.js'
import { JOURNAL_START } from './position.js'
import { RecordReader } from './records.js'

/** A record with rows, and where it stands. */
export interface RowRecord {
  readonly position: number
  readonly first: number
  /** The sequence number behind its last row. */
  readonly end: number
}

/** In the order of their rows; those that hold nothing which one before them does not hold are left out. */
export function inOrder(records: readonly RowRecord[]): RowRecord[] {
  let next = Number.NEGATIVE_INFINITY
  return [...records]
    .sort((a, b) => a.first - b.first)
    .filter(({ end }) => {
      if (end <= next) return false
      next = end
      return true
    })
}

/** True where records in order hold all of rows `from .. to - 1`. */
export function cover(records: readonly RowRecord[], from: number, to: number): boolean {
  let next = from
  for (const { first, end } of records) {
    if (first > next) return false
    next = Math.max(next, end)
  }
  return next >= to
}

const NONE: Uint8Array = new Uint8Array(0)

/** Reads single records. */
export class RowRecordReader {
  readonly #reader: RecordReader
  #frames = NONE

  constructor(directory: string) {
    this.#reader = new RecordReader(directory, JOURNAL_START, {
      record: (buffer, start, end) => {
        this.#frames = Uint8Array.from(buffer.subarray(start + FRAMES_HEADER_BYTES, end))
        return false
      },
      damage: () => {
        // The record was sound when it was found: if it is no longer, its rows are lost after all.
      },
    })
  }

  /** The frames of a record; empty where it cannot be read any more. */
  frames({ position }: RowRecord): Uint8Array {
    this.#frames = NONE
    this.#reader.moveTo(position)
    while (this.#frames === NONE && this.#reader.readBuffer(Number.POSITIVE_INFINITY, 1)) {
      // until the record's end
    }
    return this.#frames
  }

  close(): void {
    this.#reader.close()
  }
}
