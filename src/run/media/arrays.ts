import { MediaError, type NumberArray } from '../../media/request.js'
import type { Numbers, NumericArray, TensorLike } from './types.js'

export function isTensorLike(value: unknown): value is TensorLike {
  const tensor = value as TensorLike | null | undefined
  return (
    typeof tensor === 'object' &&
    tensor !== null &&
    typeof tensor.dataSync === 'function' &&
    typeof tensor.clone === 'function' &&
    Array.isArray(tensor.shape)
  )
}

/** An array that crosses threads, and the buffer that is to be handed over with it. */
export interface Crossing {
  readonly array: NumberArray
  readonly transfer: ArrayBuffer | null
}

/** Throws a MediaError where it is no array of numbers. */
export function cross(value: Exclude<Numbers, TensorLike> | readonly boolean[], handOver: boolean): Crossing {
  if (ArrayBuffer.isView(value) && !(value instanceof DataView)) {
    const typed = value as NumericArray
    if (typed instanceof BigInt64Array || typed instanceof BigUint64Array) return copyNumbers(typed)
    return crossTyped(typed, handOver)
  }
  if (Array.isArray(value)) return copyNumbers(value.flat(Number.POSITIVE_INFINITY) as number[])
  throw new MediaError('give a typed array, an array of numbers, or a tensor')
}

function crossTyped(typed: NumberArray, handOver: boolean): Crossing {
  const { buffer } = typed
  if (handOver && buffer instanceof SharedArrayBuffer) return { array: typed, transfer: null }
  // A buffer of which this is a part belongs to others too (Node's pool of small Buffers, for one).
  if (handOver && buffer instanceof ArrayBuffer && buffer.byteLength === typed.byteLength) {
    return { array: typed, transfer: buffer }
  }
  return { array: copyOf(typed), transfer: null }
}

/** Into memory that all threads see, so that nobody has to copy it again. */
function copyOf(typed: NumberArray): NumberArray {
  // A Buffer is a Uint8Array, and cannot be made on shared memory by its own constructor.
  const Type = (typed instanceof Uint8Array ? Uint8Array : typed.constructor) as Float64ArrayConstructor
  const copy = new Type(new SharedArrayBuffer(typed.byteLength))
  copy.set(typed)
  return copy
}

function copyNumbers(values: ArrayLike<number | bigint | boolean>): Crossing {
  const array = new Float64Array(new SharedArrayBuffer(values.length * 8))
  for (let i = 0; i < values.length; i++) array[i] = Number(values[i])
  return { array, transfer: null }
}
