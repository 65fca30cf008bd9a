import { listSegments } from './files.js'
import { cover, inOrder, type RowRecord, RowRecordReader } from './row-record.js'
import { SegmentIndex } from './segment-index.js'

/** Segments before the one in hand whose indexes are kept. */
const KEPT_INDEXES = 2

/**
 * Finds rows where sequence numbers miss them: what damage took in one place may stand in another.
 * - After a failed sync, the next segment begins with a copy of what was not synced (the note's `repeats`). Of
 *   the first copy, a power cut may have left any part.
 * - A block that the disk wrote to a wrong place makes the rows between look skipped; they follow later.
 */
export class GapFinder {
  readonly #directory: string
  readonly #indexes = new Map<number, SegmentIndex>()
  readonly #records: RowRecordReader

  constructor(directory: string) {
    this.#directory = directory
    this.#records = new RowRecordReader(directory)
  }

  /** Records that hold rows `from .. to - 1` of a producer, in the order of their rows; as many as there are. */
  find(segment: number, producer: number, from: number, to: number): RowRecord[] {
    const following = listSegments(this.#directory).filter((other) => other > segment)
    let found: RowRecord[] = []
    for (const candidate of [segment, ...following]) {
      const index = this.#index(candidate)
      if (candidate > segment && !index.mayRepeat(producer, to)) break
      found = inOrder([...found, ...index.between(producer, from, to)])
      if (cover(found, from, to)) break
    }
    return found
  }

  /** The frames of a record that was found. */
  frames(record: RowRecord): Uint8Array {
    return this.#records.frames(record)
  }

  close(): void {
    this.#records.close()
  }

  #index(segment: number): SegmentIndex {
    let index = this.#indexes.get(segment)
    if (index === undefined) {
      for (const other of this.#indexes.keys())
        if (other < segment - KEPT_INDEXES) this.#indexes.delete(other)
      index = new SegmentIndex(this.#directory, segment)
      this.#indexes.set(segment, index)
    }
    index.update()
    return index
  }
}
