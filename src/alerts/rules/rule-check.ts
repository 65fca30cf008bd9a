import type { ResolvedRule } from '../types.js'

/** What a rule knows of the row that it looks at. */
export interface RowAt {
  readonly step: number
  /** Milliseconds since the epoch. */
  readonly time: number
}

/** What a rule has found. */
export interface Finding {
  readonly title: string
  readonly text: string
  readonly metric?: string
  readonly value?: number
}

/**
 * One rule over the rows of a run. All that it remembers is in `state`, plain JSON that it changes in place: so a
 * crash takes it back to a row that was committed. Numbers in it are finite, since JSON has no others.
 */
export interface RuleCheck<Rule extends ResolvedRule, State extends object> {
  start(rule: Rule): State
  /** Metrics that it looks at; null: all. Absent: none. */
  metrics?(rule: Rule): readonly string[] | null
  /** One value. True where the condition may have changed. */
  value?(rule: Rule, state: State, metric: string, value: number, row: RowAt): boolean
  /** One row of numbers, of the thread that called `init()`. True as above. */
  row?(rule: Rule, state: State, row: RowAt): boolean
  /** One sample of the machine. True as above. */
  sample?(rule: Rule, state: State, values: { readonly [name: string]: number }, row: RowAt): boolean
  /** Whether the condition holds. */
  holds(rule: Rule, state: State): boolean
  describe(rule: Rule, state: State): Finding
}

/** A number for people: 6 digits tell enough. */
export const numberText = (value: number): string => String(Number(value.toPrecision(6)))

export function durationText(ms: number): string {
  if (ms < 120_000) return `${numberText(ms / 1000)} s`
  return ms < 7_200_000 ? `${numberText(ms / 60_000)} min` : `${numberText(ms / 3_600_000)} h`
}
