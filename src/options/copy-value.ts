import type { PathSegment } from './describe.js'

/** Tells of one value that cannot be kept. */
export type Report = (path: readonly PathSegment[], value: unknown, fix: string) => void

const MAX_DEPTH = 100
// A configuration is read by people; a tensor in it would be copied on the training thread.
const MAX_VALUES = 100_000
const PLAIN_FIX = 'give a number, string, boolean, array or plain object'

/**
 * A deep copy that structured clone can carry and JSON can hold, so that later changes by the caller do not
 * matter. Class instances become plain objects; `toJSON()` is honoured (URL, decimal types); dates, maps, sets,
 * bigints, NaN and infinities stay; typed arrays become arrays; undefined properties are left out.
 * Each value that cannot be kept is reported with its path.
 */
export function copyValue(value: unknown, report: Report): unknown {
  return new Copier(report).copy(value)
}

class Copier {
  readonly #report: Report
  readonly #path: PathSegment[] = []
  readonly #ancestors = new Set<object>()
  #copied = 0

  constructor(report: Report) {
    this.#report = report
  }

  copy(value: unknown): unknown {
    if (typeof value === 'function') return this.#refuse(value, 'give its name or its source as a string')
    if (typeof value === 'symbol') return this.#refuse(value, 'give a string')
    this.#copied++
    if (this.#copied === MAX_VALUES + 1) {
      return this.#refuse(
        value,
        `keep it under ${MAX_VALUES} values in all, and log large data as an artifact`,
      )
    }
    if (typeof value !== 'object' || value === null) return value
    if (this.#copied > MAX_VALUES) return undefined
    if (this.#ancestors.has(value)) return this.#refuse(value, 'it contains itself: leave this reference out')
    if (this.#path.length >= MAX_DEPTH) return this.#refuse(value, `nest at most ${MAX_DEPTH} levels`)
    this.#ancestors.add(value)
    try {
      return this.#copyObject(value)
    } catch {
      return this.#refuse(value, 'reading it threw an error: give plain data')
    } finally {
      this.#ancestors.delete(value)
    }
  }

  #copyObject(value: object): unknown {
    if (value instanceof Date) return new Date(value)
    if ('toJSON' in value && typeof value.toJSON === 'function') return this.copy(value.toJSON())
    if (Array.isArray(value)) return this.#copyItems(value)
    if (ArrayBuffer.isView(value) && !(value instanceof DataView)) {
      return this.#copyItems(value as unknown as ArrayLike<unknown>)
    }
    if (value instanceof Set) return new Set(this.#copyItems([...value]))
    if (value instanceof Map) return this.#copyMap(value)
    if (Object.prototype.toString.call(value) !== '[object Object]') return this.#refuse(value, PLAIN_FIX)
    const entries: [string, unknown][] = []
    for (const [key, item] of Object.entries(value)) {
      if (item !== undefined) entries.push([key, this.#at(key, item)])
    }
    // Not by assignment: a key "__proto__" would set the prototype.
    return Object.fromEntries(entries)
  }

  #copyItems(items: ArrayLike<unknown>): unknown[] {
    const copy: unknown[] = []
    for (let i = 0; i < items.length && this.#copied <= MAX_VALUES; i++) copy.push(this.#at(i, items[i]))
    return copy
  }

  #copyMap(map: Map<unknown, unknown>): Map<string, unknown> {
    const copy = new Map<string, unknown>()
    for (const [key, item] of map) {
      if (typeof key === 'string') copy.set(key, this.#at(key, item))
      else this.#refuse(map, 'use strings as keys of a Map')
    }
    return copy
  }

  #at(segment: PathSegment, value: unknown): unknown {
    this.#path.push(segment)
    try {
      return this.copy(value)
    } finally {
      this.#path.pop()
    }
  }

  #refuse(value: unknown, fix: string): undefined {
    this.#report([...this.#path], value, fix)
  }
}
