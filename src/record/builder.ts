import { RecordBatch } from './batch.js'
import {
  isRecord,
  KEY_ID_MASK,
  KIND_KEY,
  KIND_MEDIA,
  ROW_HEADER_WORDS,
  rowValues,
  VALUE_INT64,
} from './frame.js'
import type { MediaRecord } from './media.js'
import { decodeMedia } from './media-frame.js'
import type { NameTable } from './names.js'

/** Room for a few log calls; doubled as often as a batch needs more. */
const FIRST_ROWS = 256
const FIRST_SLOTS = 2048

/** A name that no readable block defines: its definition was in two damaged blocks. */
export const unknownName = (producer: number, key: number): string =>
  `unknown/producer-${producer}-key-${key}`

export const isUnknownName = (name: string): boolean => /^unknown\/producer-\d+-key-\d+$/.test(name)

/**
 * Decodes frames into the columns of a `RecordBatch`, and keeps the names that they define. Rows that were
 * already seen (a journal may hold a row twice after a failed fsync) are skipped by sequence number; a gap in
 * the sequence is counted as lost.
 */
export class BatchBuilder {
  readonly #table: NameTable
  /** Next expected sequence number per producer. */
  readonly next = new Map<number, number>()
  /** Rows that sequence numbers say were written and that no block holds any more. */
  lost = 0
  /** Says which rows are to be left out: see journal/rewinds.ts. Asked for every row, with its media record. */
  leavesOut: ((producer: number, sequence: number, step: number, media?: MediaRecord) => boolean) | null =
    null
  /** Called at a key without a name: may `define()` it. */
  onUnknown: ((producer: number, key: number) => void) | null = null

  readonly #keysOf = new Map<number, number[]>()
  #scratch = new ArrayBuffer(4096)
  #rows = 0
  #slots = 0
  #producers = new Uint16Array(FIRST_ROWS)
  #sequences = new Float64Array(FIRST_ROWS)
  #steps = new Float64Array(FIRST_ROWS)
  #times = new Float64Array(FIRST_ROWS)
  #offsets = new Uint32Array(FIRST_ROWS + 1)
  #keys = new Uint32Array(FIRST_SLOTS)
  #values = new Float64Array(FIRST_SLOTS)
  #integers = new Map<number, bigint>()
  #media = new Map<number, MediaRecord>()

  constructor(table: NameTable) {
    this.#table = table
  }

  get rows(): number {
    return this.#rows
  }

  get slots(): number {
    return this.#slots
  }

  /** Adds the frames of one payload. `definitionsOnly`: learns the names and leaves the rows. */
  add(producer: number, firstSequence: number, frames: Uint8Array, definitionsOnly = false): void {
    if (this.#scratch.byteLength < frames.length)
      this.#scratch = new ArrayBuffer(Math.ceil(frames.length / 8) * 16)
    new Uint8Array(this.#scratch).set(frames)
    const u32 = new Uint32Array(this.#scratch)
    const f64 = new Float64Array(this.#scratch)
    const keysOf = this.#producerKeys(producer)
    let sequence = firstSequence
    let next = this.next.get(producer) ?? 0
    for (let at = 0, end = frames.length >> 3; at < end; ) {
      const header = u32[at * 2]!
      const words = header >>> 8
      if (words === 0 || at + words > end) break
      const kind = header & 0xff
      if (isRecord(kind)) {
        if (!definitionsOnly && sequence >= next) {
          this.lost += sequence - next
          next = sequence + 1
          const media = kind === KIND_MEDIA ? decodeMedia(frames, at * 8) : undefined
          // What cannot be read costs itself, and not the run.
          if (media === null) this.lost++
          else if (this.leavesOut?.(producer, sequence, f64[at + 1]!, media) !== true) {
            if (media !== undefined) this.#media.set(this.#rows, media)
            const values = media === undefined ? rowValues(words) : 0
            this.#addRow(producer, sequence, at, values, u32, f64, keysOf)
          }
        }
        sequence++
      } else if (kind === KIND_KEY) {
        const key = u32[at * 2 + 1]!
        if (keysOf[key] === undefined) this.define(producer, key, nameIn(frames, at * 8, u32[at * 2 + 2]!))
      }
      at += words
    }
    if (!definitionsOnly) this.next.set(producer, next)
  }

  /** Rows of a producer before `sequence` that have not come will not come: they are lost. */
  miss(producer: number, sequence: number): void {
    const next = this.next.get(producer) ?? 0
    if (sequence <= next) return
    this.lost += sequence - next
    this.next.set(producer, sequence)
  }

  #producerKeys(producer: number): number[] {
    let keys = this.#keysOf.get(producer)
    if (keys === undefined) {
      keys = []
      this.#keysOf.set(producer, keys)
    }
    return keys
  }

  /** The name of a key; the first one given stays. */
  define(producer: number, key: number, name: string): void {
    this.#producerKeys(producer)[key] ??= this.#table.indexOf(name)
  }

  isDefined(producer: number, key: number): boolean {
    return this.#keysOf.get(producer)?.[key] !== undefined
  }

  #unknown(producer: number, key: number): number {
    this.onUnknown?.(producer, key)
    // An unknown name is not kept: the next block or segment may define it.
    return this.#keysOf.get(producer)?.[key] ?? this.#table.indexOf(unknownName(producer, key))
  }

  #addRow(
    producer: number,
    sequence: number,
    at: number,
    n: number,
    u32: Uint32Array,
    f64: Float64Array,
    keysOf: number[],
  ): void {
    const row = this.#rows
    if (row + 1 >= this.#offsets.length) this.#growRows()
    while (this.#slots + n > this.#keys.length) this.#growSlots()
    this.#producers[row] = producer
    this.#sequences[row] = sequence
    this.#steps[row] = f64[at + 1]!
    this.#times[row] = f64[at + 2]!
    const values = at + ROW_HEADER_WORDS
    const ids = (values + n) * 2
    let slot = this.#slots
    for (let i = 0; i < n; i++, slot++) {
      const id = u32[ids + i]!
      const key = id & KEY_ID_MASK
      this.#keys[slot] = keysOf[key] ?? this.#unknown(producer, key)
      if (id & VALUE_INT64) this.#addInteger(slot, new BigInt64Array(this.#scratch, (values + i) * 8, 1)[0]!)
      else this.#values[slot] = f64[values + i]!
    }
    this.#slots = slot
    this.#rows = row + 1
    this.#offsets[row + 1] = slot
  }

  #addInteger(slot: number, exact: bigint): void {
    this.#integers.set(slot, exact)
    this.#values[slot] = Number(exact)
  }

  #growRows(): void {
    const size = (this.#offsets.length - 1) * 2
    const grow = <T extends Float64Array | Uint16Array | Uint32Array>(from: T, to: T): T => {
      to.set(from)
      return to
    }
    this.#producers = grow(this.#producers, new Uint16Array(size))
    this.#sequences = grow(this.#sequences, new Float64Array(size))
    this.#steps = grow(this.#steps, new Float64Array(size))
    this.#times = grow(this.#times, new Float64Array(size))
    this.#offsets = grow(this.#offsets, new Uint32Array(size + 1))
  }

  #growSlots(): void {
    const keys = new Uint32Array(this.#keys.length * 2)
    keys.set(this.#keys)
    this.#keys = keys
    const values = new Float64Array(this.#values.length * 2)
    values.set(this.#values)
    this.#values = values
  }

  /** The rows added since the last `take()`. The columns are reused: valid until the next `add()`. */
  take(): RecordBatch {
    const batch = new RecordBatch({
      count: this.#rows,
      producers: this.#producers,
      sequences: this.#sequences,
      steps: this.#steps,
      times: this.#times,
      offsets: this.#offsets,
      keys: this.#keys,
      values: this.#values,
      names: this.#table.names,
      integers: this.#integers,
      media: this.#media,
    })
    this.#rows = 0
    this.#slots = 0
    this.#integers = new Map()
    this.#media = new Map()
    return batch
  }
}

const nameIn = (frames: Uint8Array, at: number, length: number): string =>
  Buffer.from(frames.buffer, frames.byteOffset + at + 16, length).toString('utf8')
