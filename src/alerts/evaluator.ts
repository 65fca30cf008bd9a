import { crc32 } from 'node:zlib'
import type { RecordBatch } from '../record/batch.js'
import type { SystemSample } from '../record/updates.js'
import { type AnyCheck, checkOf } from './rules/checks.js'
import type { Finding, RowAt } from './rules/rule-check.js'
import type { ResolvedRule } from './types.js'

/** What is remembered of one rule. Plain JSON. */
export interface RuleState {
  /** CRC-32 of the rule: a run that goes on may have others. */
  readonly key: number
  readonly own: object
  /** The condition holds. */
  active: boolean
  /** Alerts so far, and times that it began during a cool-down since the last one. */
  fired: number
  held: number
  /** Of the last alert, in milliseconds since the epoch. */
  firedAt: number
  /** It has seen a value that it looks at. */
  seen: boolean
}

/** An alert that a row has set off. */
export interface Fired {
  readonly rule: number
  /** How many alerts the rule had made before. */
  readonly count: number
  readonly row: number
  readonly at: RowAt
  readonly finding: Finding
  /** Times that the condition began meanwhile, and was not told. */
  readonly held: number
}

interface Watcher {
  readonly index: number
  readonly rule: ResolvedRule
  readonly check: AnyCheck
}

/** States to go on from: a rule that is not what it was begins anew, but for the number of its next alert. */
export const rulesFrom = (
  before: readonly Readonly<RuleState>[],
  rules: readonly ResolvedRule[],
): RuleState[] =>
  rules.map((rule, index) => {
    const key = crc32(JSON.stringify(rule))
    const known = before[index]
    if (known?.key === key) return structuredClone(known)
    const own = checkOf(rule)?.start(rule) ?? {}
    return { key, own, active: false, fired: known?.fired ?? 0, held: 0, firedAt: 0, seen: false }
  })

/**
 * The rules that look at rows. What comes of a row depends on the rows before it alone, however they are cut into
 * batches: after a crash the same rows make the same alerts again.
 */
export class Evaluator {
  readonly #rules: readonly ResolvedRule[]
  readonly #byRow: readonly Watcher[]
  readonly #bySample: readonly Watcher[]
  readonly #byValue: readonly Watcher[]
  /** Per index of `batch.names`: who looks at the metric; null: nobody. */
  readonly #ofKey: (readonly Watcher[] | null)[] = []
  /** Indexes of rules whose condition may have changed with the row. */
  readonly #touched = new Set<Watcher>()

  constructor(rules: readonly ResolvedRule[]) {
    this.#rules = rules
    const watchers = rules.flatMap((rule, index): Watcher[] => {
      const check = checkOf(rule)
      return check === null ? [] : [{ index, rule, check }]
    })
    this.#byRow = watchers.filter(({ check }) => check.row !== undefined)
    this.#bySample = watchers.filter(({ check }) => check.sample !== undefined)
    this.#byValue = watchers.filter(({ check }) => check.value !== undefined)
  }

  /** `batch.names` are those of another reader from here on. */
  forgetNames(): void {
    this.#ofKey.length = 0
  }

  /** Changes `states`. `sampleOf` reads a sample of the machine, which may be in a file. */
  take(batch: RecordBatch, states: RuleState[], sampleOf: (row: number) => SystemSample | null): Fired[] {
    const fired: Fired[] = []
    for (let row = 0; row < batch.count; row++) {
      const at = { step: batch.steps[row]!, time: batch.times[row]! }
      if (batch.media.has(row)) this.#takeSample(sampleOf, row, states, at)
      else this.#takeRow(batch, row, states, at)
      for (const watcher of this.#touched) {
        const alert = this.#settle(watcher, states[watcher.index]!, row, at)
        if (alert !== null) fired.push(alert)
      }
      this.#touched.clear()
    }
    return fired
  }

  /** Rules that look at a metric, or at a GPU, that has never come. */
  unseen(states: readonly RuleState[]): number[] {
    return this.#rules.flatMap((rule, index) => {
      const looks = rule.when === 'gpu-idle' || (checkOf(rule)?.metrics?.(rule) ?? null) !== null
      return looks && states[index]?.seen === false ? [index] : []
    })
  }

  #takeRow(batch: RecordBatch, row: number, states: RuleState[], at: RowAt): void {
    const { offsets, keys, values, names } = batch
    for (let slot = offsets[row]!; slot < offsets[row + 1]!; slot++) {
      const key = keys[slot]!
      const watchers = this.#ofKey[key] === undefined ? this.#look(key, names[key]!) : this.#ofKey[key]
      if (watchers === null) continue
      for (const watcher of watchers!) {
        const state = states[watcher.index]!
        state.seen = true
        if (watcher.check.value!(watcher.rule, state.own, names[key]!, values[slot]!, at)) {
          this.#touched.add(watcher)
        }
      }
    }
    if (batch.producers[row] !== 0) return
    for (const watcher of this.#byRow) {
      if (watcher.check.row!(watcher.rule, states[watcher.index]!.own, at)) this.#touched.add(watcher)
    }
  }

  #takeSample(
    sampleOf: (row: number) => SystemSample | null,
    row: number,
    states: RuleState[],
    at: RowAt,
  ): void {
    if (this.#bySample.length === 0) return
    const sample = sampleOf(row)
    if (sample === null) return
    for (const watcher of this.#bySample) {
      const state = states[watcher.index]!
      if (!watcher.check.sample!(watcher.rule, state.own, sample.values, at)) continue
      state.seen = true
      this.#touched.add(watcher)
    }
  }

  #look(key: number, name: string): readonly Watcher[] | null {
    const watchers = this.#byValue.filter(({ rule, check }) => check.metrics!(rule)?.includes(name) ?? true)
    for (let next = this.#ofKey.length; next < key; next++) this.#ofKey.push(undefined as never)
    this.#ofKey[key] = watchers.length === 0 ? null : watchers
    return this.#ofKey[key]
  }

  /** The alert that is due, where the condition has just begun and the rule is not cooling down. */
  #settle({ index, rule, check }: Watcher, state: RuleState, row: number, at: RowAt): Fired | null {
    const was = state.active
    state.active = check.holds(rule, state.own)
    if (!state.active || was) return null
    // A clock that was set back must not silence a rule.
    if (state.firedAt > 0 && Math.abs(at.time - state.firedAt) < rule.coolDownMs) {
      state.held++
      return null
    }
    const alert = { rule: index, count: state.fired, row, at, held: state.held }
    Object.assign(state, { fired: state.fired + 1, held: 0, firedAt: at.time })
    return { ...alert, finding: check.describe(rule, state.own) }
  }
}
