/**
 * kill -9 of a process with a run: at named points of its file calls and at random moments, with 1 to 4 producers;
 * and of the recovery after it. `OFFSTEP_KILL_CYCLES` (default 200) chooses how often. A seed chooses everything:
 * `OFFSTEP_KILL_SEED=<seed> OFFSTEP_KILL_CYCLES=1` does it again.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, type TestContext, test, vi } from 'vitest'
import { findRuns, RunAliveError, recoverRun } from '../../dist/src/runs.js'
import { temporaryDirectory } from '../support/directory.js'
import { type Program, startProgram } from '../support/program.js'
import { countFromEnv, seededRandom } from '../support/random.js'
import { contentsOf, countPerProducer, expectDelivered, runFile } from '../support/run-files.js'
import { until } from '../support/until.js'
import { type KillPoint, type Moment, pointAt, RECOVERY_MOMENTS, RUN_MOMENTS } from './support/kill-points.js'

const CYCLES = countFromEnv('OFFSTEP_KILL_CYCLES', 200)
const SEED = countFromEnv('OFFSTEP_KILL_SEED', Date.now() % 1_000_000)

// Each cycle is two or three processes, which mostly start and wait. A sink of a busy machine gives way to training: it
// may take long to come to its point.
vi.setConfig({ maxConcurrency: 3, testTimeout: 240_000 })

interface Cycle {
  readonly seed: number
  readonly name: string
  readonly moment: Moment | null
  readonly when: KillPoint['when']
}

/** `count` cycles, one after the other: every point of `moments`, then the random ones, then from the beginning. */
function cyclesOf(moments: readonly Moment[], count: number, randoms: number): Cycle[] {
  const named = moments.flatMap((moment) =>
    moment.whens.map((when) => ({ name: `${when} ${moment.name}`, moment, when })),
  )
  const random = { name: 'a random moment', moment: null, when: 'before' } as const
  const round = [...named, ...Array.from({ length: randoms }, () => random)]
  return Array.from({ length: count }, (_, i) => ({ ...round[(SEED + i) % round.length]!, seed: SEED + i }))
}

/** Counts per producer that the last complete line of the program confirmed. */
function confirmed(stdout: string): number[] {
  const lines = stdout.slice(0, stdout.lastIndexOf('\n') + 1).match(/^confirmed .*$/gm) ?? []
  return (lines.at(-1)?.slice('confirmed '.length).split(',') ?? []).map(Number)
}

class Case {
  readonly random: () => number
  readonly dir: string
  readonly runDir: string
  readonly #onFinished: TestContext['onTestFinished']

  constructor(seed: number, { onTestFinished }: TestContext) {
    this.random = seededRandom(seed)
    this.#onFinished = onTestFinished
    this.dir = temporaryDirectory(onTestFinished)
    this.runDir = join(this.dir, 'default', 'child')
  }

  /** Starts a run that dies at `point`, or lives on where there is none. */
  train(moment: Moment | null, point: KillPoint | null): Program {
    const { picky = this.random() < 0.2, finishAfter, renewMs = 5000 } = moment ?? {}
    const { producers = 1 + Math.floor(this.random() * 4) } = moment ?? {}
    const args = [JSON.stringify({ producers, picky, finishAfter })]
    const env = {
      OFFSTEP_KILL_POINT: point === null ? '' : JSON.stringify(point),
      OFFSTEP_RENEW_MS: `${renewMs}`,
    }
    return startProgram('kill/train.mjs', { args, dir: this.dir, env, onFinished: this.#onFinished })
  }

  recover(point: KillPoint | null): Program {
    const env = { OFFSTEP_KILL_POINT: point === null ? '' : JSON.stringify(point) }
    const { dir, runDir } = this
    return startProgram('kill/recover.mjs', { args: [runDir], dir, env, onFinished: this.#onFinished })
  }

  /** Recovers to the end: what was confirmed is kept, each sink has each row once, and once more changes nothing. */
  async expectRecovered(kept: readonly number[], status = 'crashed'): Promise<void> {
    const { dir, runDir } = this
    if (!existsSync(join(runDir, 'run.json'))) {
      expect(kept).toEqual([])
      expect(findRuns(dir)).toEqual([])
      return
    }
    const report = await recoverRun(runDir)
    expect(report.failed).toEqual({})
    const counts = countPerProducer(expectDelivered(runDir))
    for (const [producer, count] of kept.entries()) {
      expect(counts[producer] ?? 0, `producer ${producer}`).toBeGreaterThanOrEqual(count)
    }
    const journaled = counts.reduce((sum, count) => sum + count, 0)
    expect(report).toMatchObject({ status, journaled, complete: true })
    for (const { delivered, deadLettered, notApplicable, pending } of Object.values(report.sinks)) {
      expect({ settled: delivered + deadLettered + notApplicable, pending }).toEqual({
        settled: journaled,
        pending: 0,
      })
    }
    expect(runFile(runDir)).toMatchObject({ status, records: { journaled } })
    const before = contentsOf(runDir)
    await recoverRun(runDir)
    expect(contentsOf(runDir)).toEqual(before)
  }
}

/** The process died at its point, and by nothing else. */
async function expectKilledAt({ when, call, nth }: KillPoint, program: Program): Promise<void> {
  expect(await program.ended, program.stderr).toEqual({ code: null, signal: 'SIGKILL' })
  expect(program.stdout).toContain(`killed at ${when} ${call} ${nth}\n`)
}

/** A random moment, not a wait for something: no assertion depends on how long it takes. */
const afterMs = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

const RECOVERY_CYCLES = Math.ceil(CYCLES * 0.3)
const RUN_CYCLES = Math.max(1, CYCLES - RECOVERY_CYCLES)

describe('kill -9 of the process', () => {
  test.concurrent.for(cyclesOf(RUN_MOMENTS, RUN_CYCLES, 20))(
    '$name: what was confirmed is kept, and each sink gets each record once (seed $seed)',
    async ({ seed, moment, when }, context) => {
      const it = new Case(seed, context)
      const point = moment === null ? null : pointAt(moment, when, it.random)
      const program = it.train(moment, point)
      if (point !== null) await expectKilledAt(point, program)
      else await killSomeTime(program, it.random)
      // Now and then the recovery is killed too, at any moment.
      if (it.random() < 0.3 && existsSync(join(it.runDir, 'run.json'))) {
        const recovery = it.recover(null)
        await recovery.waitFor('begins')
        await afterMs(it.random() * 60)
        recovery.kill('SIGKILL')
        await recovery.ended
      }
      await it.expectRecovered(confirmed(program.stdout), moment?.status?.[when])
    },
  )

  test.concurrent('a run whose process lives is left alone', async (context) => {
    const it = new Case(SEED, context)
    const program = it.train(null, null)
    await until('a record is confirmed', () => confirmed(program.stdout).length > 0)
    await expect(recoverRun(it.runDir)).rejects.toThrow(RunAliveError)
  })
})

describe('kill -9 of the recovery after a kill -9', () => {
  test.concurrent.for(cyclesOf(RECOVERY_MOMENTS, RECOVERY_CYCLES, 0))(
    '$name: the next recovery completes the run (seed $seed)',
    async ({ seed, moment, when }, context) => {
      const it = new Case(seed, context)
      const from = moment!.from!
      const program = it.train(moment, from)
      await expectKilledAt(from, program)
      const point = pointAt(moment!, when, it.random)
      await expectKilledAt(point, it.recover(point))
      await it.expectRecovered(confirmed(program.stdout))
    },
  )
})

/** Now and then so early that the tracker is only starting. */
async function killSomeTime(program: Program, random: () => number): Promise<void> {
  const early = random() < 0.2
  if (!early) await until('a record is confirmed', () => confirmed(program.stdout).length > 0)
  await afterMs(random() * (early ? 250 : 600))
  program.kill('SIGKILL')
  await program.ended
}
