import { expect, test, vi } from 'vitest'
import { countFromEnv } from '../support/random.js'
import { PowerSinks } from './support/power-sinks.js'

/** The machine's boot: another one after each power cut. */
const boot = vi.hoisted(() => ({ number: 0 }))
vi.mock('../../src/store/boot-id.js', () => ({ bootId: () => `boot ${boot.number}` }))

const SEEDS = countFromEnv('OFFSTEP_POWER_SINK_SEEDS', 1000)
const FIRST = countFromEnv('OFFSTEP_POWER_FIRST', 1)

test(`after power cuts, fresh sessions bring every row to each sink exactly once (${SEEDS} seeds from ${FIRST})`, async () => {
  let delivered = 0
  for (let seed = FIRST; seed < FIRST + SEEDS; seed++) {
    try {
      delivered += await new PowerSinks(seed, () => boot.number++).run()
    } catch (error) {
      const again = `OFFSTEP_POWER_FIRST=${seed} OFFSTEP_POWER_SINK_SEEDS=1`
      if (error instanceof Error) error.message = `${again}: ${error.message}`
      throw error
    }
  }
  process.stdout.write(`power loss with sinks, ${SEEDS} seeds: ${delivered} rows delivered\n`)
  expect(delivered).toBeGreaterThan(0)
}, 600_000)
