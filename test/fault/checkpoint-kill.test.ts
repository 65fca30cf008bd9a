/**
 * kill -9 of a process that saves checkpoints, at random moments: `OFFSTEP_CHECKPOINT_KILLS` (default 40) chooses how
 * often, `OFFSTEP_CHECKPOINT_SEED` does one series again.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { type Checkpoints, openCheckpoints } from '../../dist/src/checkpoint/index.js'
import { temporaryDirectory } from '../support/directory.js'
import { type Program, startProgram } from '../support/program.js'
import { countFromEnv, seededRandom } from '../support/random.js'
import { until } from '../support/until.js'

const KILLS = countFromEnv('OFFSTEP_CHECKPOINT_KILLS', 40)
const SEED = countFromEnv('OFFSTEP_CHECKPOINT_SEED', Date.now() % 1_000_000)
const SAVER = join(import.meta.dirname, '../support/checkpoint-saver.mjs')
const ELEMENTS = 20_000

vi.setConfig({ testTimeout: 60_000 + KILLS * 3000 })

interface Saver {
  readonly runDir: string
  readonly steps: readonly number[]
  readonly keepLast?: number
  readonly compressions?: readonly string[]
}

function startSaver({
  runDir,
  steps,
  keepLast = 3,
  compressions = ['none', 'gzip', 'brotli'],
}: Saver): Program {
  const args = [JSON.stringify({ runDir, steps, keepLast, compressions, elements: ELEMENTS })]
  return startProgram(SAVER, { args, dir: runDir })
}

/** Steps whose saves have resolved, in that order. */
const confirmed = ({ stdout }: Program): number[] =>
  [...stdout.matchAll(/^saved (\d+)$/gm)].map(([, step]) => Number(step))

async function expectAsSaved(checkpoints: Checkpoints, path: string, step: number): Promise<void> {
  const loaded = await checkpoints.load({ path })
  const { data } = loaded.tensors('model.safetensors').get('weights')!
  const weights = Float32Array.from({ length: ELEMENTS }, (_, i) => step + (i % 1024) / 1024)
  expect(Buffer.compare(data, new Uint8Array(weights.buffer))).toBe(0)
  expect(loaded.json('model.json')).toEqual({ step })
  expect(loaded.state).toEqual({ step })
  expect(readFileSync(loaded.file('checkpoint-saver.mjs')).equals(readFileSync(SAVER))).toBe(true)
}

/** A process that is killed at once has not made the directory yet. */
function hiddenIn(runDir: string): string[] {
  const directory = join(runDir, 'checkpoints')
  return existsSync(directory) ? readdirSync(directory).filter((name) => name.startsWith('.')) : []
}

test(`the newest checkpoint loads and is what was saved after each of ${KILLS} kills (seed ${SEED})`, async () => {
  const random = seededRandom(SEED)
  const runDir = temporaryDirectory()
  let newest = -1
  let amidSave = 0
  for (let kill = 0; kill < KILLS; kill++) {
    // The step that is there is saved again: then the old one must be there until the new one is.
    const first = Math.max(0, newest)
    const saver = startSaver({ runDir, steps: Array.from({ length: 1000 }, (_, i) => first + i) })
    const after = Math.floor(random() * 4)
    await until('it saves', () => saver.stdout.includes('ready') && confirmed(saver).length >= after, {
      everyMs: 1,
    })
    const delayed = performance.now() + random() * 12
    await until('the moment comes', () => performance.now() >= delayed, { everyMs: 0 })
    saver.kill('SIGKILL')
    expect(await saver.ended, saver.stderr).toEqual({ code: null, signal: 'SIGKILL' })
    const told = confirmed(saver).at(-1) ?? newest
    if (hiddenIn(runDir).length > 0) amidSave++
    const checkpoints = openCheckpoints(runDir)
    const latest = checkpoints.latest()
    expect(checkpoints.problems).toEqual([])
    expect(latest?.step ?? -1).toBeGreaterThanOrEqual(told)
    for (const { path, step } of checkpoints.list()) await expectAsSaved(checkpoints, path, step)
    newest = latest?.step ?? -1
  }
  process.stdout.write(`${KILLS} kills, ${amidSave} of them amid a save, up to step ${newest}\n`)
  expect(amidSave).toBeGreaterThan(KILLS / 10)
  const last = startSaver({ runDir, steps: [newest + 1] })
  expect(await last.ended, last.stderr).toEqual({ code: 0, signal: null })
  // What the dead have left is gone.
  expect(hiddenIn(runDir)).toEqual([])
  expect(openCheckpoints(runDir).list().length).toBeLessThanOrEqual(4)
})

test('two processes that save the same steps and others end with whole checkpoints and a right registry', async () => {
  const runDir = temporaryDirectory()
  const count = 30
  const ascending = Array.from({ length: count }, (_, i) => i)
  const common = { runDir, keepLast: 1000, compressions: ['none'] }
  const savers = [
    startSaver({ ...common, steps: ascending }),
    startSaver({
      ...common,
      steps: [...ascending].reverse().map((step) => (step % 3 === 0 ? step : step + count)),
    }),
    startSaver({ ...common, steps: Array.from({ length: count }, () => 5) }),
  ]
  for (const saver of savers) expect(await saver.ended, saver.stderr).toEqual({ code: 0, signal: null })
  const steps = new Set(savers.flatMap(confirmed))
  const checkpoints = openCheckpoints(runDir)
  expect(checkpoints.list().map(({ step }) => step)).toEqual([...steps].sort((a, b) => a - b))
  for (const { path, step } of checkpoints.list()) await expectAsSaved(checkpoints, path, step)
  expect(checkpoints.problems).toEqual([])
  expect(hiddenIn(runDir)).toEqual([])
  const link = readFileSync(join(runDir, 'checkpoints/latest/checkpoint.json'), 'utf8')
  expect(JSON.parse(link)).toMatchObject({ step: Math.max(...steps) })
  expect(checkpoints.best()?.step).toBe(8)
})

test('two processes that keep three each delete what neither wants, and a reader meanwhile always finds a good one', async () => {
  const runDir = temporaryDirectory()
  const steps = Array.from({ length: 40 }, (_, i) => i)
  const savers = [0, 1].map((odd) =>
    startSaver({ runDir, steps: steps.map((step) => 2 * step + odd), keepLast: 3 }),
  )
  await until('there is one', () => savers.some((saver) => confirmed(saver).length > 0), { everyMs: 1 })
  const reader = openCheckpoints(runDir)
  let found = 0
  while (savers.some(({ running }) => running)) {
    expect(reader.latest()).not.toBe(null)
    found++
    await new Promise(setImmediate)
  }
  for (const saver of savers) expect(await saver.ended, saver.stderr).toEqual({ code: 0, signal: null })
  expect(reader.problems).toEqual([])
  expect(found).toBeGreaterThan(0)
  const left = reader.list().map(({ step }) => step)
  expect(left.slice(-3)).toEqual([77, 78, 79])
  for (const { path, step } of reader.list()) await expectAsSaved(reader, path, step)
  expect(hiddenIn(runDir)).toEqual([])
})
