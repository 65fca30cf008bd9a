import type { ResolvedRuleOf } from '../types.js'
import { numberText, type RuleCheck } from './rule-check.js'

/** How much of the usual step time a block of usual length moves. */
const WEIGHT = 0.1

interface SlowState {
  /** Of the last row; null before the first. */
  last: { step: number; time: number } | null
  /** The block of steps that is being measured. */
  steps: number
  ms: number
  /** Blocks that are whole. */
  blocks: number
  /** What a step takes usually, in ms; null while nobody knows. */
  usualMs: number | null
  blockMs: number
}

/**
 * Step time, by the times of the log calls: the mean of each `steps` steps against what was usual before. The first
 * block is left out: compiling and filling caches are in it.
 */
export const slowCheck: RuleCheck<ResolvedRuleOf<'slow'>, SlowState> = {
  start: () => ({ last: null, steps: 0, ms: 0, blocks: 0, usualMs: null, blockMs: 0 }),
  row({ steps, factor }, state, { step, time }) {
    const { last } = state
    // Several rows of one step are one step; a clock that was set back tells nothing.
    if (last !== null && step === last.step) return false
    state.last = { step, time }
    if (last === null || step < last.step || time < last.time) return false
    state.steps += step - last.step
    state.ms += time - last.time
    if (state.steps < steps) return false
    const blockMs = state.ms / state.steps
    Object.assign(state, { blockMs, steps: 0, ms: 0, blocks: state.blocks + 1 })
    if (state.blocks === 1) return false
    if (state.usualMs === null) state.usualMs = blockMs
    else if (blockMs <= state.usualMs * factor) state.usualMs += WEIGHT * (blockMs - state.usualMs)
    return true
  },
  holds: ({ factor }, { usualMs, blockMs }) => usualMs !== null && blockMs > usualMs * factor,
  describe({ steps }, { usualMs, blockMs }) {
    return {
      title: 'training is slow',
      text: `A step takes ${numberText(blockMs)} ms (mean of ${steps} steps), where ${numberText(usualMs!)} ms were usual.`,
      value: blockMs,
    }
  },
}
