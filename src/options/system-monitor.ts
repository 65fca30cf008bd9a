import * as v from 'valibot'
import { describeValue } from './describe.js'
import type { Env } from './env-options.js'
import type { OptionProblem } from './errors.js'
import { group, whole } from './schema-parts.js'

/** As often as MLflow's client, and about as W&B's. */
const DEFAULT_EVERY_MS = 10_000
const [MIN_MS, MAX_MS] = [100, 3_600_000]
/** The time between two samples, where the options do not say; 0 turns the monitor off. */
const VARIABLE = 'OFFSTEP_SYSTEM_MS'

export interface SystemMonitorOptions {
  /** Time between two samples, in ms: 100 to 3,600,000. Default 10,000. */
  readonly everyMs?: number | undefined
  /** Count garbage collections of the training thread, which the engine then tells that thread of. Default false. */
  readonly gc?: boolean | undefined
}

export interface ResolvedSystemMonitor {
  /** 0: no monitor. */
  readonly systemMs: number
  readonly systemGc: boolean
}

export const systemMonitor = v.optional(
  v.union(
    [
      v.boolean(),
      group({
        everyMs: whole('milliseconds', MIN_MS, MAX_MS),
        gc: v.optional(v.boolean('give true or false')),
      }),
    ],
    'give true, false or { everyMs, gc }',
  ),
)

export function resolveSystemMonitor(
  given: boolean | SystemMonitorOptions | undefined,
  env: Env,
): ResolvedSystemMonitor {
  if (given === false) return { systemMs: 0, systemGc: false }
  const { everyMs, gc = false } = typeof given === 'object' ? given : {}
  // Who asks for the monitor gets one, whatever the variable says.
  const fromEnv = env[VARIABLE] ? Number(env[VARIABLE]) : DEFAULT_EVERY_MS
  const usual = given === undefined ? fromEnv : fromEnv || DEFAULT_EVERY_MS
  return { systemMs: everyMs ?? usual, systemGc: gc }
}

/** What is wrong with the variable, if anything. */
export function systemVariableProblem(env: Env): OptionProblem | null {
  const text = env[VARIABLE]
  const ms = Number(text)
  if (!text || ms === 0 || (Number.isInteger(ms) && ms >= MIN_MS && ms <= MAX_MS)) return null
  return {
    path: `environment variable ${VARIABLE}`,
    given: describeValue(text, [VARIABLE]),
    fix: `give 0 for no system monitor, or a whole number of milliseconds from ${MIN_MS} to ${MAX_MS}`,
  }
}
