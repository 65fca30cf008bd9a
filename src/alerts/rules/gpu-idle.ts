import type { ResolvedRuleOf } from '../types.js'
import { durationText, numberText, type RuleCheck } from './rule-check.js'

const UTILISATION = /^gpu\.(\d+)\.gpu$/

interface GpuIdleState {
  /** A GPU was in a sample. */
  seen: boolean
  /** Since when the GPUs idle, by the times of the samples; null: they do not. */
  since: number | null
  time: number
  percent: number
}

/** The busiest GPU (or the one that was named) does next to nothing, in each sample for so long. */
export const gpuIdleCheck: RuleCheck<ResolvedRuleOf<'gpu-idle'>, GpuIdleState> = {
  start: () => ({ seen: false, since: null, time: 0, percent: 0 }),
  sample({ gpu, below }, state, values, { time }) {
    let busiest: number | null = null
    for (const [name, value] of Object.entries(values)) {
      const [, index] = UTILISATION.exec(name) ?? []
      if (index === undefined || (gpu !== undefined && Number(index) !== gpu)) continue
      busiest = Math.max(busiest ?? 0, value)
    }
    if (busiest === null) return false
    Object.assign(state, { seen: true, time, percent: busiest })
    state.since = busiest < below ? (state.since ?? time) : null
    return true
  },
  holds: ({ forMs }, { since, time }) => since !== null && time - since >= forMs,
  describe({ forMs, gpu }, { percent }) {
    const which = gpu === undefined ? 'No GPU has been busy' : `GPU ${gpu} has not been busy`
    return {
      title: gpu === undefined ? 'GPUs are idle' : `GPU ${gpu} is idle`,
      text: `${which} for ${durationText(forMs)}: ${numberText(percent)} % at the last sample.`,
      value: percent,
    }
  },
}
