import { KIND_ROW } from '../record/frame.js'
import { F64 } from '../ring/layout.js'
import type { RingWriter } from '../ring/writer.js'
import { type KeyTable, NO_ROOM, REFUSED } from './keys.js'
import type { MetricValue, ScalarHandle } from './values.js'

/** A row of one value: header, step, time, value, key id. */
const WORDS = 5
const HEADER = ((WORDS << 8) | KIND_ROW) >>> 0

/** One metric of one producer. Same thread as the producer; same promises as `log()`, no allocation at all. */
export class Scalar implements ScalarHandle {
  readonly name: string
  readonly #ring: RingWriter
  readonly #counters: Float64Array
  readonly #keys: KeyTable
  readonly #logRow: (value: MetricValue, step: number | undefined) => void
  #id = NO_ROOM

  constructor(
    ring: RingWriter,
    keys: KeyTable,
    name: string,
    logRow: (value: MetricValue, step: number | undefined) => void,
  ) {
    this.#ring = ring
    this.#counters = ring.counters
    this.#keys = keys
    this.name = name
    this.#logRow = logRow
  }

  /** Logs one value. `step` as in `run.log()`. */
  log(value: MetricValue, step?: number): void {
    if (typeof value !== 'number' || typeof step !== 'number' || step - step !== 0 || this.#id < 0) {
      this.#logSlowly(value, step)
      return
    }
    const ring = this.#ring
    const counters = this.#counters
    counters[F64.LAST_STEP] = step
    const at = ring.reserve(WORDS)
    if (at < 0) return
    const { f64, u32 } = ring
    const sequence = counters[F64.PUBLISHED]!
    u32[at * 2] = HEADER
    u32[at * 2 + 1] = sequence
    f64[at + 1] = step
    f64[at + 2] = Date.now()
    f64[at + 3] = value
    u32[at * 2 + 8] = this.#id
    counters[F64.PUBLISHED] = sequence + 1
    ring.publish(WORDS)
  }

  /** The first call, and whatever is no plain number with a step of its own. */
  #logSlowly(value: MetricValue, step: number | undefined): void {
    if (this.#id === NO_ROOM) {
      const id = this.#keys.idOf(this.name)
      if (id === NO_ROOM) return
      this.#id = id
    }
    if (this.#id === REFUSED || typeof value !== 'number' || typeof step !== 'number' || step - step !== 0) {
      this.#logRow(value, step)
    } else this.log(value, step)
  }
}
