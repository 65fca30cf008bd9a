import { errorText } from '../../run/read-back.js'
import { CheckpointError } from '../errors.js'
import type { NamedTensor } from '../request.js'
import { hostValues } from './backend.js'
import { DeviceReads } from './device-reads.js'
import type { CheckpointMemory } from './memory.js'
import { isTensor, type PlannedTensor } from './plan.js'
import { writeBytes, writeValues } from './write-values.js'

/** Any typed array may view a tensor's bytes. */
const ALIGNMENT = 8
/** Tensors share buffers up to this size: a typed array of Node 20 reaches no further than 4 GiB. */
const BUFFER_BYTES = 2 ** 30

/** The copies of one save. What lies on a device is kept, and read later. */
export class Copies {
  readonly reads = new DeviceReads()
  readonly #memory: CheckpointMemory
  #buffers: SharedArrayBuffer[] = []
  /** Of the newest buffer. */
  #used = 0
  /** Of all tensors that are not placed yet, with their padding. */
  #left: number

  constructor(memory: CheckpointMemory, planned: readonly PlannedTensor[]) {
    this.#memory = memory
    this.#left = planned.reduce((sum, { byteLength }) => sum + aligned(byteLength), 0)
  }

  /** Throws a CheckpointError where there is no memory, or the tensor cannot be read. */
  copy({ name, dtype, shape, byteLength, values }: PlannedTensor): NamedTensor {
    const target = this.#place(byteLength)
    try {
      if (!isTensor(values)) writeBytes(target, values)
      else {
        const known = byteLength === 0 ? [] : hostValues(values, byteLength)
        if (known === null) this.reads.add({ name, tensor: values, target, dtype })
        else writeValues(target, known, dtype)
      }
    } catch (error) {
      throw new CheckpointError(`"${name}" could not be read: ${errorText(error)}`)
    }
    // Not a Buffer: those arrive in other threads as what they are based on.
    return { name, dtype, shape, data: new Uint8Array(target.buffer, target.byteOffset, byteLength) }
  }

  /** May be called again. */
  dispose(): void {
    this.reads.dispose()
    for (const buffer of this.#buffers.splice(0)) this.#memory.give(buffer)
  }

  #place(byteLength: number): Buffer {
    const last = this.#buffers.at(-1)
    if (last !== undefined && this.#used + byteLength <= last.byteLength) return this.#part(last, byteLength)
    const fresh = this.#take(Math.max(aligned(byteLength), Math.min(this.#left, BUFFER_BYTES)))
    this.#buffers.push(fresh)
    this.#used = 0
    return this.#part(fresh, byteLength)
  }

  #part(buffer: SharedArrayBuffer, byteLength: number): Buffer {
    const part = Buffer.from(buffer, this.#used, byteLength)
    this.#used += aligned(byteLength)
    this.#left -= aligned(byteLength)
    return part
  }

  #take(byteLength: number): SharedArrayBuffer {
    try {
      return this.#memory.take(byteLength)
    } catch {
      throw new CheckpointError(
        `There is no memory for the copy of a checkpoint (${byteLength} bytes): save less often, or fewer tensors.`,
      )
    }
  }
}

const aligned = (byteLength: number): number => Math.ceil(byteLength / ALIGNMENT) * ALIGNMENT
