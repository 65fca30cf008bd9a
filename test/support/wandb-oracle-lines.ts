import type { MetricDefinition } from '../../src/record/updates.js'

/** What a line holds: numbers, texts, or what W&B has for media. */
export type Fields = Map<string, unknown>

export interface OracleLine {
  readonly step: number
  /** The step of the call that began it, and of the late call that it took in. */
  readonly given: number
  original: number | null
  /** Of its newest call. */
  time: number
  readonly values: Fields
  /** Of the newest call of each name. */
  readonly times: Map<string, number>
  /** Names that a late call has brought: a later call of the line's own step must not replace what they hold. */
  readonly lateNames: Set<string>
  /** Everything that was ever its `value`: rows that came later have replaced the rest. */
  readonly rows: unknown[]
}

const MAX_OPEN = 64
const MAX_OPEN_MS = 2000

/**
 * The history lines of calls whose steps are whole numbers from 0, by the rule in docs/decisions/016-wandb-steps.md,
 * in the plainest way: all open lines are looked at for every call.
 */
export class LineOracle {
  readonly closed: OracleLine[] = []
  readonly definitions = new Map<string, MetricDefinition>()
  late = 0
  #open: OracleLine[] = []
  #highest = Number.NEGATIVE_INFINITY
  readonly #stepValues: Fields = new Map()

  add(step: number, time: number, values: Fields): void {
    const line = this.#lineFor(step, values)
    line.time = Math.max(line.time, time)
    for (const [name, value] of values) {
      line.values.set(name, value)
      line.times.set(name, time)
    }
    line.rows.push(values.get('value'))
    this.#highest = Math.max(this.#highest, step)
    this.#open.sort((a, b) => a.step - b.step)
  }

  /** After each call, of any kind. */
  closeOld(time: number): void {
    while (this.#open.length > MAX_OPEN || (this.#open.length > 1 && this.#isOld(time))) this.#closeOldest()
  }

  end(): void {
    while (this.#open.length > 0) this.#closeOldest()
  }

  #lineFor(step: number, values: Fields): OracleLine {
    const names = [...values.keys()]
    const same = this.#open.findLast(({ given }) => given === step)
    if (same !== undefined && !names.some((name) => same.lateNames.has(name))) return same
    const last = this.closed.at(-1)?.step ?? -1
    if (step > last && !this.#open.some((line) => line.step === step)) return this.#begin(step, step, null)
    const newest = this.#open.at(-1)
    if (step < this.#highest) {
      this.late++
      if (same === undefined && newest !== undefined && canTakeIn(newest, step, names)) {
        newest.original = step
        for (const name of names) newest.lateNames.add(name)
        return newest
      }
    }
    return this.#begin((newest?.step ?? last) + 1, step, step)
  }

  #begin(step: number, given: number, original: number | null): OracleLine {
    const nothing = {
      time: Number.NEGATIVE_INFINITY,
      values: new Map(),
      times: new Map(),
      lateNames: new Set<string>(),
      rows: [],
    }
    const line: OracleLine = { step, given, original, ...nothing }
    this.#open.push(line)
    return line
  }

  #isOld(time: number): boolean {
    return time - this.#open[0]!.time > MAX_OPEN_MS
  }

  #closeOldest(): void {
    const line = this.#open.shift()!
    this.closed.push(line)
    const definitions = [...this.definitions.values()]
    for (const { stepMetric } of definitions) {
      if (stepMetric !== undefined && line.values.has(stepMetric)) {
        this.#stepValues.set(stepMetric, line.values.get(stepMetric))
      }
    }
    for (const name of [...line.values.keys()]) {
      const { stepMetric, stepSync } = this.definitionOf(name) ?? {}
      if (stepMetric === undefined || !stepSync || line.values.has(stepMetric)) continue
      if (this.#stepValues.has(stepMetric)) line.values.set(stepMetric, this.#stepValues.get(stepMetric))
    }
  }

  /** Its own, or the first that names the beginning of its name. */
  definitionOf(name: string): MetricDefinition | undefined {
    const own = this.definitions.get(name)
    const begins = (given: string) => given.endsWith('*') && name.startsWith(given.slice(0, -1))
    return own ?? [...this.definitions].find(([given]) => begins(given))?.[1]
  }
}

const canTakeIn = ({ original, values }: OracleLine, step: number, names: readonly string[]): boolean =>
  (original === null || original === step) && !names.some((name) => values.has(name))
