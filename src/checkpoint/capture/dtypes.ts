import type { Dtype } from '../request.js'

/** By what it says to be: Float16Array is newer than the oldest Node that we support. */
const OF_ARRAY: Readonly<Record<string, Dtype>> = {
  Float64Array: 'F64',
  Float32Array: 'F32',
  Float16Array: 'F16',
  BigInt64Array: 'I64',
  Int32Array: 'I32',
  Int16Array: 'I16',
  Int8Array: 'I8',
  BigUint64Array: 'U64',
  Uint32Array: 'U32',
  Uint16Array: 'U16',
  Uint8Array: 'U8',
  Uint8ClampedArray: 'U8',
}

const OF_TENSOR: Readonly<Record<string, Dtype>> = { float32: 'F32', int32: 'I32', bool: 'BOOL' }

/** A Buffer is a Uint8Array here. Undefined: none of the typed arrays (a DataView). */
export const dtypeOfArray = (array: ArrayBufferView): Dtype | undefined =>
  OF_ARRAY[Object.prototype.toString.call(array).slice(8, -1)]

/** Undefined: a dtype of TensorFlow.js with no numbers (`string`), or with two for each value (`complex64`). */
export const dtypeOfTensor = (dtype: string): Dtype | undefined => OF_TENSOR[dtype]
