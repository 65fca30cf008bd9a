import { expect, test, vi } from 'vitest'
import { CODES } from '../support/fault-plans.js'
import type { Call, Fault } from '../support/faulty-calls.js'
import { Case, finish, randomStep } from '../support/pipeline-workload.js'
import { countFromEnv, seededRandom } from '../support/random.js'

vi.setConfig({ testTimeout: 1_800_000 })

const SEEDS = countFromEnv('OFFSTEP_FAULT_SEEDS', 200)

/** Times in which calls fail, one in a few or all of them, and times in which none does. */
function weather(random: () => number): (call: Call) => Fault {
  let left = 0
  let share = 0
  return ({ name }) => {
    if (left-- <= 0) {
      left = Math.floor(random() * 120)
      share = random() < 0.5 ? 0 : random() ** 2
    }
    if (random() >= share) return undefined
    const draw = Math.floor(random() * (CODES.length + 2))
    if (draw === CODES.length) return name === 'writeSync' ? 'short' : undefined
    if (draw > CODES.length) return name === 'writeSync' || name === 'writeFileSync' ? 'torn' : undefined
    return CODES[draw]
  }
}

test(`whatever fails, and however often, each row that was accepted reaches each sink once (${SEEDS} seeds)`, async () => {
  let faults = 0
  let dropped = 0
  for (let seed = 1; seed <= SEEDS; seed++) {
    const random = seededRandom(seed)
    const decide = weather(random)
    const count = (call: Call): Fault => {
      const fault = decide(call)
      if (fault !== undefined) faults++
      return fault
    }
    const one = new Case(count, { ringBytes: 4096 })
    const { pipeline } = one
    try {
      pipeline.begin()
      for (let step = 0; step < 80; step++) {
        await randomStep(pipeline, random, step)
        one.assertAccounts()
      }
      await finish(pipeline)
      one.faults.mend()
      pipeline.restart(false)
      await one.recover()
      one.assertAccounts()
      expect(one.assertComplete()).toHaveLength(pipeline.journaled)
      dropped += pipeline.account.dropped.total
    } catch (cause) {
      throw new Error(`seed ${seed}: ${(cause as Error).message}`, { cause })
    } finally {
      one.remove()
    }
  }
  process.stdout.write(`${faults} faults, ${dropped} rows dropped for want of room\n`)
  expect(faults).toBeGreaterThan(10 * SEEDS)
  expect(dropped).toBeGreaterThan(0)
})
