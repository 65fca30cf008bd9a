import { describeValue } from '../../run/warnings.js'
import type { TrainingMonitorOptions } from './types.js'

const DEFAULT_EVERY = 50
const DEFAULT_STALL_FACTOR = 5

/** Options that were checked; a wrong one counts as not given. */
export interface MonitorSettings {
  readonly totalSteps: number | null
  readonly stepsPerEpoch: number | null
  readonly batchSize: number | null
  readonly tokensPerStep: number | null
  readonly every: number
  readonly stallFactor: number
}

const NUMBERS = [
  'totalSteps',
  'totalEpochs',
  'stepsPerEpoch',
  'batchSize',
  'tokensPerStep',
  'every',
  'stallFactor',
] as const

/** `wrong` is told of all that is wrong, at once. */
export function settingsOf(
  options: TrainingMonitorOptions,
  wrong: (message: string) => void,
): MonitorSettings {
  const problems: string[] = []
  const valid: { [name in (typeof NUMBERS)[number]]?: number } = {}
  for (const name of NUMBERS) {
    const value: unknown = options[name]
    if (value === undefined) continue
    if (typeof value === 'number' && value > 0 && Number.isFinite(value)) valid[name] = value
    else problems.push(`${name} is ${describeValue(value)}`)
  }
  if (problems.length > 0) {
    wrong(`Options of trainingMonitor() are left out: ${problems.join(', ')}; give numbers above 0.`)
  }
  const { totalEpochs, stepsPerEpoch } = valid
  const byEpochs =
    totalEpochs !== undefined && stepsPerEpoch !== undefined ? totalEpochs * stepsPerEpoch : null
  return {
    totalSteps: valid.totalSteps ?? byEpochs,
    stepsPerEpoch: stepsPerEpoch ?? null,
    batchSize: valid.batchSize ?? null,
    tokensPerStep: valid.tokensPerStep ?? null,
    every: Math.max(1, Math.round(valid.every ?? DEFAULT_EVERY)),
    stallFactor: valid.stallFactor ?? DEFAULT_STALL_FACTOR,
  }
}
