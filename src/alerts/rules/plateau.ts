import type { ResolvedRuleOf } from '../types.js'
import { numberText, type RuleCheck } from './rule-check.js'

interface PlateauState {
  /** Null before the first finite value. */
  best: number | null
  bestStep: number
  /** The highest step with a value. */
  step: number
}

/** No improvement for so many steps: as Keras' EarlyStopping counts, `minDelta` and all. */
export const plateauCheck: RuleCheck<ResolvedRuleOf<'plateau'>, PlateauState> = {
  start: () => ({ best: null, bestStep: 0, step: 0 }),
  metrics: ({ metric }) => [metric],
  value({ goal, minDelta }, state, _, value, { step }) {
    state.step = state.best === null ? step : Math.max(state.step, step)
    if (!Number.isFinite(value)) return state.best !== null
    const gain = state.best === null ? null : goal === 'maximize' ? value - state.best : state.best - value
    if (gain === null || gain > minDelta) Object.assign(state, { best: value, bestStep: state.step })
    return true
  },
  holds: ({ steps }, { best, bestStep, step }) => best !== null && step - bestStep >= steps,
  describe({ metric, steps }, { best, bestStep, step }) {
    return {
      title: `${metric} has not improved for ${numberText(steps)} steps`,
      text: `The best ${metric} is ${numberText(best!)}, of step ${bestStep}; it is step ${step} now.`,
      metric,
      value: best!,
    }
  },
}
