import { RecordBatch } from '../../../src/record/batch.js'
import type { MediaRecord } from '../../../src/record/media.js'

/** A log call, as a test writes it down. */
export interface RowLiteral {
  readonly metrics?:
    | { readonly [name: string]: number | bigint }
    | readonly (readonly [string, number | bigint])[]
    | undefined
  readonly step?: number
  /** Milliseconds since the epoch. */
  readonly time?: number
  readonly producer?: number
  readonly sequence?: number
  readonly media?: MediaRecord
}

/** 2024-11-19T07:06:40.000Z: where tests begin their runs. */
export const START_TIME = 1_732_000_000_000

/**
 * Builds batches as one reader does: the list of names only grows, and a name keeps its index. What a row does
 * not say counts up: the n-th row has step and sequence n and comes n seconds after START_TIME.
 */
export class BatchBuilder {
  readonly #names: string[]
  readonly #indexes: Map<string, number>
  #rows = 0

  constructor(names: readonly string[] = [], firstRow = 0) {
    this.#names = [...names]
    this.#indexes = new Map(names.map((name, index) => [name, index]))
    this.#rows = firstRow
  }

  batch(...rows: readonly RowLiteral[]): RecordBatch {
    return this.batchOf(rows)
  }

  batchOf(rows: readonly RowLiteral[]): RecordBatch {
    const keys: number[] = []
    const values: number[] = []
    const offsets = [0]
    const integers = new Map<number, bigint>()
    const media = new Map(rows.flatMap((row, index) => (row.media ? [[index, row.media] as const] : [])))
    const base = this.#rows
    for (const { metrics = {} } of rows) {
      for (const [name, value] of Array.isArray(metrics) ? metrics : Object.entries(metrics)) {
        if (typeof value === 'bigint') integers.set(keys.length, value)
        keys.push(this.#index(name))
        values.push(Number(value))
      }
      offsets.push(keys.length)
    }
    this.#rows += rows.length
    return new RecordBatch({
      count: rows.length,
      producers: Uint16Array.from(rows, (row) => row.producer ?? 0),
      sequences: Float64Array.from(rows, (row, index) => row.sequence ?? base + index),
      steps: Float64Array.from(rows, (row, index) => row.step ?? base + index),
      times: Float64Array.from(rows, (row, index) => row.time ?? START_TIME + (base + index) * 1000),
      // Longer than needed, as a reader's reused columns are.
      offsets: Uint32Array.from([...offsets, 0xffffffff]),
      keys: Uint32Array.from([...keys, 0xffffffff]),
      values: Float64Array.from([...values, Number.NaN]),
      names: this.#names,
      integers,
      media,
    })
  }

  #index(name: string): number {
    let index = this.#indexes.get(name)
    if (index === undefined) {
      index = this.#names.push(name) - 1
      this.#indexes.set(name, index)
    }
    return index
  }
}
