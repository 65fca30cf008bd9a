import { errorText } from '../../run/read-back.js'
import { keepClone, type TensorScalar } from '../../run/values.js'
import { CheckpointError } from '../errors.js'
import type { Dtype } from '../request.js'
import type { TensorLike } from './types.js'
import { writeValues } from './write-values.js'

/** Staging memory of the device is bounded, and the training's own reads find a gap. */
const READS_IN_FLIGHT = 4

export interface PendingRead {
  readonly name: string
  readonly tensor: TensorLike
  /** Where its bytes belong. */
  readonly target: Buffer
  readonly dtype: Dtype
}

/**
 * Tensors on a device whose values are still to be read. Clones are kept: they hold the data of the call even where the
 * training assigns to the variable (Variable.assign() changes which data it has, never the data; tfjs-core/tensor.ts).
 */
export class DeviceReads {
  /** Clones; those in front may be in flight. A read that is not in here any more has been done or given up. */
  readonly #reads = new Set<PendingRead>()
  /** Those that no read has been started for. */
  readonly #waiting: PendingRead[] = []

  get any(): boolean {
    return this.#reads.size > 0
  }

  /** Throws where the tensor is disposed. */
  add(read: PendingRead): void {
    const tensor = keepClone(read.tensor as TensorLike & TensorScalar) as unknown as TensorLike
    const kept = { ...read, tensor }
    this.#reads.add(kept)
    this.#waiting.push(kept)
  }

  /** Rejects with a CheckpointError. */
  async readAll(): Promise<void> {
    try {
      await Promise.all(Array.from({ length: READS_IN_FLIGHT }, () => this.#readSome()))
    } finally {
      this.dispose()
    }
  }

  /** Throws a CheckpointError. */
  readNow(): void {
    for (const read of this.#reads) this.#write(read, () => read.tensor.dataSync())
  }

  /** Gives the clones back; reads in flight are for nothing. May be called again. */
  dispose(): void {
    this.#waiting.length = 0
    for (const read of this.#reads) this.#end(read)
  }

  async #readSome(): Promise<void> {
    for (let read = this.#waiting.shift(); read !== undefined; read = this.#waiting.shift()) {
      // readNow() came first.
      if (!this.#reads.has(read)) continue
      try {
        const values = await read.tensor.data()
        // Its memory may belong to another save by now.
        if (this.#reads.has(read)) this.#write(read, () => values)
      } catch (error) {
        if (this.#reads.has(read)) throw failed(read, error)
      }
    }
  }

  #write(read: PendingRead, values: () => ArrayLike<number>): void {
    try {
      writeValues(read.target, values(), read.dtype)
    } catch (error) {
      throw failed(read, error)
    }
    this.#end(read)
  }

  #end(read: PendingRead): void {
    this.#reads.delete(read)
    try {
      read.tensor.dispose()
    } catch {
      // The backend is gone, and the memory with it.
    }
  }
}

const failed = ({ name }: PendingRead, error: unknown): CheckpointError =>
  error instanceof CheckpointError
    ? error
    : new CheckpointError(`"${name}" could not be read back from its device: ${errorText(error)}`)
