import type { RecordBatch } from '../../../record/batch.js'
import type { LoadedMedia } from '../media/load.js'
import type { HistoryLine } from './history-line.js'
import { fieldBytes, type MetricNames, metricName } from './names.js'

/** A set or a map of names. */
type Names = Pick<ReadonlySet<string>, 'has' | 'size'>

/** What a row puts into its line. */
export interface RowContent {
  /** UTF-8 bytes in a line, at most: a name that the line or the row has already counts twice. */
  bytes(): number
  /** One of its names is among these. */
  hasOneOf(names: Names): boolean
  /** Marks its names as those of a late row. */
  markLate(line: HistoryLine): void
  /** `time`: of the log call, where it is not the line's first; else null. */
  putInto(line: HistoryLine, time: number | null): void
}

/** The numbers of a log call: of the row that was chosen last. */
export class SlotContent implements RowContent {
  row = 0
  readonly #batch: RecordBatch
  readonly #names: MetricNames
  readonly #texts: readonly string[]

  constructor(batch: RecordBatch, names: MetricNames) {
    this.#batch = batch
    this.#names = names
    this.#texts = batch.texts()
  }

  bytes(): number {
    const { offsets, keys } = this.#batch
    const end = offsets[this.row + 1]!
    let bytes = 0
    for (let slot = offsets[this.row]!; slot < end; slot++) {
      bytes += this.#names.bytes(keys[slot]!) + this.#texts[slot]!.length
    }
    return bytes
  }

  hasOneOf(names: Names): boolean {
    if (names.size === 0) return false
    const { offsets, keys } = this.#batch
    const end = offsets[this.row + 1]!
    for (let slot = offsets[this.row]!; slot < end; slot++) {
      if (names.has(this.#names.name(keys[slot]!))) return true
    }
    return false
  }

  markLate(line: HistoryLine): void {
    const { offsets, keys } = this.#batch
    const end = offsets[this.row + 1]!
    for (let slot = offsets[this.row]!; slot < end; slot++) line.setLate(this.#names.name(keys[slot]!))
  }

  putInto(line: HistoryLine, time: number | null): void {
    const { offsets, keys } = this.#batch
    const end = offsets[this.row + 1]!
    for (let slot = offsets[this.row]!; slot < end; slot++) {
      const key = keys[slot]!
      const name = this.#names.name(key)
      line.set(name, this.#texts[slot]!, this.#names.bytes(key))
      if (time !== null) line.setTime(name, time)
    }
  }
}

/** The one value of a media call. */
export class MediaContent implements RowContent {
  readonly #name: string
  readonly #media: LoadedMedia

  constructor(name: string, media: LoadedMedia) {
    this.#name = metricName(name)
    this.#media = media
  }

  bytes(): number {
    // The largest step is the longest in the name of a file.
    return fieldBytes(this.#name) + Buffer.byteLength(this.#media.valueAt(Number.MAX_SAFE_INTEGER))
  }

  hasOneOf(names: Names): boolean {
    return names.has(this.#name)
  }

  markLate(line: HistoryLine): void {
    line.setLate(this.#name)
  }

  putInto(line: HistoryLine, time: number | null): void {
    const json = this.#media.valueAt(line.step)
    line.set(this.#name, json, fieldBytes(this.#name), Buffer.byteLength(json))
    if (time !== null) line.setTime(this.#name, time)
  }
}
