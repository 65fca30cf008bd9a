import fs from 'node:fs'
import { listSegments, segmentPath } from './files.js'
import { GapFinder } from './gaps.js'
import { KeysSeen } from './keys-seen.js'
import { type DropCounts, type FramesHeader, type Note, readFramesHeader, readNote } from './payload.js'
import { JOURNAL_START, offsetOf, segmentOf } from './position.js'
import { type DamageKind, RecordReader, type RecordVisitor } from './records.js'

/** What a journal holds, and what damage costs. */
export interface JournalScan {
  readonly bytes: number
  readonly segments: readonly SegmentScan[]
  readonly damage: readonly Damage[]
  readonly producers: ReadonlyMap<number, ProducerScan>
  /** Rows that each producer had to drop, by cause. */
  readonly dropped: ReadonlyMap<number, DropCounts>
  /** Bytes of a record at the very end that is not, or not yet, written in full: no damage. */
  readonly tornTailBytes: number
  /** Keys that rows use and no readable block defines: sinks get them as `unknown/...`. */
  readonly undefinedNames: number
}

export interface SegmentScan {
  readonly segment: number
  readonly bytes: number
  /** The note that ends its head can be read. */
  readonly headWhole: boolean
}

/** Bytes of a segment that a reader leaves. */
export interface Damage {
  readonly segment: number
  readonly offset: number
  readonly bytes: number
  readonly kind: DamageKind
}

export interface ProducerScan {
  /** Rows that can be read, each counted once. */
  readonly rows: number
  /** The sequence number behind the last row that is known to have been written. */
  readonly next: number
  readonly missing: readonly MissingRows[]
  /** Rows that were read again, as after a failed sync. */
  readonly repeated: number
}

/** Rows `from .. to - 1` are nowhere. */
export interface MissingRows {
  readonly from: number
  readonly to: number
  /** The place of the record that shows it. */
  readonly segment: number
  readonly offset: number
}

/**
 * Reads a whole journal for its soundness: framing, checksums, sequence numbers, names. What it counts as missing
 * is what a JournalReader counts as lost. Blocks the thread with file calls, for seconds where there are
 * gigabytes; holds memory for what is wrong, not for what is there. `onProgress` gets the bytes read so far.
 */
export function scanJournal(
  directory: string,
  { onProgress }: { onProgress?(bytes: number): void } = {},
): JournalScan {
  const scan = new Scan(directory)
  const reader = new RecordReader(directory, JOURNAL_START, scan)
  const before = new Map<number, number>()
  let bytes = 0
  for (const segment of listSegments(directory)) {
    before.set(segment, bytes)
    bytes += fs.statSync(segmentPath(directory, segment), { throwIfNoEntry: false })?.size ?? 0
  }
  while (reader.readBuffer(Number.POSITIVE_INFINITY) || reader.nextSegment(Number.POSITIVE_INFINITY)) {
    onProgress?.((before.get(segmentOf(reader.reached)) ?? bytes) + offsetOf(reader.reached))
  }
  const { position, reached, behind } = reader
  reader.close()
  return scan.result(offsetOf(reached) + behind - offsetOf(position))
}

interface Producer {
  rows: number
  next: number
  readonly missing: MissingRows[]
  repeated: number
}

class Scan implements RecordVisitor {
  readonly #directory: string
  readonly #gaps: GapFinder
  readonly #keys: KeysSeen
  readonly #header: FramesHeader = { producer: 0, rows: 0, firstSequence: 0 }
  readonly #producers = new Map<number, Producer>()
  readonly #dropped = new Map<number, DropCounts>()
  readonly #damage: Damage[] = []
  readonly #heads = new Set<number>()

  constructor(directory: string) {
    this.#directory = directory
    this.#gaps = new GapFinder(directory)
    this.#keys = new KeysSeen(directory)
  }

  record(buffer: Buffer, start: number, end: number, segment: number, offset: number): boolean {
    const header = readFramesHeader(buffer, start, end, this.#header)
    if (header === null) {
      const note = readNote(buffer, start, end)
      if (note !== null) this.#addNote(note, segment, offset)
      return true
    }
    const { producer, rows, firstSequence } = header
    if (rows > 0) this.#addRows(producer, firstSequence, firstSequence + rows, segment, offset)
    this.#keys.add(producer, buffer, start, end, segment)
    return true
  }

  damage(segment: number, offset: number, bytes: number, kind: DamageKind): void {
    this.#damage.push({ segment, offset, bytes, kind })
  }

  #addNote(note: Note, segment: number, offset: number): void {
    if (note.note === 'dropped') this.#dropped.set(note.producer, note.dropped)
    if (note.note !== 'segment') return
    this.#heads.add(segment)
    for (const [producer, counts] of Object.entries(note.dropped ?? {}))
      this.#dropped.set(Number(producer), counts)
    if (note.repeats === undefined) return
    for (const [producer, next] of Object.entries(note.next)) {
      this.#miss(this.#producer(Number(producer)), next, segment, offset)
    }
  }

  #addRows(id: number, first: number, end: number, segment: number, offset: number): void {
    const producer = this.#producer(id)
    if (first > producer.next) {
      for (const record of this.#gaps.find(segment, id, producer.next, first)) {
        this.#keep(producer, record.first, record.end, segment, offset)
      }
    }
    this.#keep(producer, first, end, segment, offset)
  }

  /** Rows `first .. end - 1`, of which those before the next expected one are known. */
  #keep(producer: Producer, first: number, end: number, segment: number, offset: number): void {
    this.#miss(producer, first, segment, offset)
    const kept = Math.max(0, end - Math.max(first, producer.next))
    producer.rows += kept
    producer.repeated += end - first - kept
    producer.next += kept
  }

  #miss(producer: Producer, before: number, segment: number, offset: number): void {
    if (before <= producer.next) return
    producer.missing.push({ from: producer.next, to: before, segment, offset })
    producer.next = before
  }

  #producer(id: number): Producer {
    let producer = this.#producers.get(id)
    if (producer === undefined) {
      producer = { rows: 0, next: 0, missing: [], repeated: 0 }
      this.#producers.set(id, producer)
    }
    return producer
  }

  result(tornTailBytes: number): JournalScan {
    this.#gaps.close()
    const segments = listSegments(this.#directory).map((segment) => ({
      segment,
      bytes: fs.statSync(segmentPath(this.#directory, segment), { throwIfNoEntry: false })?.size ?? 0,
      headWhole: this.#heads.has(segment),
    }))
    return {
      bytes: segments.reduce((sum, { bytes }) => sum + bytes, 0),
      segments,
      damage: this.#damage,
      producers: this.#producers,
      dropped: this.#dropped,
      tornTailBytes,
      undefinedNames: this.#keys.unknown,
    }
  }
}
