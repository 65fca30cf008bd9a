import type { RecordBatch } from '../record/batch.js'
import type { Selector } from './selection.js'
import type { Point, TableWriter } from './types.js'

/** Takes batches apart into their values, in the order of the journal. */
export class LongTable {
  readonly #selector: Selector
  readonly #writer: TableWriter<Point>
  readonly #point: Point = {
    run: '',
    producer: 0,
    step: 0,
    time: 0,
    name: '',
    value: 0,
    exact: undefined,
  }

  constructor(selector: Selector, writer: TableWriter<Point>) {
    this.#selector = selector
    this.#writer = writer
  }

  begin(run: string): void {
    this.#selector.reset()
    this.#point.run = run
  }

  /** Returns how many values were written. */
  add(batch: RecordBatch): number {
    const point = this.#point
    const wanted = this.#selector.wantedOf(batch)
    let written = 0
    for (let row = 0; row < batch.count; row++) {
      if (!this.#selector.hasRow(batch, row)) continue
      point.producer = batch.producers[row]!
      point.step = batch.steps[row]!
      point.time = batch.times[row]!
      for (let slot = batch.offsets[row]!, end = batch.offsets[row + 1]!; slot < end; slot++) {
        const key = batch.keys[slot]!
        if (!wanted[key]) continue
        point.name = batch.names[key]!
        point.value = batch.values[slot]!
        point.exact = batch.integers.size === 0 ? undefined : batch.integers.get(slot)
        this.#writer.add(point)
        written++
      }
    }
    return written
  }

  /** Nothing waits for a later batch. */
  end(): void {}

  finish(): void {
    this.#writer.finish()
  }
}
