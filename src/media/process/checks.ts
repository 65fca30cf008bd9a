import { MediaError, type NumberArray } from '../request.js'

export function isNumberArray(value: unknown): value is NumberArray {
  return (
    ArrayBuffer.isView(value) &&
    !(value instanceof DataView || value instanceof BigInt64Array || value instanceof BigUint64Array)
  )
}

/** `what` is in the plural: "the pixels". */
export function requireNumbers(value: unknown, what: string): NumberArray {
  if (isNumberArray(value)) return value
  throw new MediaError(`${what} are ${describe(value)}: give a typed array or an array of numbers`)
}

export function requireCount(value: unknown, what: string, min: number, max: number): number {
  if (Number.isInteger(value) && (value as number) >= min && (value as number) <= max) return value as number
  throw new MediaError(`${what} is ${describe(value)}: give a whole number from ${min} to ${max}`)
}

/** The part of a value that has the caption, if there is one. */
export function captionOf(caption: unknown): { readonly caption?: string } {
  if (caption === undefined || caption === null) return {}
  if (typeof caption === 'string') return { caption }
  throw new MediaError(`the caption is ${describe(caption)}: give a string`)
}

export function isRecord(value: unknown): value is { readonly [key: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !ArrayBuffer.isView(value)
}

/** Of a Map. */
export function keyText(key: unknown): string {
  try {
    return String(key)
  } catch {
    // An object that has no text.
    throw new MediaError('a Map has an object as its key: give strings')
  }
}

const MAX_SHOWN = 40

/** What a wrong value is, in a few words for a message. */
export function describe(value: unknown): string {
  if (value === undefined) return 'missing'
  if (typeof value === 'string') {
    return JSON.stringify(value.length > MAX_SHOWN ? `${value.slice(0, MAX_SHOWN)}...` : value)
  }
  if (Array.isArray(value)) return `an array of ${value.length}`
  if (typeof value === 'object' && value !== null) {
    // Whatever the caller calls so.
    const name: unknown = value.constructor?.name
    return `an object (${typeof name === 'string' ? name : 'no class'})`
  }
  if (typeof value === 'function' || typeof value === 'symbol') return `a ${typeof value}`
  return String(value)
}

/** How many entries of what: "12 numbers". */
export const numbers = (array: NumberArray): string =>
  array.length === 1 ? '1 number' : `${array.length} numbers`
