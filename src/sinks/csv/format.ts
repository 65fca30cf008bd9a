import type { RecordBatch } from '../../record/batch.js'
import { FIXED_FIELDS, fieldName, secondsText } from '../file/fields.js'
import type { TextBuffer } from '../file/text-buffer.js'
import { type Columns, OVERFLOW, quoteField } from './columns.js'

export const OVERFLOW_HEADER = `${FIXED_FIELDS.join(',')},name,value\n`

/** Turns batches into rows of metrics.csv, which has no place for media, and what has no column there into rows of metrics-overflow.csv. */
export class RowFormatter {
  readonly #startTime: number
  /** `n` commas, by `n`: what lies between two cells that are `n` columns apart. */
  readonly #commas: string[] = ['']
  readonly #cells: string[] = []
  readonly #overflowNames: string[] = []

  constructor(startTime: number) {
    this.#startTime = startTime
  }

  format(batch: RecordBatch, columns: Columns, wide: TextBuffer, overflow: TextBuffer): void {
    const width = columns.names.length
    while (this.#commas.length <= width) this.#commas.push(','.repeat(this.#commas.length))
    for (let row = 0; row < batch.count; row++) {
      if (batch.media.has(row)) continue
      const time = batch.times[row]!
      const head = `${batch.steps[row]},${secondsText(time)},${secondsText(time - this.#startTime)},${batch.producers[row]},${batch.sequences[row]}`
      wide.add(`${head}${this.#cellsOf(batch, row, columns, head, overflow)}\n`)
    }
  }

  /** The cells of a row. As a rule its metrics come in the order of the columns: then in one go. */
  #cellsOf(batch: RecordBatch, row: number, columns: Columns, head: string, overflow: TextBuffer): string {
    const { keys } = batch
    const { ofKey } = columns
    const texts = batch.texts()
    const commas = this.#commas
    const end = batch.offsets[row + 1]!
    let line = ''
    let last = -1
    let ordered = true
    for (let slot = batch.offsets[row]!; slot < end; slot++) {
      const column = ofKey[keys[slot]!]!
      if (column > last) {
        line += commas[column - last]!
        line += texts[slot]!
        last = column
      } else if (column === OVERFLOW) {
        overflow.add(`${head},${this.#overflowName(batch, keys[slot]!)},${texts[slot]}\n`)
      } else {
        ordered = false
      }
    }
    return ordered ? line + commas[columns.names.length - 1 - last]! : this.#sortedCells(batch, row, columns)
  }

  #sortedCells(batch: RecordBatch, row: number, columns: Columns): string {
    const texts = batch.texts()
    const commas = this.#commas
    const cells = this.#cells
    const end = batch.offsets[row + 1]!
    const used: number[] = []
    for (let slot = batch.offsets[row]!; slot < end; slot++) {
      const column = columns.ofKey[batch.keys[slot]!]!
      if (column === OVERFLOW) continue
      used.push(column)
      cells[column] = texts[slot]!
    }
    let line = ''
    let last = -1
    for (const column of Uint32Array.from(used).sort()) {
      if (column === last) continue
      line += commas[column - last]! + cells[column]!
      last = column
    }
    return line + commas[columns.names.length - 1 - last]!
  }

  #overflowName(batch: RecordBatch, key: number): string {
    this.#overflowNames[key] ??= quoteField(fieldName(batch.names[key]!))
    return this.#overflowNames[key]!
  }
}
