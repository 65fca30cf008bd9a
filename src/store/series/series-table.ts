import type { RecordBatch } from '../../record/batch.js'
import {
  KEY_ID_MASK,
  KIND_KEY,
  KIND_MEDIA,
  KIND_ROW,
  ROW_HEADER_WORDS,
  rowValues,
  VALUE_INT64,
} from '../../record/frame.js'
import { decodeMedia } from '../../record/media-frame.js'
import type { Frames } from './frames.js'
import type { FramesVisitor } from './plain-rows.js'
import { Pyramid } from './pyramid.js'

/** Entries that all metrics of a run have together, about: 112 bytes each. */
const MAX_ENTRIES = 2 ** 20
/** Twice the points across a wide screen. */
const MAX_METRIC_ENTRIES = 2048
const MIN_METRIC_ENTRIES = 8

export interface MetricKey {
  readonly producer: number
  readonly name: string
}

export interface TableEntry extends MetricKey {
  /** Null while it is only on the disk. */
  pyramid: Pyramid | null
}

/** What a producer's keys mean. */
interface ProducerKeys {
  readonly producer: number
  readonly names: string[]
  /** Of keys that rows have used. */
  readonly pyramids: Pyramid[]
}

/** The metrics of a journal, each in a bounded number of entries, from rows in the order of the journal. */
export class SeriesTable implements FramesVisitor {
  readonly #series: TableEntry[] = []
  /** By producer, by name: indexes. */
  readonly #places = new Map<number, Map<string, number>>()
  readonly #keys = new Map<number, ProducerKeys>()
  /** The one of `#keys` that was asked for last. */
  #latest: ProducerKeys = { producer: -1, names: [], pyramids: [] }
  #limit = MAX_METRIC_ENTRIES
  /** Kinds of the media records and updates that there are. */
  readonly kinds = new Set<string>()
  /** Rows with metrics. */
  rows = 0

  /** `series`: those of an index that goes on. */
  constructor(series: readonly MetricKey[] = []) {
    for (const { producer, name } of series) this.#enter({ producer, name, pyramid: null })
  }

  get series(): readonly TableEntry[] {
    return this.#series
  }

  /** Undefined where there is none of that name. */
  indexOf({ producer, name }: MetricKey): number | undefined {
    return this.#places.get(producer)?.get(name)
  }

  /** `position`: of the journal, where the batch begins, or before it. */
  addBatch(batch: RecordBatch, position: number): void {
    const { keys, values, offsets, steps, times, producers, names } = batch
    for (const { kind } of batch.media.values()) this.kinds.add(kind)
    let producer = -1
    let pyramids: Pyramid[] = []
    for (let row = 0; row < batch.count; row++) {
      if (producers[row] !== producer) {
        producer = producers[row]!
        pyramids = []
      }
      for (let slot = offsets[row]!; slot < offsets[row + 1]!; slot++) {
        const key = keys[slot]!
        pyramids[key] ??= this.#pyramid({ producer, name: names[key]! })
        pyramids[key].add(steps[row]!, times[row]!, values[slot]!, position, this.#limit)
      }
    }
    this.rows += batch.count - batch.media.size
  }

  learn(producer: number, frames: Frames): void {
    const { u32, length } = frames
    for (let at = 0; at < length; ) {
      const header = u32[at * 2]!
      const words = header >>> 8
      if (words === 0 || at + words > length) return
      if ((header & 0xff) === KIND_KEY) this.#define(producer, frames, at)
      at += words
    }
  }

  take(producer: number, frames: Frames, position: number): number {
    const { u32, f64, length } = frames
    const { pyramids } = this.#keysOf(producer)
    let taken = 0
    for (let at = 0; at < length; ) {
      const header = u32[at * 2]!
      const words = header >>> 8
      if (words === 0 || at + words > length) break
      const kind = header & 0xff
      if (kind === KIND_ROW) {
        const values = at + ROW_HEADER_WORDS
        const count = rowValues(words)
        const ids = (values + count) * 2
        if (!this.#haveNames(producer, u32, ids, count)) return taken
        for (let value = 0; value < count; value++) {
          const id = u32[ids + value]!
          if (id & VALUE_INT64)
            f64[values + value] = Number(frames.bytes.readBigInt64LE((values + value) * 8))
          pyramids[id & KEY_ID_MASK]!.addFrom(f64, at + 1, values + value, position, this.#limit)
        }
        this.rows++
        taken++
      } else if (kind === KIND_MEDIA) {
        // What cannot be read costs itself.
        const record = decodeMedia(frames.bytes, at * 8)
        if (record !== null) this.kinds.add(record.kind)
        taken++
      } else if (kind === KIND_KEY) this.#define(producer, frames, at)
      at += words
    }
    return taken
  }

  /** Whether each of the keys has a name, and so a pyramid then. */
  #haveNames(producer: number, u32: Uint32Array, ids: number, count: number): boolean {
    const { pyramids } = this.#keysOf(producer)
    for (let value = 0; value < count; value++) {
      const key = u32[ids + value]! & KEY_ID_MASK
      if (pyramids[key] !== undefined) continue
      const name = this.#keysOf(producer).names[key]
      if (name === undefined) return false
      pyramids[key] = this.#pyramid({ producer, name })
    }
    return true
  }

  #define(producer: number, frames: Frames, at: number): void {
    // The first name of a key stays.
    this.#keysOf(producer).names[frames.u32[at * 2 + 1]!] ??= frames.nameAt(at)
  }

  #keysOf(producer: number): ProducerKeys {
    if (this.#latest.producer === producer) return this.#latest
    const keys = this.#keys.get(producer) ?? { producer, names: [], pyramids: [] }
    this.#keys.set(producer, keys)
    this.#latest = keys
    return keys
  }

  #pyramid(key: MetricKey): Pyramid {
    const index = this.indexOf(key)
    if (index !== undefined) return this.#series[index]!.pyramid!
    const pyramid = new Pyramid()
    const before = this.#enter({ ...key, pyramid }) - 1
    // Each doubling of the number of metrics halves what one of them may have.
    if (Number.isInteger(Math.log2(before)) && this.#limit < MAX_METRIC_ENTRIES) {
      for (const series of this.#series) series.pyramid!.shrink(this.#limit)
    }
    return pyramid
  }

  /** Returns how many there are then. */
  #enter(entry: TableEntry): number {
    const names = this.#places.get(entry.producer) ?? new Map<string, number>()
    this.#places.set(entry.producer, names.set(entry.name, this.#series.length))
    const count = this.#series.push(entry)
    const share = Math.floor(MAX_ENTRIES / count)
    this.#limit = Math.min(MAX_METRIC_ENTRIES, Math.max(MIN_METRIC_ENTRIES, share))
    return count
  }
}
