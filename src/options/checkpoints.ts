import * as v from 'valibot'
import { DEFAULT_OPTIONS, GIB } from './defaults.js'
import type { CheckpointOptions, ResolvedOptions } from './options.js'
import { group, oneOf, whole } from './schema-parts.js'

const MAX_COUNT = 1_000_000_000
const METRIC_FIX = 'give the name of a metric'

/** What `init({ checkpoints })` takes. */
export const checkpoints = group({
  every: v.optional(
    v.union(
      [
        v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(MAX_COUNT)),
        group({
          steps: whole('steps', 1, MAX_COUNT),
          minutes: v.optional(v.pipe(v.number(), v.finite(), v.gtValue(0))),
          epochs: whole('epochs', 1, MAX_COUNT),
        }),
      ],
      'give a number of steps, or { steps, minutes, epochs }, each above 0',
    ),
  ),
  keepLast: whole('checkpoints', 0, MAX_COUNT),
  keepBest: whole('checkpoints', 0, MAX_COUNT),
  keepEvery: whole('steps', 0, MAX_COUNT),
  metric: v.optional(v.pipe(v.string(METRIC_FIX), v.nonEmpty(METRIC_FIX))),
  mode: v.optional(oneOf(['min', 'max'])),
  compression: v.optional(oneOf(['none', 'gzip', 'brotli'])),
  maxInFlight: whole('saves', 1, 64),
  whenFull: v.optional(oneOf(['wait', 'skip'])),
  maxWaitMs: whole('milliseconds', 1, 3_600_000),
  minFreeBytes: whole('bytes', 0, 1024 * 1024 * GIB),
})

/** What was given, over the defaults. */
export function resolveCheckpoints(given: CheckpointOptions = {}): ResolvedOptions['checkpoints'] {
  const defaults = DEFAULT_OPTIONS.checkpoints
  const { every, ...plain } = given
  const set = Object.entries(plain).filter(([, value]) => value !== undefined)
  const steps = typeof every === 'number' ? { steps: every } : (every ?? {})
  return {
    ...defaults,
    ...Object.fromEntries(set),
    every: {
      ...defaults.every,
      ...Object.fromEntries(Object.entries(steps).filter(([, n]) => n !== undefined)),
    },
  }
}
