/**
 * What is kept of every metric: 16 doubles each, in one array, so that saving and restoring them is a copy.
 *
 * first and last are whatever was logged; min and max leave NaN out (an infinity is a value that was reached);
 * the mean is over the finite values: a running mean with Kahan's compensation (Kahan 1965), which neither
 * overflows nor drifts over 1e9 values.
 */
import type { RecordBatch } from '../../record/batch.js'
import type { SinkState } from '../sink.js'

export interface Point {
  readonly value: number
  readonly step: number
  /** Milliseconds since the epoch. */
  readonly time: number
}

export interface MetricSummary {
  readonly name: string
  readonly first: Point
  readonly last: Point
  /** Null where every value was NaN. */
  readonly min: Point | null
  readonly max: Point | null
  /** Null where no value was finite. */
  readonly mean: number | null
  readonly count: number
  readonly nonFinite: number
}

// Offsets within the 16 doubles of a metric. A point is a value, a step and a time.
const COUNT = 0
const NON_FINITE = 1
const MEAN = 2
const COMPENSATION = 3
const FIRST = 4
const LAST = 7
const MIN = 10
const MAX = 13
const STRIDE = 16

const UNKNOWN = -1
const OMITTED = -2

export class Accumulators {
  readonly #maxMetrics: number
  #names: readonly string[] = []
  readonly #byName = new Map<string, number>()
  /** Per index of `batch.names`: where the metric's doubles begin, UNKNOWN or OMITTED. */
  readonly #ofKey: number[] = []
  #cells = new Float64Array(64 * STRIDE)
  #omittedValues = 0

  constructor(maxMetrics: number) {
    this.#maxMetrics = maxMetrics
  }

  static restore(maxMetrics: number, state: SinkState): Accumulators {
    const restored = new Accumulators(maxMetrics)
    restored.#names = state.names as string[]
    restored.#names.forEach((name, index) => {
      restored.#byName.set(name, index * STRIDE)
    })
    const bytes = Buffer.from(state.cells as string, 'base64')
    restored.#cells = new Float64Array(Math.max(bytes.length / 8, 64 * STRIDE))
    new Uint8Array(restored.#cells.buffer).set(bytes)
    restored.#omittedValues = state.omittedValues as number
    return restored
  }

  /** Plain JSON. The doubles are bytes in base64: exact, NaN and infinities too, and quick to commit. */
  state(): SinkState {
    const { buffer } = this.#cells
    const cells = Buffer.from(buffer, 0, this.#names.length * STRIDE * 8).toString('base64')
    return { names: this.#names, cells, omittedValues: this.#omittedValues }
  }

  /** Values of metrics beyond the limit, which are in no summary. */
  get omittedValues(): number {
    return this.#omittedValues
  }

  add(batch: RecordBatch): void {
    for (let key = this.#ofKey.length; key < batch.names.length; key++) this.#ofKey.push(UNKNOWN)
    const { offsets, keys, values } = batch
    for (let row = 0; row < batch.count; row++) {
      const step = batch.steps[row]!
      const time = batch.times[row]!
      const end = offsets[row + 1]!
      for (let slot = offsets[row]!; slot < end; slot++) {
        let at = this.#ofKey[keys[slot]!]!
        if (at === UNKNOWN) at = this.#place(batch.names[keys[slot]!]!, keys[slot]!)
        if (at === OMITTED) this.#omittedValues++
        else accumulate(this.#cells, at, values[slot]!, step, time)
      }
    }
    if (this.#byName.size > this.#names.length) this.#names = [...this.#byName.keys()]
  }

  *metrics(): Generator<MetricSummary> {
    const cells = this.#cells
    for (const [name, at] of this.#byName) {
      const count = cells[at + COUNT]!
      const nonFinite = cells[at + NON_FINITE]!
      yield {
        name,
        first: point(cells, at + FIRST),
        last: point(cells, at + LAST),
        min: Number.isNaN(cells[at + MIN]!) ? null : point(cells, at + MIN),
        max: Number.isNaN(cells[at + MAX]!) ? null : point(cells, at + MAX),
        mean: count === nonFinite ? null : cells[at + MEAN]!,
        count,
        nonFinite,
      }
    }
  }

  #place(name: string, key: number): number {
    let at = this.#byName.get(name)
    if (at === undefined && this.#byName.size >= this.#maxMetrics) at = OMITTED
    if (at === undefined) {
      at = this.#byName.size * STRIDE
      this.#byName.set(name, at)
      if (at === this.#cells.length) {
        const larger = new Float64Array(at * 2)
        larger.set(this.#cells)
        this.#cells = larger
      }
    }
    this.#ofKey[key] = at
    return at
  }
}

function accumulate(cells: Float64Array, at: number, value: number, step: number, time: number): void {
  const count = cells[at + COUNT]! + 1
  cells[at + COUNT] = count
  setPoint(cells, at + LAST, value, step, time)
  if (count === 1) {
    setPoint(cells, at + FIRST, value, step, time)
    setPoint(cells, at + MIN, value, step, time)
    setPoint(cells, at + MAX, value, step, time)
  }
  if (!Number.isFinite(value)) cells[at + NON_FINITE]! += 1
  else addToMean(cells, at, value, count - cells[at + NON_FINITE]!)
  if (Number.isNaN(value)) return
  // Written so that a first value that was NaN gives way.
  if (!(cells[at + MIN]! <= value)) setPoint(cells, at + MIN, value, step, time)
  if (!(cells[at + MAX]! >= value)) setPoint(cells, at + MAX, value, step, time)
}

/** Each part is divided before they are subtracted: the difference of two large values may overflow. */
function addToMean(cells: Float64Array, at: number, value: number, finite: number): void {
  const mean = cells[at + MEAN]!
  const delta = value / finite - mean / finite - cells[at + COMPENSATION]!
  const next = mean + delta
  cells[at + COMPENSATION] = next - mean - delta
  cells[at + MEAN] = next
}

function setPoint(cells: Float64Array, at: number, value: number, step: number, time: number): void {
  cells[at] = value
  cells[at + 1] = step
  cells[at + 2] = time
}

function point(cells: Float64Array, at: number): Point {
  return { value: cells[at]!, step: cells[at + 1]!, time: cells[at + 2]! }
}
