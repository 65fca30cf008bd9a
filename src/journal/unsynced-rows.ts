import { listSegments } from './files.js'
import { cover, inOrder, type RowRecord, RowRecordReader } from './row-record.js'
import { SegmentIndex } from './segment-index.js'
import type { RowRanges } from './unsynced.js'

export interface RowsInJournal extends RowRecord {
  readonly producer: number
  readonly frames: Uint8Array
}

/**
 * Rows that an earlier writer of this process wrote and did not sync, to be written again: had a sync of its
 * failed, no later one of the same file would tell the truth. In the order of each producer.
 */
export function* unsyncedRows(directory: string, ranges: RowRanges): Iterable<RowsInJournal> {
  const indexes: SegmentIndex[] = []
  const reader = new RowRecordReader(directory)
  try {
    const segments = listSegments(directory).reverse()
    for (const [producer, [from, to]] of ranges) {
      let found: RowRecord[] = []
      for (const [i, segment] of segments.entries()) {
        indexes[i] ??= indexOf(directory, segment)
        const { note } = indexes[i]
        found = inOrder([...found, ...indexes[i].between(producer, from, to)])
        const allHere = note?.repeats?.[producer] === undefined && (note?.next[producer] ?? to) <= from
        if (allHere || cover(found, from, to)) break
      }
      for (const record of found) yield { ...record, producer, frames: reader.frames(record) }
    }
  } finally {
    reader.close()
  }
}

function indexOf(directory: string, segment: number): SegmentIndex {
  const index = new SegmentIndex(directory, segment, { all: true })
  index.update()
  return index
}
