import type { Call, Fault } from './faulty-calls.js'
import { Case, runWorkload } from './pipeline-workload.js'
import { countFromEnv, seededRandom } from './random.js'

/** Which call fails, how, and whether all later ones that can fail so do too. */
export interface Plan {
  readonly n: number
  readonly fault: string
  readonly forGood: boolean
}

const everyCall = (): boolean => true
const writes = (call: Call): boolean => call.writes

/** Which calls can fail so: by themselves; an error's code as a single failure may come from any. */
const CAN_FAIL: { readonly [fault: string]: (call: Call) => boolean } = {
  EIO: everyCall,
  ENOSPC: writes,
  EDQUOT: writes,
  EACCES: ({ looksUp }) => looksUp,
  EMFILE: ({ opens }) => opens,
  short: ({ name }) => name === 'writeSync',
  torn: ({ name }) => name === 'writeSync' || name === 'writeFileSync',
  lost: ({ name }) => name === 'fsyncSync' || name === 'fdatasyncSync',
}
export const CODES = ['EIO', 'ENOSPC', 'EDQUOT', 'EACCES', 'EMFILE'] as const

export function plansOf(calls: readonly Call[], fault: string, forGood: boolean): Plan[] {
  const can = forGood || !CODES.includes(fault as (typeof CODES)[number]) ? CAN_FAIL[fault]! : everyCall
  return calls.filter(can).map(({ index }) => ({ n: index, fault, forGood }))
}

function decide({ n, fault, forGood }: Plan): (call: Call) => Fault {
  return (call) => {
    if (call.index === n) return fault
    if (!forGood || call.index < n) return undefined
    const later = fault === 'torn' ? 'ENOSPC' : fault
    return CAN_FAIL[later]!(call) ? later : undefined
  }
}

/**
 * The workload and a first recovery, both with calls that fail as planned; then the disk is mended, everything
 * must catch up, and all of it is looked at. Returns the calls that were made before the mending.
 */
export async function runPlan(plan: Plan | null): Promise<Call[]> {
  const one = new Case(plan === null ? undefined : decide(plan))
  const { pipeline, faults } = one
  try {
    await runWorkload(pipeline)
    one.assertAccounts()
    pipeline.restart(false)
    const recovered = await pipeline.recover()
    one.assertAccounts()
    const calls = [...faults.calls]
    faults.mend()
    if (!recovered) {
      await pipeline.replaceSessions()
      pipeline.replaceDrain()
      pipeline.restart(false)
      await one.recover()
      one.assertAccounts()
    }
    const rows = one.assertComplete()
    const { journaled, dropped } = pipeline.account
    if (journaled !== rows.length || dropped.total !== 0)
      throw new Error(`${journaled} of ${rows.length} rows`)
    return calls
  } catch (cause) {
    const call = plan === null ? undefined : faults.calls[plan.n]
    throw new Error(`${JSON.stringify(plan)} (${call?.name} ${call?.path}): ${(cause as Error).message}`, {
      cause,
    })
  } finally {
    one.remove()
  }
}

/** All plans, or as many as fit the time of a CI run, drawn by the seed. */
export function sampled<T>(plans: readonly T[], limit: number, seed: number): readonly T[] {
  if (countFromEnv('OFFSTEP_FAULT_ALL', 0) > 0 || plans.length <= limit) return plans
  const random = seededRandom(seed)
  return plans
    .map((plan) => ({ plan, key: random() }))
    .sort((a, b) => a.key - b.key)
    .slice(0, limit)
    .map(({ plan }) => plan)
}
