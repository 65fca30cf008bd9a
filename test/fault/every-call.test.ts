import { expect, test, vi } from 'vitest'
import { CODES, type Plan, plansOf, runPlan, sampled } from '../support/fault-plans.js'
import type { Call } from '../support/faulty-calls.js'

vi.setConfig({ testTimeout: 1_800_000 })

/** OFFSTEP_FAULT_ALL=1 takes all plans; CI takes those with EIO, and as many of the others as its time allows. */
const SEED = 1
const calls: readonly Call[] = await runPlan(null)
process.stdout.write(`pipeline workload of ${calls.length} file calls\n`)
let cases = 0

async function runAll(plans: readonly Plan[]): Promise<void> {
  for (const plan of plans) await runPlan(plan)
  cases += plans.length
}

const limitOf = (code: string, forGood: boolean): number =>
  code === 'EIO' ? Number.POSITIVE_INFINITY : forGood ? 130 : 330

test.each(CODES)(
  `whichever file call fails once with %s, each row reaches each sink once (seed ${SEED})`,
  (code) => runAll(sampled(plansOf(calls, code, false), limitOf(code, false), SEED)),
)

test.each(CODES)(
  `from whichever call on the disk fails with %s, each row reaches each sink once it is mended (seed ${SEED})`,
  (code) => runAll(sampled(plansOf(calls, code, true), limitOf(code, true), SEED)),
)

test.each([
  ['a write that takes only a part of its bytes is gone on with', 'short'],
  ['a write that takes a part, with a full disk behind it, leaves nothing that counts', 'torn'],
])('%s, whichever it is, once and for good', async (_, fault) => {
  await runAll(plansOf(calls, fault, false))
  await runAll(plansOf(calls, fault, true))
})

test('what an fsync that fails has lost is written again, whichever it is', () =>
  runAll(plansOf(calls, 'lost', false)))

test('at least 3,000 cases were run', () => {
  process.stdout.write(`${cases} cases\n`)
  expect(cases).toBeGreaterThanOrEqual(3000)
})
