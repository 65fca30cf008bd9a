/** Each file call of a save fails, or is the last one of its process. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { openCheckpoints } from '../../src/checkpoint/read/checkpoints.js'
import type { CheckpointRequest } from '../../src/checkpoint/request.js'
import type { CheckpointCompression, CheckpointRetention } from '../../src/checkpoint/types.js'
import { type SavedCheckpoint, writeCheckpoint } from '../../src/checkpoint/write/write-checkpoint.js'
import { KEEP_ALL, requestOf } from '../support/checkpoint-maker.js'
import { type Call, Died, type Fault, FaultyCalls } from '../support/faulty-calls.js'

const FIRST = 3
/** Where syncs cost nothing: the calls are the same. */
const DISK = existsSync('/dev/shm') ? '/dev/shm' : tmpdir()
const RETENTION: CheckpointRetention = { ...KEEP_ALL, keepLast: 1, keepBest: 1, metric: 'loss', mode: 'max' }

/** Of a checkpoint that is being written. */
const TEMPORARY = /^checkpoints\/\.step_[^/]*\.tmp$/

interface Scenario {
  readonly name: string
  readonly step: number
  readonly compression: CheckpointCompression
}

const SCENARIOS: readonly Scenario[] = [
  { name: 'of a new step', step: FIRST + 1, compression: 'none' },
  { name: 'of a new step, compressed', step: FIRST + 1, compression: 'gzip' },
  { name: 'of a step that is there', step: FIRST, compression: 'none' },
]

/** A run with two checkpoints, of which the next save may delete one. */
class Case {
  readonly directory = mkdtempSync(join(DISK, 'offstep-checkpoint-'))
  readonly runDir = join(this.directory, 'run')
  readonly faults: FaultyCalls
  decide: (call: Call) => Fault = () => undefined
  readonly #scenario: Scenario

  private constructor(scenario: Scenario) {
    this.#scenario = scenario
    mkdirSync(join(this.directory, 'source/sub'), { recursive: true })
    writeFileSync(join(this.directory, 'source/sub/notes'), 'words')
    this.faults = new FaultyCalls(this.runDir, (call) => this.decide(call))
  }

  static async begin(scenario: Scenario): Promise<Case> {
    const one = new Case(scenario)
    mkdirSync(one.runDir)
    for (const step of [FIRST - 1, FIRST]) await one.save(requestOf(step, { metadata: { save: 'first' } }))
    return one
  }

  save(request: CheckpointRequest): Promise<SavedCheckpoint> {
    const { compression } = this.#scenario
    return writeCheckpoint({ runDir: this.runDir, request, retention: RETENTION, compression })
  }

  saveAgain(): Promise<SavedCheckpoint> {
    const { tensorFiles, jsonFiles } = requestOf(this.#scenario.step).content
    const files = [{ path: null, source: join(this.directory, 'source') }]
    const content = { tensorFiles, jsonFiles, files }
    return this.save(requestOf(this.#scenario.step, { metadata: { save: 'second' }, content }))
  }

  get hidden(): string[] {
    return readdirSync(join(this.runDir, 'checkpoints')).filter((name) => name.startsWith('.'))
  }

  /** Which save the newest good checkpoint is of; all that it holds is looked at. */
  async newest(): Promise<[step: number, save: unknown] | null> {
    const reader = openCheckpoints(this.runDir)
    const latest = reader.latest()
    expect(reader.problems).toEqual([])
    if (latest === null) return null
    const loaded = await reader.load(latest)
    const [expected] = requestOf(latest.step).content.tensorFiles
    for (const { name, data } of expected!.tensors) {
      expect(Buffer.compare(loaded.tensors('model.safetensors').get(name)!.data, data)).toBe(0)
    }
    return [latest.step, latest.metadata.save]
  }

  remove(): void {
    this.faults.remove()
    rmSync(this.directory, { recursive: true, force: true })
  }
}

/** The file calls of a save that nothing disturbs. */
async function callsOf(scenario: Scenario): Promise<Call[]> {
  const one = await Case.begin(scenario)
  const before = one.faults.calls.length
  await one.saveAgain()
  const calls = one.faults.calls.slice(before)
  one.remove()
  return calls.map((call, index) => ({ ...call, index }))
}

/** Runs the save with a fault at its n-th call, or from it on, and looks at what is left. */
async function withFault(
  scenario: Scenario,
  decide: (call: Call, index: number) => Fault,
  look: (one: Case, result: SavedCheckpoint | Error) => unknown,
): Promise<void> {
  const one = await Case.begin(scenario)
  const before = one.faults.calls.length
  one.decide = (call) => decide(call, call.index - before)
  try {
    const result = await one.saveAgain().catch((error: Error) => error)
    one.faults.bury()
    one.faults.mend()
    await look(one, result)
  } finally {
    one.remove()
  }
}

const OLD = [FIRST, 'first']

test.each(SCENARIOS)(
  'whichever write of a save $name fails with ENOSPC, it is whole or leaves nothing',
  async (scenario) => {
    const calls = (await callsOf(scenario)).filter(({ writes }) => writes)
    let refused = 0
    for (const { index: at, name, path } of calls) {
      for (const forGood of [false, true]) {
        const fails = (call: Call, index: number) => index === at || (forGood && index > at && call.writes)
        await withFault(
          scenario,
          (call, index) => (fails(call, index) ? 'ENOSPC' : undefined),
          async (one, result) => {
            const what = `${name} ${path} ${forGood}`
            if (result instanceof Error) {
              refused++
              expect(result, what).toMatchObject({ code: 'OFFSTEP_CHECKPOINT', retryable: true })
              expect(result.message, what).toMatch(/ENOSPC.*free some space/)
              expect(await one.newest(), what).toEqual(OLD)
              if (!forGood) expect(existsSync(join(one.runDir, `checkpoints/step_${FIRST}`)), what).toBe(true)
            } else expect(await one.newest(), what).toEqual([scenario.step, 'second'])
            expect(
              one.hidden.filter((hidden) => hidden.endsWith('.tmp')),
              what,
            ).toEqual([])
            expect(one.faults.open, what).toEqual([])
            expect(await one.saveAgain(), what).toMatchObject({ problems: [] })
            expect(await one.newest(), what).toEqual([scenario.step, 'second'])
            expect(
              readdirSync(join(one.runDir, 'checkpoints')).filter((each) => /^step_/.test(each)).length,
            ).toBeLessThan(4)
          },
        )
      }
    }
    process.stdout.write(`${calls.length} writes, ${refused} saves refused\n`)
    expect(refused).toBeGreaterThan(calls.length)
  },
)

test.each(SCENARIOS.filter(({ compression }) => compression === 'none'))(
  'whichever file call of a save $name its process does not live to make, the newest loads',
  async (scenario) => {
    const calls = await callsOf(scenario)
    for (const { index: at, name, path } of calls) {
      await withFault(
        scenario,
        (_, index) => (index === at ? 'dies-before' : undefined),
        async (one, result) => {
          const what = `${name} ${path}`
          const found = await one.newest()
          // Once it could be told that it is saved, it is.
          if (!(result instanceof Error)) expect(found, what).toEqual([scenario.step, 'second'])
          else expect([OLD, [scenario.step, 'second']], what).toContainEqual(found)
          await one.save(requestOf(scenario.step + 1))
          expect(await one.newest(), what).toEqual([scenario.step + 1, undefined])
        },
      )
    }
    process.stdout.write(`${calls.length} file calls\n`)
    expect(calls.length).toBeGreaterThan(30)
  },
)

test.each(SCENARIOS)(
  'a save $name is on the disk, with all its names, before it has its own',
  async (scenario) => {
    const calls = await callsOf(scenario)
    const named = calls.findIndex(({ name, path }) => name === 'renameSync' && TEMPORARY.test(path))
    const temporary = calls[named]!.path
    const inside = calls.slice(0, named).filter(({ path }) => path.startsWith(temporary))
    const changed = inside.filter(({ writes }) => writes)
    const paths = new Set(
      changed.flatMap(({ path }) => (path === temporary ? [path] : [path, dirname(path)])),
    )
    expect(paths.size).toBeGreaterThan(5)
    for (const path of paths) {
      const last = changed.findLast((call) => call.path === path || dirname(call.path) === path)!
      const synced = inside.findLast((call) => call.name === 'fsyncSync' && call.path === path)
      expect(synced?.index, `${path} is synced`).toBeGreaterThan(last.index)
    }
    const after = calls.slice(named + 1).find(({ name }) => name === 'fsyncSync')
    expect(after?.path).toBe('checkpoints')
  },
)

test('an error of the disk is told with the call that failed, and a later save goes on', async () => {
  const scenario = SCENARIOS[0]!
  const calls = (await callsOf(scenario)).filter(({ name }) => name === 'fsyncSync' || name === 'writeSync')
  for (const { index: at, name } of calls) {
    await withFault(
      scenario,
      (_, index) => (index === at ? 'EIO' : undefined),
      async (one, result) => {
        if (result instanceof Error) {
          expect(result).not.toBeInstanceOf(Died)
          expect(result.message).toMatch(new RegExp(`EIO in ${name}\\): check the disk`))
        }
        expect(await one.saveAgain()).toMatchObject({ problems: [] })
        expect(await one.newest()).toEqual([scenario.step, 'second'])
      },
    )
  }
})
