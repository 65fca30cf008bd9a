import type { ResolvedRule } from '../types.js'
import { gpuIdleCheck } from './gpu-idle.js'
import { nanCheck } from './nan.js'
import { overfittingCheck } from './overfitting.js'
import { plateauCheck } from './plateau.js'
import type { RuleCheck } from './rule-check.js'
import { slowCheck } from './slow.js'
import { thresholdCheck } from './threshold.js'

/** Rule and state of a check belong together: who keeps them by rule may forget their kinds. */
export type AnyCheck = RuleCheck<ResolvedRule, object>

const CHECKS: { readonly [When in ResolvedRule['when']]?: unknown } = {
  nan: nanCheck,
  threshold: thresholdCheck,
  plateau: plateauCheck,
  overfitting: overfittingCheck,
  slow: slowCheck,
  'gpu-idle': gpuIdleCheck,
}

/** How a rule looks at rows; null for one that looks at something else. */
export const checkOf = ({ when }: ResolvedRule): AnyCheck | null => (CHECKS[when] as AnyCheck) ?? null
