import { join } from 'node:path'
import { listSegments } from '../../journal/files.js'
import { readNote } from '../../journal/payload.js'
import { FIRST_PLACE, type JournalPlace, positionOf } from '../../journal/position.js'
import { JournalReader } from '../../journal/reader.js'
import { RecordReader } from '../../journal/records.js'
import { rowAt } from './read-rows.js'
import type { MetricRow } from './types.js'

/**
 * The last rows of a journal, and those that come after them. Not more than the last segments are read, as many as hold
 * the rows. Blocks for file calls.
 */
export class RowTail {
  readonly #journal: string
  readonly #names: ReadonlySet<string> | null
  #reader: JournalReader | null = null

  /** `metrics`: only rows that have one of them. */
  constructor(runDir: string, metrics?: readonly string[]) {
    this.#journal = join(runDir, 'journal')
    this.#names = metrics === undefined ? null : new Set(metrics)
  }

  /** The last `count` rows that are there. */
  last(count: number): MetricRow[] {
    const segments = listSegments(this.#journal)
    for (let at = segments.length - 1; at > 0; at--) {
      const place = placeOfSegment(this.#journal, segments[at]!)
      if (place === null) continue
      const rows = this.#lastFrom(place, count)
      if (rows.length === count) return rows
    }
    return this.#lastFrom(FIRST_PLACE, count)
  }

  /** Rows that have come since; after `last()`. */
  next(): MetricRow[] {
    return this.#read(Number.POSITIVE_INFINITY)
  }

  close(): void {
    this.#reader?.close()
    this.#reader = null
  }

  #lastFrom(place: JournalPlace, count: number): MetricRow[] {
    this.close()
    this.#reader = new JournalReader(this.#journal, place)
    return this.#read(count)
  }

  #read(count: number): MetricRow[] {
    let rows: MetricRow[] = []
    for (let batch = this.#reader!.read(); batch !== null; batch = this.#reader!.read()) {
      const found: MetricRow[] = []
      // From the end: of a long journal only the last rows are worth making.
      for (let row = batch.count - 1; row >= 0 && found.length < count; row--) {
        const made = rowAt(batch, row, this.#names)
        if (made !== null) found.push(made)
      }
      const all = [...rows, ...found.reverse()]
      rows = Number.isFinite(count) ? all.slice(Math.max(0, all.length - count)) : all
    }
    return rows
  }
}

/** Where a segment begins, and what was written before it, as its note says; null where that cannot be read. */
export function placeOfSegment(journal: string, segment: number): JournalPlace | null {
  const position = positionOf(segment, 0)
  let place: JournalPlace | null = null
  const reader = new RecordReader(journal, position, {
    record(buffer, start, end) {
      const note = readNote(buffer, start, end)
      if (note?.note === 'segment') place = { position, next: note.next }
      return place === null
    },
    damage() {
      // Then the note may be further on, or nowhere.
    },
  })
  try {
    while (place === null && reader.readBuffer(Number.POSITIVE_INFINITY)) {
      // until the note
    }
  } finally {
    reader.close()
  }
  return place
}
