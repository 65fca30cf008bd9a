import { describeValue } from '../../run/warnings.js'
import type { Tensor } from '../types.js'
import { bucketsOf } from './buckets.js'
import { EventLog } from './event-log.js'
import { histogramEvent, scalarEvent } from './events.js'
import { ReadBack } from './read-back.js'
import { isNumeric, isTensor, keep } from './tensor.js'
import { Warnings } from './warnings.js'

/** The largest delay that a timer takes. */
const MAX_TIMER_MS = 2 ** 31 - 1

export interface WriterOptions {
  readonly logdir: string
  /** Events that are kept in memory before they are written. */
  readonly maxQueue: number
  readonly flushMillis: number
  readonly filenameSuffix: string
}

/** Where the events of one directory are, and what went wrong. */
export interface WriterStatus {
  /** Events in the event file. */
  readonly written: number
  /** Events in memory: their value is not read yet, or they are not written yet. */
  readonly waiting: number
  /** How often each kind of trouble happened. */
  readonly warnings: { readonly [kind: string]: number }
}

/**
 * Writes TensorBoard events into one directory; `summaryFileWriter()` makes it. Calls return at once: a tensor is
 * cloned, and read when the device has it. One thread only.
 */
export class SummaryFileWriter {
  /** @internal */
  readonly readBack: ReadBack
  /** @internal */
  readonly warnings: Warnings
  readonly #log: EventLog
  readonly #maxQueue: number
  readonly #flushMillis: number
  /** Events since the last attempt to write. */
  #queued = 0
  #timer: NodeJS.Timeout | undefined
  /** True where flush() left events behind that are to be written as soon as they are read. */
  #flushWhenRead = false

  /** @internal */
  constructor({ logdir, maxQueue, flushMillis, filenameSuffix }: WriterOptions) {
    this.warnings = new Warnings(logdir)
    this.#log = new EventLog(logdir, filenameSuffix, this.warnings)
    this.#maxQueue = maxQueue
    this.#flushMillis = Math.min(flushMillis, MAX_TIMER_MS)
    this.readBack = new ReadBack(
      (reason) =>
        this.warnings.warn('tensor-unread', `A tensor could not be read, its event is lost: ${reason}`),
      () => this.#onReleased(),
    )
    this.#log.open()
  }

  /**
   * Writes one point. `value`: a number or a tensor of rank 0; `step`: an integer that does not go down from one
   * call to the next of the same name. Throws for wrong arguments (as tfjs-node does), never for what the device
   * or the disk do.
   */
  scalar(name: string, value: Tensor | number, step: number, description?: string): void {
    if (description != null) throw new Error('scalar() does not support description yet')
    assertStep(step)
    const time = Date.now()
    if (typeof value === 'number') {
      this.readBack.add(() => this.#add(scalarEvent(time, step, name, value)))
    } else if (!isTensor(value) || !isNumeric(value)) {
      this.warnings.warn(
        'value-refused',
        `The value of the scalar "${name}" is ${describeValue(value)}: give a number or a tensor of numbers of rank 0.`,
      )
    } else {
      if (value.rank !== 0) {
        throw new Error(`A non-scalar tensor (rank ${value.rank}) is passed to writeScalarSummary()`)
      }
      this.#addTensor(name, value, (values) => this.#add(scalarEvent(time, step, name, values[0]!)))
    }
  }

  /**
   * Writes the distribution of a tensor's values, any shape, in `buckets` (30) buckets of equal width. What cannot
   * be shown (no values, NaN, no buckets, a disposed tensor) is counted and warned of once, and never throws.
   */
  histogram(name: string, data: Tensor, step: number, buckets?: number, description?: string): void {
    assertStep(step)
    if (buckets !== undefined && !(Number.isInteger(buckets) && buckets > 0)) {
      this.warnings.warn(
        'buckets-refused',
        `The histogram "${name}" is not written: expected bucket count to be a strictly positive integer, but it was ${buckets}.`,
      )
    } else if (!isTensor(data) || !isNumeric(data)) {
      this.warnings.warn(
        'value-refused',
        `The histogram "${name}" was given ${describeValue(data)}: give a tensor of numbers.`,
      )
    } else {
      const time = Date.now()
      this.#addTensor(name, data, (values) => {
        const rows = this.#rowsOf(name, values, buckets)
        this.#add(histogramEvent(time, step, name, rows, description ?? undefined))
      })
    }
  }

  /**
   * Writes everything there is, and blocks until the file system has it. Tensors are read synchronously; where the
   * backend cannot do that (webgpu in Node), they are written when the device answers: see `drain()`.
   */
  flush(): void {
    this.readBack.readNow()
    this.#flushWhenRead = this.readBack.length > 0
    this.#write()
  }

  /**
   * Reads all tensors without blocking the thread, then writes everything, and closes the file until there is more.
   * Never rejects.
   */
  async drain(): Promise<void> {
    await this.readBack.whenIdle()
    this.#write()
    this.#log.release()
  }

  /** Counts so far; cheap. */
  status(): WriterStatus {
    return {
      written: this.#log.written,
      waiting: this.readBack.length + this.#log.unwritten,
      warnings: this.warnings.counts,
    }
  }

  /** @internal The process ends: returns how many events cannot be read or written now, and are lost. */
  end(): number {
    this.flush()
    const unread = this.readBack.length
    this.readBack.abandon()
    this.#write()
    return this.#log.unwritten + unread
  }

  #addTensor(name: string, tensor: Tensor, write: (values: ArrayLike<number>) => void): void {
    let clone: Tensor
    try {
      clone = keep(tensor)
    } catch (error) {
      this.warnings.warn(
        'tensor-unread',
        `The tensor of "${name}" could not be read, its event is lost: ${(error as Error).message} Log it before it is disposed.`,
      )
      return
    }
    this.readBack.addTensor(clone, write)
  }

  #rowsOf(name: string, values: ArrayLike<number>, count: number | undefined): Float32Array {
    const { rows, counted, skipped, constant } = bucketsOf(values, count)
    if (values.length === 0) {
      this.warnings.warn(
        'histogram-empty',
        `The histogram "${name}" has no values: it is written without buckets.`,
      )
    } else if (skipped > 0) {
      this.warnings.warn(
        'histogram-not-finite',
        `${skipped} of the ${values.length} values of the histogram "${name}" are NaN or infinite: they are in no bucket.`,
      )
    }
    if (constant && counted > 1) {
      this.warnings.warn(
        'histogram-constant',
        `All ${counted} values of the histogram "${name}" are ${values[0]}: it is written as one bucket.`,
      )
    }
    return rows
  }

  /** As TensorFlow's writer: an event more than `maxQueue` writes them all. */
  #add(event: Uint8Array): void {
    this.#log.add(event)
    this.#queued++
    if (this.#queued > this.#maxQueue) this.#write()
    else this.#timer ??= setTimeout(() => this.#write(), this.#flushMillis).unref()
  }

  /** After an attempt that failed, the next one comes when as many events again, or as much time, have passed. */
  #write(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#queued = 0
    if (!this.#log.flush()) this.#timer = setTimeout(() => this.#write(), this.#flushMillis).unref()
  }

  #onReleased(): void {
    if (!this.#flushWhenRead) return
    this.#flushWhenRead = this.readBack.length > 0
    this.#write()
  }
}

function assertStep(step: number): void {
  if (!Number.isSafeInteger(step))
    throw new Error(`step is expected to be an integer, but is instead ${step}`)
}
