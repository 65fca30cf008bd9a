import type { ResolvedRuleOf } from '../types.js'
import { numberText, type RuleCheck } from './rule-check.js'

interface ThresholdState {
  /** Values beyond a bound, in a row. */
  inARow: number
  value: number
}

/** A value beyond a bound, for so many logged values in a row. NaN is beyond none: that is another rule's. */
export const thresholdCheck: RuleCheck<ResolvedRuleOf<'threshold'>, ThresholdState> = {
  start: () => ({ inARow: 0, value: 0 }),
  metrics: ({ metric }) => [metric],
  value({ above, below }, state, _, value) {
    const beyond = (above !== undefined && value > above) || (below !== undefined && value < below)
    state.inARow = beyond ? state.inARow + 1 : 0
    // JSON has no infinity.
    state.value = beyond ? Math.max(-Number.MAX_VALUE, Math.min(value, Number.MAX_VALUE)) : 0
    return true
  },
  holds: ({ forSteps }, { inARow }) => inARow >= forSteps,
  describe({ metric, above, below, forSteps }, { value }) {
    const isAbove = above !== undefined && value > above
    const bound = isAbove ? `above ${numberText(above)}` : `below ${numberText(below!)}`
    const times = forSteps > 1 ? `, ${forSteps} values in a row` : ''
    return {
      title: `${metric} is ${bound}`,
      text: `${metric} is ${numberText(value)}, ${bound}${times}.`,
      metric,
      value,
    }
  },
}
