import { cross, isTensorLike } from './arrays.js'
import type { SpareMemory } from './spare-memory.js'
import type { Numbers, TensorLike } from './types.js'

/** A tensor whose numbers are still to come. */
interface PendingRead {
  readonly tensor: TensorLike
  readonly field: string
}

/**
 * The input of one media call while it is put together: numbers are copied or handed over, tensors are kept until
 * their device has been read.
 */
export class MediaInput {
  readonly fields: Record<string, unknown> = {}
  readonly transfer: ArrayBuffer[] = []
  /** Memory to be used again when the call is done. */
  readonly own: SharedArrayBuffer[] = []
  /** Of all arrays so far. */
  bytes = 0
  /** Parts of the call that are left out of it, and what is wrong with the first. */
  refused = 0
  whyRefused = ''
  readonly #handOver: boolean
  readonly #memory: SpareMemory
  readonly #reads: PendingRead[] = []

  constructor(handOver: boolean, memory: SpareMemory) {
    this.#handOver = handOver
    this.#memory = memory
  }

  get waits(): boolean {
    return this.#reads.length > 0
  }

  set(field: string, value: unknown): this {
    if (value !== undefined) this.fields[field] = value
    return this
  }

  refuse(why: string): void {
    if (this.refused++ === 0) this.whyRefused = why
  }

  /** Throws where it is no array of numbers, or a tensor that is disposed. */
  numbers(field: string, value: Numbers | readonly boolean[] | undefined): this {
    if (value === undefined) return this
    if (isTensorLike(value)) this.#reads.push({ tensor: keep(value), field })
    else this.#cross(field, value, this.#handOver)
    return this
  }

  async read(): Promise<void> {
    const data = await Promise.all(this.#reads.map(({ tensor }) => tensor.data()))
    this.#take(data)
  }

  readNow(): void {
    this.#take(this.#reads.map(({ tensor }) => tensor.dataSync()))
  }

  /** Gives the clones back. */
  dispose(): void {
    for (const { tensor } of this.#reads.splice(0)) {
      try {
        tensor.dispose()
      } catch {
        // A backend that is gone: there is nothing left to free.
      }
    }
  }

  /** What a tensor's data() gives may be the backend's own memory: it is copied. */
  #take(data: readonly ArrayLike<number>[]): void {
    for (const [index, { field }] of this.#reads.entries()) {
      this.#cross(field, data[index] as Float32Array, false)
    }
    this.dispose()
  }

  #cross(field: string, value: Exclude<Numbers, TensorLike> | readonly boolean[], handOver: boolean): void {
    const { array, transfer, own } = cross(value, handOver, this.#memory)
    this.fields[field] = array
    this.bytes += array.byteLength
    if (transfer !== null) this.transfer.push(transfer)
    if (own !== null) this.own.push(own)
  }
}

/** A clone that outlives the `tf.tidy()` it was made in (see keepClone in run/values.ts). */
function keep(tensor: TensorLike): TensorLike {
  const clone = tensor.clone() as TensorLike & { kept: boolean }
  clone.kept = true
  return clone
}
