import type { RecordBatch } from '../record/batch.js'
import type { Selector } from './selection.js'
import type { TableWriter, WideRow } from './types.js'

/**
 * Joins the log calls of a producer that follow each other with the same step to one row. A metric that comes again at
 * the same step begins another row, so that no value is lost; so does a step that comes back later. One row of each
 * producer is held, and no more.
 */
export class WideTable {
  readonly #selector: Selector
  readonly #writer: TableWriter<WideRow>
  readonly #columnOf: ReadonlyMap<string, number>
  /** Per index of the batch's names. */
  #columns: number[] = []
  #open = new Map<number, WideRow>()
  #run = ''

  constructor(selector: Selector, writer: TableWriter<WideRow>, names: readonly string[]) {
    this.#selector = selector
    this.#writer = writer
    this.#columnOf = new Map(names.map((name, column) => [name, column]))
  }

  begin(run: string): void {
    this.#selector.reset()
    this.#columns = []
    this.#run = run
  }

  /** Returns how many values there were. */
  add(batch: RecordBatch): number {
    const wanted = this.#selector.wantedOf(batch)
    for (let key = this.#columns.length; key < batch.names.length; key++) {
      this.#columns.push(this.#columnOf.get(batch.names[key]!) ?? -1)
    }
    let values = 0
    for (let row = 0; row < batch.count; row++) {
      if (this.#selector.hasRow(batch, row)) values += this.#addRow(batch, row, wanted)
    }
    return values
  }

  #addRow(batch: RecordBatch, row: number, wanted: readonly boolean[]): number {
    let into: WideRow | null = null
    let values = 0
    for (let slot = batch.offsets[row]!, end = batch.offsets[row + 1]!; slot < end; slot++) {
      const key = batch.keys[slot]!
      const column = this.#columns[key]!
      // A live run may have got a metric since its columns were counted.
      if (!wanted[key] || column < 0) continue
      into ??= this.#rowFor(batch, row)
      if (into.cells[column] !== undefined) into = this.#next(batch, row)
      into.cells[column] = batch.integers.get(slot) ?? batch.values[slot]!
      values++
    }
    return values
  }

  /** The open row of this step; a new one where the producer has moved on. */
  #rowFor(batch: RecordBatch, row: number): WideRow {
    const open = this.#open.get(batch.producers[row]!)
    return open !== undefined && open.step === batch.steps[row]! ? open : this.#next(batch, row)
  }

  #next(batch: RecordBatch, row: number): WideRow {
    const producer = batch.producers[row]!
    const open = this.#open.get(producer)
    if (open !== undefined) this.#writer.add(open)
    const cells = open?.cells ?? new Array<undefined>(this.#columnOf.size)
    const next = {
      run: this.#run,
      producer,
      step: batch.steps[row]!,
      time: batch.times[row]!,
      cells: cells.fill(undefined),
    }
    this.#open.set(producer, next)
    return next
  }

  /** The run has no more batches. */
  end(): void {
    for (const row of this.#open.values()) this.#writer.add(row)
    this.#open = new Map()
  }

  finish(): void {
    this.#writer.finish()
  }
}
