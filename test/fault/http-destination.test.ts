import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, test } from 'vitest'
import { HttpDestination } from '../support/http-destination.js'
import { HttpScenario } from '../support/http-scenario.js'
import { scriptOf } from '../support/http-script.js'
import { countFromEnv, seededRandom } from '../support/random.js'

/** Seeds are played in groups of this many: a test each would cost more than the scenario. */
const GROUP = 100
const SCENARIOS = countFromEnv('OFFSTEP_HTTP_SCENARIOS', 2000)
const FIRST = countFromEnv('OFFSTEP_HTTP_FIRST', 0)
const groups = Array.from({ length: Math.ceil(SCENARIOS / GROUP) }, (_, group) => FIRST + group * GROUP)

const destination = new HttpDestination()
beforeAll(async () => {
  process.env.LINES_KEY = HttpDestination.key
  await destination.start()
})
afterAll(() => destination.stop())

/** Thousands of cursors are committed: in memory, where the system has such a directory. */
const PARENT = existsSync('/dev/shm') ? '/dev/shm' : tmpdir()

async function play(seed: number): Promise<void> {
  const script = scriptOf(seededRandom(seed))
  const runDir = mkdtempSync(join(PARENT, 'offstep-http-'))
  const scenario = new HttpScenario(runDir, destination, script)
  try {
    await scenario.run()
    await scenario.expectExactlyOnce()
    scenario.expectBoundedRequests()
  } catch (error) {
    throw new Error(`seed ${seed}, ${JSON.stringify(script.steps)}`, { cause: error })
  } finally {
    rmSync(runDir, { recursive: true, force: true })
  }
}

test.for(groups)(
  'a server that fails by a script gets every row once, and none again: seeds from %d',
  {
    timeout: 120_000,
  },
  async (first) => {
    for (let seed = first; seed < Math.min(first + GROUP, FIRST + SCENARIOS); seed++) await play(seed)
  },
)

/** Seeds that found something. */
const REGRESSIONS: [number, string][] = [
  [2804, 'a sink that is let go while its request still waits for a connection leaves none open'],
]

test.for(REGRESSIONS)('seed %d: %s', async ([seed]) => play(seed))
