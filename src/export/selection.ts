import type { RecordBatch } from '../record/batch.js'

/** Which values are wanted. */
export interface Selection {
  /** Without it: all metrics. */
  readonly metrics?: readonly string[]
  /** First and last step; both are part of it. */
  readonly from?: number
  readonly to?: number
}

/** Says of rows and slots of a journal's batches whether they are wanted. The batches share one table of names. */
export class Selector {
  readonly #metrics: ReadonlySet<string> | null
  readonly #from: number
  readonly #to: number
  /** Per index of `batch.names`. */
  #wanted: boolean[] = []

  constructor({ metrics, from, to }: Selection) {
    this.#metrics = metrics === undefined ? null : new Set(metrics)
    this.#from = from ?? Number.NEGATIVE_INFINITY
    this.#to = to ?? Number.POSITIVE_INFINITY
  }

  /** To be called with the first batch of a journal: each has names of its own. */
  reset(): void {
    this.#wanted = []
  }

  /** By index of the batch's names. */
  wantedOf({ names }: RecordBatch): readonly boolean[] {
    for (let key = this.#wanted.length; key < names.length; key++) {
      this.#wanted.push(this.#metrics?.has(names[key]!) ?? true)
    }
    return this.#wanted
  }

  /** False for media and updates, which have no values. */
  hasRow(batch: RecordBatch, row: number): boolean {
    const step = batch.steps[row]!
    return step >= this.#from && step <= this.#to && !(batch.media.size > 0 && batch.media.has(row))
  }
}
