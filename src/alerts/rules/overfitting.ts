import type { ResolvedRuleOf } from '../types.js'
import { numberText, type RuleCheck } from './rule-check.js'

interface OverfittingState {
  /** Of the training values since the last validation. */
  sum: number
  count: number
  /** Null before the first ones. */
  train: number | null
  validation: number | null
  inARow: number
}

/**
 * The generalisation gap: how much worse the validation metric is than the mean of the training metric since the
 * validation before, as a part of the latter.
 */
export const overfittingCheck: RuleCheck<ResolvedRuleOf<'overfitting'>, OverfittingState> = {
  start: () => ({ sum: 0, count: 0, train: null, validation: null, inARow: 0 }),
  metrics: ({ train, validation }) => [train, validation],
  value({ train, gap, goal }, state, metric, value) {
    if (!Number.isFinite(value)) return false
    if (metric === train) {
      // The sum of finite values may overflow.
      if (Number.isFinite(state.sum + value)) {
        state.sum += value
        state.count++
      }
      return false
    }
    if (state.count > 0) Object.assign(state, { train: state.sum / state.count, sum: 0, count: 0 })
    if (state.train === null) return false
    state.validation = value
    const worse = goal === 'maximize' ? state.train - value : value - state.train
    state.inARow = worse > gap * Math.abs(state.train) ? state.inARow + 1 : 0
    return true
  },
  holds: ({ forSteps }, { inARow }) => inARow >= forSteps,
  describe({ train, validation, gap, forSteps }, state) {
    const part = `${numberText(gap * 100)} %`
    const times = forSteps > 1 ? ` at ${forSteps} validations in a row` : ''
    return {
      title: `${validation} is worse than ${train} by more than ${part}`,
      text: `${validation} is ${numberText(state.validation!)} where ${train} is ${numberText(state.train!)}${times}: the model may be overfitting.`,
      metric: validation,
      value: state.validation!,
    }
  },
}
