import type { Dtype } from '../request.js'
import { dtypeOfArray } from './dtypes.js'

/** Copies bytes into a part of a buffer. */
export function writeBytes(target: Buffer, from: ArrayBufferView): void {
  if (from.byteLength === 0) return
  // A memcpy. set() copies into shared memory word by word, for threads that might look: twice the time.
  target.fill(new Uint8Array(from.buffer, from.byteOffset, from.byteLength))
}

/**
 * Copies what a tensor's data() gave. Some kernels leave plain arrays; Uint8Array of the whole length is the backend's
 * memory as it is. Throws a RangeError where the number of values is not that of the tensor.
 */
export function writeValues(target: Buffer, values: ArrayLike<number>, dtype: Dtype): void {
  if (ArrayBuffer.isView(values) && values.byteLength === target.byteLength) {
    const own = dtypeOfArray(values)
    if (own === dtype || own === 'U8') {
      writeBytes(target, values)
      return
    }
  }
  const typed = arrayOn(target, dtype)
  if (typed.length !== values.length) {
    throw new RangeError(`it has ${typed.length} values, and its backend gave ${values.length}`)
  }
  typed.set(values)
}

function arrayOn(
  { buffer, byteOffset, byteLength }: Buffer,
  dtype: Dtype,
): Float32Array | Int32Array | Uint8Array {
  if (dtype === 'F32') return new Float32Array(buffer, byteOffset, byteLength / 4)
  if (dtype === 'I32') return new Int32Array(buffer, byteOffset, byteLength / 4)
  return new Uint8Array(buffer, byteOffset, byteLength)
}
