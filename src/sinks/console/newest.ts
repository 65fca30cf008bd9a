import type { RecordBatch } from '../../record/batch.js'

const UNKNOWN = -1
const HIDDEN = -2

/** The newest value of the first metrics that were logged, and how many others there are. */
export class NewestValues {
  readonly names: string[]
  readonly values: number[]
  readonly #limit: number
  readonly #hiddenBefore: number
  #hidden = 0
  /** Per index of `batch.names`: the index into `values`, UNKNOWN or HIDDEN. */
  readonly #ofKey: number[] = []

  constructor(limit: number, names: readonly string[], values: readonly number[], hidden: number) {
    this.#limit = limit
    this.names = names.slice(0, limit)
    this.values = values.slice(0, limit)
    this.#hiddenBefore = hidden + names.length - this.names.length
  }

  /** Metrics that are not shown. Which ones they were is not kept: after `open()` this is a lower bound. */
  get hidden(): number {
    return Math.max(this.#hiddenBefore, this.#hidden)
  }

  add(batch: RecordBatch, row: number): void {
    const { keys, values } = batch
    const end = batch.offsets[row + 1]!
    for (let slot = batch.offsets[row]!; slot < end; slot++) {
      const key = keys[slot]!
      const index = this.#ofKey[key] ?? UNKNOWN
      if (index >= 0) this.values[index] = values[slot]!
      else if (index === UNKNOWN) this.#place(batch.names, key, values[slot]!)
    }
  }

  #place(names: readonly string[], key: number, value: number): void {
    while (this.#ofKey.length <= key) this.#ofKey.push(UNKNOWN)
    const name = names[key]!
    let index = this.names.indexOf(name)
    if (index === -1 && this.names.length < this.#limit) index = this.names.push(name) - 1
    if (index === -1) this.#hidden++
    else this.values[index] = value
    this.#ofKey[key] = index === -1 ? HIDDEN : index
  }
}
