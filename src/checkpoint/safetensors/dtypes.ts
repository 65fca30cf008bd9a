import type { Dtype } from '../request.js'

/**
 * Bytes of an element. In the order in which files hold their tensors, which is the reference implementation's: larger
 * elements first, so that every tensor is aligned to its own elements without gaps.
 */
const BYTES: { readonly [Name in Dtype]: number } = {
  U64: 8,
  I64: 8,
  F64: 8,
  F32: 4,
  U32: 4,
  I32: 4,
  BF16: 2,
  F16: 2,
  U16: 2,
  I16: 2,
  I8: 1,
  U8: 1,
  BOOL: 1,
}

const RANKS = new Map<string, number>(Object.keys(BYTES).map((dtype, rank) => [dtype, rank]))

export const isDtype = (name: unknown): name is Dtype => typeof name === 'string' && RANKS.has(name)

export const DTYPE_NAMES: string = Object.keys(BYTES).join(', ')

/** Of the order of a file. */
export const rankOf = (dtype: Dtype): number => RANKS.get(dtype)!

/** Of a whole tensor; null where the shape is none, or so large that no number holds it. */
export function bytesOfTensor(dtype: Dtype, shape: readonly unknown[]): number | null {
  let bytes = BYTES[dtype]
  for (const length of shape) {
    if (!Number.isSafeInteger(length) || (length as number) < 0) return null
    bytes *= length as number
    if (!Number.isSafeInteger(bytes)) return null
  }
  return bytes
}
