import { DROP, F64 } from '../ring/layout.js'
import type { TensorScalar } from './values.js'
import type { Warn } from './warnings.js'

/** A row as it waits for the ring. */
export interface Row {
  readonly step: number
  readonly time: number
  readonly count: number
  readonly values: Float64Array
  readonly ids: Uint32Array
  /** Slots whose value is an int64. */
  readonly exact: readonly { readonly slot: number; readonly value: bigint }[]
}

export interface PendingTensor {
  readonly slot: number
  readonly tensor: TensorScalar
}

interface WaitingRow {
  readonly row: Row
  readonly tensors: readonly PendingTensor[]
  state: 'waiting' | 'read' | 'failed'
}

/** Rows that may wait for their tensors; the oldest is then read at once. */
const MAX_WAITING = 1024

/** Gives clones back. A backend that is gone may throw, which must neither reach the caller nor stop a row. */
export function disposeAll(tensors: readonly PendingTensor[]): void {
  for (const { tensor } of tensors) {
    try {
      tensor.dispose()
    } catch {
      // There is nothing left to free, and nobody to tell: the row itself was read.
    }
  }
}

/** The text of whatever was thrown; `String()` itself throws for an object without a prototype. */
export function errorText(error: unknown): string {
  try {
    return String(error)
  } catch {
    return 'something that has no text was thrown'
  }
}

/**
 * Rows whose values are tensors: read back when the device has them, and then logged with the step and time of
 * their call, in the order of the calls. A loop that never returns to the event loop leaves them unread; past
 * a limit the oldest, whose kernels have long run, is read synchronously.
 */
export class ReadBack {
  readonly #counters: Float64Array
  readonly #write: (row: Row) => void
  readonly #warn: Warn
  readonly #rows: WaitingRow[] = []
  #idle: (() => void)[] = []

  constructor(counters: Float64Array, write: (row: Row) => void, warn: Warn) {
    this.#counters = counters
    this.#write = write
    this.#warn = warn
  }

  add(row: Row, tensors: readonly PendingTensor[]): void {
    if (this.#rows.length >= MAX_WAITING) this.#readNow(this.#rows[0]!)
    const waiting: WaitingRow = { row, tensors, state: 'waiting' }
    this.#rows.push(waiting)
    this.#counters[F64.READING]!++
    void this.#readLater(waiting)
  }

  /** Never rejects: `data()` may also throw at once, or resolve with nothing. */
  async #readLater(waiting: WaitingRow): Promise<void> {
    const { row, tensors } = waiting
    try {
      const data = await Promise.all(tensors.map(({ tensor }) => tensor.data()))
      if (waiting.state !== 'waiting') return
      for (const [index, { slot }] of tensors.entries()) row.values[slot] = Number(data[index]![0])
      this.#done(waiting, 'read')
    } catch (error) {
      this.#failed(waiting, error)
    }
  }

  /** Resolves when no row waits. */
  async whenIdle(): Promise<void> {
    if (this.#rows.length > 0) await new Promise<void>((resolve) => this.#idle.push(resolve))
  }

  /** Reads everything that waits, synchronously: the process is about to end. */
  readAllNow(): void {
    while (this.#rows.length > 0) this.#readNow(this.#rows[0]!)
  }

  #readNow(waiting: WaitingRow): void {
    if (waiting.state !== 'waiting') return
    try {
      for (const { slot, tensor } of waiting.tensors) waiting.row.values[slot] = Number(tensor.dataSync()[0])
      this.#done(waiting, 'read')
    } catch (error) {
      this.#failed(waiting, error)
    }
  }

  #failed(waiting: WaitingRow, error: unknown): void {
    if (waiting.state !== 'waiting') return
    this.#warn('read-back', `A tensor could not be read, its row was dropped: ${errorText(error)}`)
    this.#done(waiting, 'failed')
  }

  #done(waiting: WaitingRow, state: 'read' | 'failed'): void {
    waiting.state = state
    disposeAll(waiting.tensors)
    while (this.#rows.length > 0 && this.#rows[0]!.state !== 'waiting') {
      const first = this.#rows.shift()!
      this.#counters[F64.READING]!--
      if (first.state === 'read') this.#write(first.row)
      else this.#counters[DROP['read-back']]!++
    }
    if (this.#rows.length === 0) for (const resolve of this.#idle.splice(0)) resolve()
  }
}
