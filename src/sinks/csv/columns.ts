import type { RecordBatch } from '../../record/batch.js'
import { FIXED_FIELDS, fieldName } from '../file/fields.js'

const UNKNOWN = -1
/** Column of a metric that has none: its values go to metrics-overflow.csv. */
export const OVERFLOW = -2

/** Which metric is in which column of metrics.csv, in the order in which they first appeared. */
export class Columns {
  #names: readonly string[]
  readonly #byName: Map<string, number>
  /** Per index of `batch.names`: the column, UNKNOWN or OVERFLOW. */
  readonly #ofKey: number[] = []

  constructor(names: readonly string[]) {
    this.#names = names
    this.#byName = new Map(names.map((name, column) => [name, column]))
  }

  get names(): readonly string[] {
    return this.#names
  }

  get ofKey(): readonly number[] {
    return this.#ofKey
  }

  /** The first line of the file, if it had columns for `added` too. */
  header(added: readonly string[] = []): string {
    const metrics = [...this.#names, ...added].map((name) => quoteField(fieldName(name)))
    return `${[...FIXED_FIELDS, ...metrics].join(',')}\n`
  }

  /** The metrics of this batch that have neither a column nor been sent to the overflow, each once, in order. */
  unknownKeys(batch: RecordBatch): number[] {
    const ofKey = this.#ofKey
    for (let key = ofKey.length; key < batch.names.length; key++) {
      ofKey.push(this.#byName.get(batch.names[key]!) ?? UNKNOWN)
    }
    const unknown = new Set<number>()
    const slots = batch.offsets[batch.count]!
    for (let slot = 0; slot < slots; slot++) {
      const key = batch.keys[slot]!
      if (ofKey[key] === UNKNOWN) unknown.add(key)
    }
    return [...unknown]
  }

  add(batch: RecordBatch, keys: readonly number[]): void {
    for (const key of keys) {
      this.#ofKey[key] = this.#byName.size
      this.#byName.set(batch.names[key]!, this.#byName.size)
    }
    // A list of its own: earlier ones are in the states of earlier batches.
    this.#names = [...this.#byName.keys()]
  }

  overflow(keys: readonly number[]): void {
    for (const key of keys) this.#ofKey[key] = OVERFLOW
  }
}

/** RFC 4180, section 2: fields with commas, quotes or line breaks are quoted, and quotes in them doubled. */
export function quoteField(field: string): string {
  return field === '' || /[",\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field
}
