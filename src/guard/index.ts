export { type Guard, guard } from './guard.js'
export type { BadValues, GuardAction, GuardCounts, GuardEvent, GuardOptions } from './types.js'
