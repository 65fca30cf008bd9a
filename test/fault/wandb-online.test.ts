import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { countFromEnv, seededRandom } from '../support/random.js'
import { WandbScenario } from '../support/wandb-scenario.js'
import { wandbScriptOf } from '../support/wandb-script.js'
import { startWandbServer, type WandbServer } from '../support/wandb-server/server.js'

/** Seeds are played in groups of this many: a test each would cost more than the scenario. */
const GROUP = 100
const SCENARIOS = countFromEnv('OFFSTEP_WANDB_SCENARIOS', 2000)
const FIRST = countFromEnv('OFFSTEP_WANDB_FIRST', 0)
const groups = Array.from({ length: Math.ceil(SCENARIOS / GROUP) }, (_, group) => FIRST + group * GROUP)

/** Thousands of cursors are committed: in memory, where the system has such a directory. */
const PARENT = existsSync('/dev/shm') ? '/dev/shm' : tmpdir()

let server: WandbServer
beforeAll(async () => {
  server = await startWandbServer()
})
afterAll(async () => {
  expect(server.errors).toEqual([])
  await server.stop()
})

let played = 0

async function play(seed: number): Promise<void> {
  const random = seededRandom(seed)
  const script = wandbScriptOf(random)
  const runDir = mkdtempSync(join(PARENT, 'offstep-wandb-'))
  const scenario = new WandbScenario(runDir, `run-${seed}-${played++}`, server, script, random)
  try {
    await scenario.run()
    scenario.expectExactlyOnce()
    scenario.expectNoSecrets()
  } catch (error) {
    const { steps, refused } = script
    const what = JSON.stringify({ steps, refused: [...refused], failures: scenario.failures })
    throw new Error(`seed ${seed}, ${what}`, { cause: error })
  } finally {
    rmSync(runDir, { recursive: true, force: true })
  }
}

test.for(groups)(
  'a W&B server that fails by a script has everything of a run once and in order: seeds from %d',
  { timeout: 120_000 },
  async (first) => {
    for (let seed = first; seed < Math.min(first + GROUP, FIRST + SCENARIOS); seed++) await play(seed)
  },
)

/** Seeds that found something. */
const REGRESSIONS: [number, string][] = [
  [9, 'a metric that comes in the last lines alone is in the list of defined metrics'],
  [149, 'a batch that comes again with fewer rows does not leave the older content of a saved file'],
]

test.for(REGRESSIONS)('seed %d: %s', async ([seed]) => play(seed))
