import { KIND_ROW, ROW_HEADER_WORDS, rowWords, VALUE_INT64 } from '../record/frame.js'
import type { Control } from '../ring/control.js'
import { DROP, F64 } from '../ring/layout.js'
import { practise } from '../ring/practise.js'
import { RingWriter } from '../ring/writer.js'
import { KeyTable, type KnownKeys, type NameLimits, NO_ROOM, REFUSED } from './keys.js'
import { MediaProducer } from './media/media-producer.js'
import type { MediaCall } from './media/methods.js'
import type { SendMedia } from './media/outbox.js'
import { disposeAll, errorText, type PendingTensor, ReadBack, type Row } from './read-back.js'
import { Scalar } from './scalar.js'
import { UpdateMethods } from './updates/methods.js'
import { UsualRows } from './usual-rows.js'
import { fitsInt64, isTensor, keepClone, type MetricValues } from './values.js'
import { describeValue, refusedValue, type Warn } from './warnings.js'

export interface ProducerSetup {
  readonly ring: SharedArrayBuffer
  readonly control: Control
  readonly limits: NameLimits
  readonly warn: Warn
  /** Of a run that was resumed: the names that its journal has. */
  readonly keys?: KnownKeys | undefined
  /** Takes media calls to the daemon; without one, they are refused. */
  readonly sendMedia?: SendMedia
}

const NONE: Row['exact'] = []

const noDaemon: SendMedia = () => {
  throw new Error('there is no daemon')
}

/**
 * The log calls of one thread. Not safe for use from several threads: each has a producer, and so a ring, of
 * its own (`run.producer()`).
 *
 * A log call looks names up, stores numbers into shared memory and publishes them: no I/O, no promise, no lock.
 * It never throws: what cannot be logged is counted in `status()` and warned of once per kind.
 */
export class Producer extends UpdateMethods {
  protected readonly readBack: ReadBack
  readonly media: MediaProducer
  readonly #ring: RingWriter
  readonly #keys: KeyTable
  readonly #usual: UsualRows
  readonly #counters: Float64Array
  readonly #warn: Warn
  /** Names and ids of the last row, by place: most rows have the names of the row before. */
  #lastNames: string[] = []
  #lastIds: number[] = []
  /** The row that is being put together. */
  #open = false
  #values = new Float64Array(64)
  #ids = new Uint32Array(64)
  #exact: { slot: number; value: bigint }[] = []
  #tensors: PendingTensor[] = []

  constructor({ ring, control, limits, warn, keys, sendMedia = noDaemon }: ProducerSetup) {
    super()
    practise()
    this.#ring = new RingWriter(ring, control)
    this.#counters = this.#ring.counters
    this.#warn = warn
    this.#keys = new KeyTable(this.#ring, limits, warn, keys)
    this.#usual = new UsualRows(this.#ring)
    this.readBack = new ReadBack(this.#counters, (row) => this.#write(row), warn)
    this.media = new MediaProducer({ ring: this.#ring, limits, warn, send: sendMedia })
  }

  /**
   * Logs one row: the metrics of one step. All values are read before it returns, so one object may be kept and filled
   * again each step: of a hundred names, a third of the cost of an object that is made anew key by key, whose names V8
   * has to sort.
   *
   * @param values metric names and their values. Booleans become 1 and 0; NaN and infinities are data; null and
   *   undefined are skipped; a tensor of size 1 is read back later and keeps this call's step and time.
   * @param step any finite number; without it, one more than the last row's. Steps may repeat, go back, be
   *   negative or fractional; what a destination makes of that is in its documentation.
   */
  log(values: MetricValues, step?: number): void {
    if (this.#open) {
      this.#logWithin(values, step)
      return
    }
    try {
      const rest = this.#usual.log(values, step)
      if (rest !== true) this.#log(rest, step)
    } catch (error) {
      // Most likely a getter of the caller's that throws: no reason to end a training.
      this.#forgetRow()
      this.#counters[DROP['no-values']]!++
      this.#warn('row-failed', `A row could not be read and was dropped: ${errorText(error)}`)
    }
  }

  /** A handle for one metric: the cheapest way to log it, about the price of reading the clock. */
  scalar(name: string): Scalar {
    return new Scalar(this.#ring, this.#keys, name, (value, step) => this.log({ [name]: value }, step))
  }

  #log(values: MetricValues, givenStep: number | undefined): void {
    const time = Date.now()
    const step = givenStep === undefined ? this.#counters[F64.LAST_STEP]! + 1 : givenStep
    if (typeof step !== 'number' || step - step !== 0) {
      this.#counters[DROP['invalid-step']]!++
      this.#warn(
        'invalid-step',
        `A step must be a finite number and is ${describeValue(step)}: the row was dropped.`,
      )
      return
    }
    const lastNames = this.#lastNames
    const lastIds = this.#lastIds
    let place = 0
    let count = 0
    this.#open = true
    for (const name in values) {
      let id = lastIds[place]
      if (id === undefined || lastNames[place] !== name) {
        id = this.#keys.idOf(name)
        if (id === NO_ROOM) {
          this.#forgetRow()
          return
        }
        lastNames[place] = name
        lastIds[place] = id
      }
      place++
      const value = values[name]
      if (id === REFUSED) {
        this.#counters[F64.REFUSED_VALUES]!++
        continue
      }
      if (count === this.#ids.length) this.#widen()
      if (typeof value === 'number') {
        this.#values[count] = value
        this.#ids[count] = id
        count++
      } else if (this.#convert(value, name, id, count)) count++
    }
    this.#open = false
    if (this.#usual.learning) this.#usual.learn(lastNames, lastIds, place)
    if (count === 0) {
      this.#counters[DROP['no-values']]!++
      return
    }
    this.#counters[F64.LAST_STEP] = step
    if (this.#tensors.length > 0 || this.#exact.length > 0) this.#logSpecial(step, time, count)
    else this.#store(step, time, count, this.#values, this.#ids)
  }

  /** Stores and publishes one frame. A row that does not fit is counted by the ring. */
  #store(
    step: number,
    time: number,
    count: number,
    values: Float64Array,
    ids: Uint32Array,
    exact = NONE,
  ): void {
    const ring = this.#ring
    const words = rowWords(count)
    const at = ring.reserve(words)
    if (at < 0) return
    const { f64, u32 } = ring
    const sequence = this.#counters[F64.PUBLISHED]!
    u32[at * 2] = ((words << 8) | KIND_ROW) >>> 0
    u32[at * 2 + 1] = sequence
    f64[at + 1] = step
    f64[at + 2] = time
    const first = at + ROW_HEADER_WORDS
    for (let i = 0; i < count; i++) f64[first + i] = values[i]!
    const firstId = (first + count) * 2
    for (let i = 0; i < count; i++) u32[firstId + i] = ids[i]!
    for (const { slot, value } of exact) ring.i64[first + slot] = value
    this.#counters[F64.PUBLISHED] = sequence + 1
    ring.publish(words)
  }

  /** A value that is no number: true where it takes the slot. */
  #convert(value: unknown, name: string, id: number, slot: number): boolean {
    this.#ids[slot] = id
    if (value === null || value === undefined) {
      this.#counters[F64.SKIPPED_VALUES]!++
      return false
    }
    if (typeof value === 'boolean') this.#values[slot] = value ? 1 : 0
    else if (typeof value === 'bigint') {
      this.#values[slot] = Number(value)
      if (fitsInt64(value)) this.#exact.push({ slot, value })
    } else if (isTensor(value)) {
      this.#values[slot] = Number.NaN
      this.#tensors.push({ slot, tensor: keepClone(value) })
    } else {
      this.#counters[F64.REFUSED_VALUES]!++
      this.#warn('refused-value', refusedValue(name, value))
      return false
    }
    return true
  }

  /** A row with int64 values or tensors: rare, and allowed to allocate. */
  #logSpecial(step: number, time: number, count: number): void {
    const exact = this.#exact
    const tensors = this.#tensors
    this.#exact = []
    this.#tensors = []
    const row = {
      step,
      time,
      count,
      exact,
      values: this.#values.slice(0, count),
      ids: this.#ids.slice(0, count),
    }
    if (tensors.length > 0) this.readBack.add(row, tensors)
    else this.#write(row)
  }

  #write({ step, time, count, values, ids, exact }: Row): void {
    for (const { slot } of exact) ids[slot] = (ids[slot]! | VALUE_INT64) >>> 0
    this.#store(step, time, count, values, ids, exact)
  }

  protected override logMedia(call: MediaCall): void {
    this.media.log(call)
  }

  /** A row that a getter of another row logs: it is put together in a place of its own. */
  #logWithin(values: MetricValues, step: number | undefined): void {
    const outer = [
      this.#lastNames,
      this.#lastIds,
      this.#values,
      this.#ids,
      this.#exact,
      this.#tensors,
    ] as const
    this.#lastNames = []
    this.#lastIds = []
    this.#values = new Float64Array(64)
    this.#ids = new Uint32Array(64)
    this.#exact = []
    this.#tensors = []
    this.#open = false
    try {
      this.log(values, step)
    } finally {
      ;[this.#lastNames, this.#lastIds, this.#values, this.#ids, this.#exact, this.#tensors] = outer
      this.#open = true
    }
  }

  #forgetRow(): void {
    this.#open = false
    disposeAll(this.#tensors)
    this.#tensors.length = 0
    this.#exact.length = 0
  }

  #widen(): void {
    const values = new Float64Array(this.#values.length * 2)
    values.set(this.#values)
    this.#values = values
    const ids = new Uint32Array(this.#ids.length * 2)
    ids.set(this.#ids)
    this.#ids = ids
  }
}
