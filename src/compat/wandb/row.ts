/**
 * What `log()` may be given, and where it goes: numbers, bigints and booleans are metrics; strings and dates are
 * texts; media are media; objects and short arrays are taken apart, their names joined by "." as on W&B's pages;
 * longer arrays of numbers are histograms.
 */

import { isTensorLike } from '../../run/media/arrays.js'
import type { Numbers } from '../../run/media/types.js'
import type { MetricLogger } from '../../run/values.js'
import { isTensor, type MetricValue } from '../../run/values.js'
import { HISTOGRAM_BINS, Media } from './media.js'
import { tell } from './tell.js'

/** W&B keeps arrays of up to so many numbers as they are, too. */
export const MAX_PARTS = 32
const MAX_DEPTH = 16
/** @wandb/sdk writes them into the caller's object, where they may still be. */
const STAMPS: ReadonlySet<string> = new Set(['_step', '_runtime', '_timestamp'])

export type LoggedValues = { readonly [name: string]: unknown }

/** Copies everything at once. May throw where reading the caller's object does. */
export function logRow(run: MetricLogger, values: LoggedValues, step: number): void {
  if (onlyMetrics(values)) run.log(values, step)
  else new Row(run, step).log(values)
}

/** Most rows: they need no second object. */
function onlyMetrics(values: LoggedValues): values is { readonly [name: string]: number } {
  for (const name in values) {
    if (typeof values[name] !== 'number' || (name.charCodeAt(0) === 95 && STAMPS.has(name))) return false
  }
  return true
}

class Row {
  readonly #run: MetricLogger
  readonly #step: number
  readonly #metrics: { [name: string]: MetricValue } = Object.create(null)
  readonly #parents: object[] = []

  constructor(run: MetricLogger, step: number) {
    this.#run = run
    this.#step = step
  }

  log(values: LoggedValues): void {
    for (const [name, value] of Object.entries(values)) if (!STAMPS.has(name)) this.#add(name, value)
    for (const _name in this.#metrics) {
      this.#run.log(this.#metrics, this.#step)
      return
    }
  }

  #add(name: string, value: unknown): void {
    if (typeof value === 'string') this.#run.text(name, value, this.#step)
    else if (typeof value === 'object' && value !== null) this.#addObject(name, value)
    // What is no metric either, a function say, is refused and told by the run.
    else this.#metrics[name] = value as MetricValue
  }

  #addObject(name: string, value: object): void {
    if (value instanceof Media) value.logTo(this.#run, name, this.#step)
    else if (isTensor(value)) this.#metrics[name] = value
    else if (isTensorLike(value)) this.#addHistogram(name, value)
    else if (this.#parents.includes(value) || this.#parents.length === MAX_DEPTH) {
      const fix = 'log its parts by names of their own'
      tell('nested', `"${name.slice(0, 100)}" contains itself, or is nested too deeply: ${fix}`)
    } else {
      this.#parents.push(value)
      this.#addParts(name, value)
      this.#parents.pop()
    }
  }

  #addParts(name: string, value: object): void {
    if (isList(value)) this.#addList(name, value)
    else if (value instanceof Set) this.#addList(name, [...value])
    else if ('toJSON' in value && typeof value.toJSON === 'function') this.#add(name, value.toJSON())
    else {
      const parts = value instanceof Map ? value : Object.entries(value)
      for (const [part, inside] of parts) this.#add(`${name}.${part}`, inside)
    }
  }

  #addList(name: string, list: ArrayLike<unknown>): void {
    const numbers = countNumbers(list)
    if (numbers !== null && numbers > MAX_PARTS) this.#addHistogram(name, list as Numbers)
    else if (list.length <= MAX_PARTS || Array.prototype.some.call(list, (item) => item instanceof Media)) {
      for (let i = 0; i < list.length; i++) this.#add(`${name}.${i}`, list[i])
    } else this.#run.text(name, jsonOf(list), this.#step)
  }

  #addHistogram(name: string, values: Numbers): void {
    this.#run.histogram(name, values, this.#step, { bins: HISTOGRAM_BINS })
  }
}

const isList = (value: object): value is ArrayLike<unknown> & object =>
  Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView))

/** How many numbers are in a list, and in the lists in it; null where there is anything else. */
function countNumbers(list: ArrayLike<unknown>): number | null {
  if (ArrayBuffer.isView(list)) return list.length
  let count = 0
  for (let i = 0; i < list.length; i++) {
    const item = list[i]
    const inside = Array.isArray(item) ? countNumbers(item) : typeof item === 'number' ? 1 : null
    if (inside === null) return null
    count += inside
  }
  return count
}

const jsonOf = (value: unknown): string =>
  JSON.stringify(value, (_name, part) => (typeof part === 'bigint' ? String(part) : part))
