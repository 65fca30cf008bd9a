import type { MediaRecord } from './media.js'

/**
 * Rows of a journal, decoded into columns. What a sink gets.
 *
 * Row `i` (0 <= i < count) is one log call: its metrics are the slots `offsets[i] .. offsets[i + 1] - 1` of
 * `keys` and `values`. `names[keys[slot]]` is the metric's name. A row with an entry in `media` is a media call
 * (an image, a histogram, ...): it has no slots. Columns may be longer than `count` needs
 * (they are reused between batches): never use their `length`.
 *
 * A batch is valid until the next one is read; a sink copies what it keeps.
 */
export interface BatchColumns {
  /** Number of rows. */
  readonly count: number
  /** Producer of each row: 0 is the thread that called `init()`. */
  readonly producers: Uint16Array
  /** Sequence number of each row within its producer, from 0, without gaps. */
  readonly sequences: Float64Array
  /** Step of each row, as given (may be negative or fractional, is always finite). */
  readonly steps: Float64Array
  /** Time of each log call, milliseconds since the epoch. */
  readonly times: Float64Array
  /** First slot of each row; `count + 1` entries. */
  readonly offsets: Uint32Array
  /** Index into `names`, per slot. */
  readonly keys: Uint32Array
  /** The value, per slot. NaN and infinities are data. */
  readonly values: Float64Array
  /** Metric names. Indexes are stable, and the list only grows, while one reader lives. */
  readonly names: readonly string[]
  /** The exact value of a slot that was logged as a bigint; `values` holds the nearest double. */
  readonly integers: ReadonlyMap<number, bigint>
  /** Rows that are media records. */
  readonly media: ReadonlyMap<number, MediaRecord>
}

export class RecordBatch implements BatchColumns {
  readonly count: number
  readonly producers: Uint16Array
  readonly sequences: Float64Array
  readonly steps: Float64Array
  readonly times: Float64Array
  readonly offsets: Uint32Array
  readonly keys: Uint32Array
  readonly values: Float64Array
  readonly names: readonly string[]
  readonly integers: ReadonlyMap<number, bigint>
  readonly media: ReadonlyMap<number, MediaRecord>
  #texts: string[] | undefined

  constructor(columns: BatchColumns) {
    this.count = columns.count
    this.producers = columns.producers
    this.sequences = columns.sequences
    this.steps = columns.steps
    this.times = columns.times
    this.offsets = columns.offsets
    this.keys = columns.keys
    this.values = columns.values
    this.names = columns.names
    this.integers = columns.integers
    this.media = columns.media
  }

  /**
   * The decimal text of every slot, shortest form that reads back as the same double ("-0", "NaN",
   * "Infinity" and "-Infinity" included; a bigint exactly). Made once and shared by the text sinks: turning
   * a double into digits is what they spend most of their time on.
   */
  texts(): readonly string[] {
    if (this.#texts !== undefined) return this.#texts
    const { values, integers } = this
    const slots = this.offsets[this.count]!
    const texts = new Array<string>(slots)
    for (let slot = 0; slot < slots; slot++) {
      const value = values[slot]!
      texts[slot] = value === 0 && Object.is(value, -0) ? '-0' : `${value}`
    }
    for (const [slot, exact] of integers) texts[slot] = exact.toString()
    this.#texts = texts
    return texts
  }

  /** Rows `from .. to - 1` as a batch of their own, sharing this one's columns where it can. */
  slice(from: number, to: number): RecordBatch {
    if (from === 0 && to === this.count) return this
    const first = this.offsets[from]!
    const offsets = this.offsets.slice(from, to + 1).map((offset) => offset - first)
    const integers = new Map<number, bigint>()
    for (const [slot, exact] of this.integers) if (slot >= first) integers.set(slot - first, exact)
    const media = new Map<number, MediaRecord>()
    for (const [row, record] of this.media) if (row >= from && row < to) media.set(row - from, record)
    return new RecordBatch({
      count: to - from,
      producers: this.producers.subarray(from, to),
      sequences: this.sequences.subarray(from, to),
      steps: this.steps.subarray(from, to),
      times: this.times.subarray(from, to),
      offsets,
      keys: this.keys.subarray(first),
      values: this.values.subarray(first),
      names: this.names,
      integers,
      media,
    })
  }
}
