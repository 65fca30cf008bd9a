import * as v from 'valibot'
import type { MetricDefinition } from '../../../record/updates.js'
import { numberText, objectText } from '../extended-json.js'

/** For a sink that reads its cursor. Empty before the first number; else as `Statistics.save()` has it. */
export const statisticsState = v.array(v.string())

/** First and newest value of a metric, as JSON; and of its numbers, NaN left out, what a summary may ask for. */
export class Statistics {
  last: string
  readonly #first: string
  #count = 0
  #sum = 0
  #min = Number.POSITIVE_INFINITY
  #max = Number.NEGATIVE_INFINITY

  constructor(last: string, state: readonly string[] = []) {
    this.last = last
    const [first = last, count = '0', sum = '0', min = 'Infinity', max = '-Infinity'] = state
    this.#first = first
    this.#count = Number(count)
    this.#sum = Number(sum)
    this.#min = Number(min)
    this.#max = Number(max)
  }

  /** As texts: JSON has neither infinities nor minus zero. */
  save(): string[] {
    if (this.#count === 0) return [this.#first]
    return [this.#first, ...[this.#count, this.#sum, this.#min, this.#max].map(numberText)]
  }

  add(json: string): void {
    this.last = json
    const value = Number(json)
    // What is no number is NaN too.
    if (Number.isNaN(value)) return
    this.#count++
    this.#sum += value
    if (value < this.#min) this.#min = value
    if (value > this.#max) this.#max = value
  }

  /** JSON of what the definition asks for, in one object; the newest value where it asks for none, or none is known. */
  summary({ summary = [], goal }: MetricDefinition): string {
    const min = this.#number(this.#min)
    const max = this.#number(this.#max)
    const parts: { readonly [name: string]: string | null } = {
      last: this.last,
      first: this.#first,
      min,
      max,
      mean: this.#number(this.#sum / this.#count),
      best: goal === undefined ? null : goal === 'maximize' ? max : min,
    }
    const asked = [...new Set(summary)].flatMap((part): [string, string][] => {
      const json = parts[part] ?? null
      return json === null ? [] : [[part, json]]
    })
    return asked.length === 0 ? this.last : objectText(asked)
  }

  #number(value: number): string | null {
    return this.#count === 0 ? null : numberText(value)
  }
}
