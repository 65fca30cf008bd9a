import * as v from 'valibot'
import type { ResolvedRule, ResolvedTarget, TargetSecrets } from '../../alerts/types.js'

// init() has checked the rules and the target; what comes here comes from there, or from run.json.
const rules = v.custom<readonly ResolvedRule[]>(Array.isArray, 'is no array of rules')

export const localOptions = v.object({
  rules,
  /** Print alerts that are for the target "terminal". */
  terminal: v.boolean(),
  /** Targets that get nothing, since the run is offline. */
  left: v.array(v.string()),
  /** Of the BroadcastChannel to the daemon and the owner: see alerts/channel.ts. */
  channel: v.string(),
})

const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null

export const targetOptions = v.object({
  rules,
  target: v.custom<ResolvedTarget>(isObject, 'is no target'),
  /** Kept out of run.json: whoever recovers the run has them from the environment. */
  secrets: v.optional(v.custom<TargetSecrets>(isObject), {}),
})
