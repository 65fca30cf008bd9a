import type { JournalScan } from '../journal/scan.js'
import type { RunFile } from '../store/run-file.js'
import { LostRecords, type RecordRange } from './lost-records.js'
import type { JournalCheck, ProducerCheck } from './report.js'

/** Next sequence number of each producer at the journal's end. */
export function endsOf(scan: JournalScan): { readonly [producer: string]: number } {
  return Object.fromEntries([...scan.producers].map(([producer, { next }]) => [producer, next]))
}

export function lostIn(scan: JournalScan): LostRecords {
  const ranges = new Map<number, RecordRange[]>()
  for (const [producer, { missing }] of scan.producers) {
    ranges.set(
      producer,
      missing.map(({ from, to }) => ({ from, to })),
    )
  }
  return new LostRecords(ranges)
}

/** All records that the journal took: those that are left, and those that sequence numbers miss. */
export function recordsIn(scan: JournalScan): number {
  let records = 0
  for (const { next } of scan.producers.values()) records += next
  return records
}

/** `counted`: how many records others know that the journal had. */
export function checkJournal(scan: JournalScan, file: RunFile | null, counted: number): JournalCheck {
  const producers = [...scan.producers]
    .sort(([a], [b]) => a - b)
    .map(([producer, found]): ProducerCheck => {
      return {
        producer,
        name: file?.producers.find(({ id }) => id === producer)?.name ?? null,
        records: found.rows,
        missing: found.missing.map(({ from, to, segment, offset }) => ({
          from,
          to: to - 1,
          segment,
          offset,
        })),
        repeated: found.repeated,
        dropped: scan.dropped.get(producer) ?? {},
      }
    })
  const missing = lostIn(scan).count
  const missingAtEnd = Math.max(0, counted - recordsIn(scan))
  const gone = scan.segments.length === 0 && missingAtEnd > 0
  // A writer that died leaves the end of its segment torn: nothing is wrong where no record is missing.
  const broken = scan.damage.some(({ kind }) => kind !== 'torn')
  const damaged = broken || missing + missingAtEnd + scan.undefinedNames > 0
  return {
    result: gone ? 'missing' : damaged ? 'damaged' : 'ok',
    segments: scan.segments,
    bytes: scan.bytes,
    records: producers.reduce((sum, { records }) => sum + records, 0),
    producers,
    damage: scan.damage,
    missing,
    missingAtEnd,
    undefinedNames: scan.undefinedNames,
    tornTailBytes: scan.tornTailBytes,
  }
}
