import assert from 'node:assert/strict'
import { test, vi } from 'vitest'
import { Case, finish, randomStep } from '../support/pipeline-workload.js'
import { countFromEnv, seededRandom } from '../support/random.js'

vi.setConfig({ testTimeout: 900_000 })

const SEEDS = countFromEnv('OFFSTEP_CLOCK_SEEDS', 150)
const HOUR = 3_600_000

/** Where a clock may be set to: some hours off, back to 1970, far ahead. */
function jump(clock: number, random: () => number): number {
  const draw = random()
  if (draw < 0.02) return Math.floor(random() * 1000)
  if (draw < 0.04) return 4_000_000_000_000
  if (draw < 0.5) return clock
  return Math.max(0, Math.round(clock + (random() - 0.5) * 100 * HOUR))
}

test(`with a clock that jumps by hours between any two steps, each row reaches each sink once, in order (${SEEDS} seeds)`, async () => {
  for (let seed = 1; seed <= SEEDS; seed++) {
    const random = seededRandom(seed)
    const one = new Case()
    try {
      const { pipeline } = one
      pipeline.begin()
      for (let step = 0; step < 60; step++) {
        pipeline.clock = jump(pipeline.clock, random)
        await randomStep(pipeline, random, step)
      }
      await finish(pipeline)
      pipeline.clock = jump(pipeline.clock, random)
      pipeline.restart(false)
      await one.recover()
      one.assertAccounts()
      one.assertComplete()
      assert.equal(pipeline.rebuilds, 0, 'no sink lost its way')
    } catch (cause) {
      throw new Error(`seed ${seed}: ${(cause as Error).message}`, { cause })
    } finally {
      one.remove()
    }
  }
})
