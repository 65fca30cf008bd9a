import { MediaError, type NumberArray } from '../../media/request.js'
import type { SpareMemory } from './spare-memory.js'
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
  /** Memory that was taken for the copy. */
  readonly own: SharedArrayBuffer | null
}

/** Throws a MediaError where it is no array of numbers. */
export function cross(
  value: Exclude<Numbers, TensorLike> | readonly boolean[],
  handOver: boolean,
  memory: SpareMemory,
): Crossing {
  if (ArrayBuffer.isView(value) && !(value instanceof DataView)) {
    const typed = value as NumericArray
    if (typed instanceof BigInt64Array || typed instanceof BigUint64Array) return copyNumbers(typed, memory)
    return crossTyped(typed, handOver, memory)
  }
  if (Array.isArray(value)) return copyNumbers(value.flat(Number.POSITIVE_INFINITY) as number[], memory)
  throw new MediaError('give a typed array, an array of numbers, or a tensor')
}

function crossTyped(typed: NumberArray, handOver: boolean, memory: SpareMemory): Crossing {
  const { buffer } = typed
  if (handOver && buffer instanceof SharedArrayBuffer) return { array: typed, transfer: null, own: null }
  // A buffer of which this is a part belongs to others too (Node's pool of small Buffers, for one).
  if (handOver && buffer instanceof ArrayBuffer && buffer.byteLength === typed.byteLength) {
    return { array: typed, transfer: buffer, own: null }
  }
  return copyOf(typed, memory)
}

/** Into memory that all threads see, so that nobody has to copy it again. */
function copyOf(typed: NumberArray, memory: SpareMemory): Crossing {
  // A Buffer is a Uint8Array, and cannot be made on shared memory by its own constructor.
  const Type = (typed instanceof Uint8Array ? Uint8Array : typed.constructor) as Float64ArrayConstructor
  const own = memory.take(typed.byteLength)
  const array = new Type(own)
  array.set(typed)
  return { array, transfer: null, own }
}

function copyNumbers(values: ArrayLike<number | bigint | boolean>, memory: SpareMemory): Crossing {
  const own = memory.take(values.length * 8)
  const array = new Float64Array(own)
  for (let i = 0; i < values.length; i++) array[i] = Number(values[i])
  return { array, transfer: null, own }
}
