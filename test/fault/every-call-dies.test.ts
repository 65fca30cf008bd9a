import assert from 'node:assert/strict'
import { expect, test, vi } from 'vitest'
import { type Call, Died, type Fault } from '../support/faulty-calls.js'
import { Case, runWorkload } from '../support/pipeline-workload.js'
import { countFromEnv, seededRandom } from '../support/random.js'

vi.setConfig({ testTimeout: 900_000 })

async function survive(work: () => Promise<unknown>): Promise<void> {
  try {
    await work()
  } catch (error) {
    if (!(error instanceof Died)) throw error
  }
}

/** The workload and a recovery, up to a death. Returns the calls. */
async function live({ pipeline, faults }: Case): Promise<Call[]> {
  await survive(async () => {
    await runWorkload(pipeline)
    pipeline.restart(false)
    await pipeline.recover()
  })
  return [...faults.calls]
}

type Death = 'dies-before' | 'dies-after'

/**
 * The process dies at the n-th file call, and all of its memory with it; others recover, of which each dies after
 * so many calls of its own, until one does not. Returns how many rows the journal has.
 */
async function dieAt(n: number, when: Death, later: readonly number[] = []): Promise<number> {
  let fatal = n
  const one = new Case(({ index }): Fault => (index === fatal ? when : undefined))
  const { pipeline, faults } = one
  try {
    await live(one)
    assert(faults.dead, 'it died')
    const { journaled } = pipeline.account
    for (const calls of later) {
      fatal = faults.bury() + calls
      pipeline.restart(true)
      await survive(() => pipeline.recover())
    }
    fatal = -1
    faults.bury()
    pipeline.restart(true)
    await one.recover()
    const rows = one.assertComplete()
    assert(rows.length >= journaled, `the journal has ${rows.length} of ${journaled} journaled rows`)
    return rows.length
  } catch (cause) {
    const { name, path } = faults.calls[n]!
    const where = `${when} call ${n} (${name} ${path}), then after ${later.join(', ')} calls`
    throw new Error(`${where}: ${(cause as Error).message}`, { cause })
  } finally {
    one.remove()
  }
}

const healthy = new Case()
const calls = await live(healthy)
const total = healthy.assertComplete().length
healthy.remove()

test('the process may die at any of more than 500 points', () => {
  process.stdout.write(`${calls.length} file calls to die before and after\n`)
  expect(calls.length * 2).toBeGreaterThan(500)
})

test.each([
  ['before', 'dies-before'],
  ['after', 'dies-after'],
] as const)(
  'a process that dies %s any file call leaves every journaled row, and each reaches each sink once',
  async (_, when) => {
    let most = 0
    for (let n = 0; n < calls.length; n++) {
      const rows = await dieAt(n, when)
      // What the journal has taken is never taken back.
      expect(rows).toBeGreaterThanOrEqual(most)
      most = rows
    }
    expect(most).toBe(total)
  },
)

const CHAINS = countFromEnv('OFFSTEP_DEATH_CHAINS', 200)

test(`recoveries that die like the run before them leave it to the next (${CHAINS} seeds)`, async () => {
  for (let seed = 1; seed <= CHAINS; seed++) {
    const random = seededRandom(seed)
    const below = (limit: number) => Math.floor(random() * limit)
    const later = Array.from({ length: 1 + below(4) }, () => below(150))
    await dieAt(below(calls.length), below(2) === 0 ? 'dies-before' : 'dies-after', later)
  }
})
