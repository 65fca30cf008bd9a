import type { ResolvedRuleOf } from '../types.js'
import type { RuleCheck } from './rule-check.js'

/** A model whose weights are NaN has NaN in everything: more names tell no more. */
const MAX_NAMES = 100

interface NanState {
  /** Metrics whose last value was not finite. */
  bad: string[]
  metric: string
  value: string
  step: number
}

/** NaN and infinities. Holds as long as the last value of any metric is one. */
export const nanCheck: RuleCheck<ResolvedRuleOf<'nan'>, NanState> = {
  start: () => ({ bad: [], metric: '', value: '', step: 0 }),
  metrics: ({ metric }) => metric ?? null,
  value(_, state, metric, value, { step }) {
    const { bad } = state
    if (Number.isFinite(value)) {
      if (bad.length === 0) return false
      const at = bad.indexOf(metric)
      if (at >= 0) bad.splice(at, 1)
      return at >= 0
    }
    if (bad.includes(metric) || bad.length >= MAX_NAMES) return false
    if (bad.length === 0) Object.assign(state, { metric, value: String(value), step })
    bad.push(metric)
    return true
  },
  holds: (_, { bad }) => bad.length > 0,
  describe(_, { metric, value, step }) {
    return { title: `${metric} is ${value}`, text: `${metric} is ${value} at step ${step}.`, metric }
  },
}
