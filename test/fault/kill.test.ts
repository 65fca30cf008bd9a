/**
 * kill -9 at random moments: of the process while it logs, of the recovery after it, and of each thread alone.
 * `OFFSTEP_KILL_CYCLES` (default 12) and `OFFSTEP_KILL_SEED` choose how often and which moments.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { describe, expect, test } from 'vitest'
import { type FlushResult, init, RunAliveError, recoverRun } from '../../dist/src/index.js'
import type { LiveRun } from '../../dist/src/run/live-run.js'
import { temporaryDirectory } from '../support/directory.js'
import { startProgram } from '../support/program.js'
import { countFromEnv, seededRandom } from '../support/random.js'
import { countPerProducer, expectDelivered, journalRows, runFile } from '../support/run-files.js'
import { until } from '../support/until.js'

const CYCLES = countFromEnv('OFFSTEP_KILL_CYCLES', 12)
const SEED = countFromEnv('OFFSTEP_KILL_SEED', Date.now() % 1_000_000)

/** Counts per producer that the last complete line of the program confirmed. */
function confirmed(stdout: string): number[] {
  const lines = stdout.slice(0, stdout.lastIndexOf('\n') + 1).match(/^confirmed .*$/gm) ?? []
  return (lines.at(-1)?.slice('confirmed '.length).split(',') ?? []).map(Number)
}

describe('kill -9 of the process', () => {
  test.for(Array.from({ length: CYCLES }, (_, cycle) => SEED + cycle))(
    'what was confirmed is kept, and recovery, killed once itself, delivers each record once (seed %i)',
    { timeout: 60_000 },
    async (seed) => {
      const random = seededRandom(seed)
      const dir = temporaryDirectory()
      const runDir = join(dir, 'default', 'child')
      const program = startProgram('kill/train.mjs', { args: [1 + Math.floor(random() * 3)], dir })
      // Now and then so early that the tracker is only starting.
      const early = random() < 0.15
      if (!early) await until('a record is confirmed', () => confirmed(program.stdout).length > 0)
      await afterMs(random() * (early ? 250 : 900))
      program.kill('SIGKILL')
      await program.ended
      const kept = confirmed(program.stdout)
      if (!existsSync(join(runDir, 'run.json'))) {
        expect(kept).toEqual([])
        return
      }
      const recovery = startProgram('kill/recover.mjs', { args: [runDir], dir })
      await recovery.waitFor('begins')
      await afterMs(random() * 120)
      recovery.kill('SIGKILL')
      await recovery.ended

      const report = await recoverRun(runDir)
      expect(report.failed).toEqual({})
      const counts = countPerProducer(expectDelivered(runDir))
      for (const [producer, count] of kept.entries()) {
        expect(counts[producer] ?? 0, `producer ${producer}`).toBeGreaterThanOrEqual(count)
      }
      const journaled = counts.reduce((sum, count) => sum + count, 0)
      expect(report).toMatchObject({ status: 'crashed', journaled })
      expect(runFile(runDir)).toMatchObject({ status: 'crashed', records: { journaled } })
      // Once more changes nothing.
      await recoverRun(runDir)
      expectDelivered(runDir)
    },
  )

  test('a run whose process lives is left alone', async () => {
    const dir = temporaryDirectory()
    const program = startProgram('kill/train.mjs', { args: [1], dir })
    await until('a record is confirmed', () => confirmed(program.stdout).length > 0)
    await expect(recoverRun(join(dir, 'default', 'child'))).rejects.toThrow(RunAliveError)
  })
})

describe('one thread dies while records flow', () => {
  const kills = {
    drain: (run) => run.post({ type: 'kill-thread', pool: 'drain' }),
    deliver: (run) => run.post({ type: 'kill-thread', pool: 'deliver' }),
    daemon: (run) => void run.worker.terminate(),
  } satisfies Record<string, (run: LiveRun) => void>
  const names = Object.keys(kills) as (keyof typeof kills)[]

  test.for([...names, 'any'] as const)(
    'the %s thread, many times: nothing is lost or doubled',
    { timeout: 60_000 },
    async (which) => {
      const random = seededRandom(SEED)
      const run = init({ dir: temporaryDirectory(), git: false, handleSignals: false }) as LiveRun
      const runDir = run.dir
      const rows = 4000
      const threads = [1, 2].map(
        () =>
          new Worker(new URL('../fixtures/kill/producer.mjs', import.meta.url), {
            workerData: { handle: run.producer(), rows },
          }),
      )
      const ended = Promise.all(
        threads.map((thread) => new Promise((resolve) => thread.on('message', resolve))),
      )
      let logged = 0
      for (let killed = 0; killed < 10; killed++) {
        const target = which === 'any' ? names[Math.floor(random() * names.length)]! : which
        kills[target](run)
        for (let burst = 1 + Math.floor(random() * 40); burst > 0; burst--) {
          for (let n = 0; n < 10; n++, logged++) run.log({ value: logged }, logged)
          await afterMs(1)
          expectIdentities(run.status())
        }
      }
      await ended
      const result = await run.finish()
      expectIdentities(result)
      expect(result).toMatchObject({ accepted: logged + 2 * rows, inRing: 0, reached: true })
      expect(result.journaled + result.dropped.total).toBe(result.accepted)
      expect(journalRows(runDir).length).toBe(result.journaled)
      expect(runFile(runDir).status).toBe('completed')
      expectDelivered(runDir)
      for (const { delivered, pending } of Object.values(result.sinks)) {
        expect({ delivered, pending }).toEqual({ delivered: result.journaled, pending: 0 })
      }
    },
  )

  test('the drain dies while it is finishing', { timeout: 60_000 }, async () => {
    for (let round = 0; round < 5; round++) {
      const run = init({ dir: temporaryDirectory(), git: false, handleSignals: false }) as LiveRun
      for (let step = 0; step < 50_000; step++) run.log({ value: step }, step)
      const finished = run.finish()
      kills.drain(run)
      kills.deliver(run)
      expect(await finished).toMatchObject({ accepted: 50_000, journaled: 50_000, reached: true })
      expect(countPerProducer(journalRows(run.dir))).toEqual([50_000])
    }
  })

  test('the daemon dies while it is finishing', { timeout: 60_000 }, async () => {
    for (let round = 0; round < 5; round++) {
      const run = init({ dir: temporaryDirectory(), git: false, handleSignals: false }) as LiveRun
      for (let step = 0; step < 1000; step++) run.log({ value: step }, step)
      await run.flush()
      const finished = run.finish()
      kills.daemon(run)
      expect(await finished).toMatchObject({ accepted: 1000, journaled: 1000, reached: true })
      expectDelivered(run.dir)
      expect(runFile(run.dir).status).toBe('completed')
    }
  })
})

function expectIdentities(
  status: Pick<FlushResult, 'accepted' | 'journaled' | 'inRing' | 'dropped' | 'sinks'>,
): void {
  expect(status.journaled + status.inRing + status.dropped.total).toBe(status.accepted)
  expect(status.inRing).toBeGreaterThanOrEqual(0)
  for (const { delivered, pending, deadLettered, notApplicable } of Object.values(status.sinks)) {
    expect(delivered + pending + deadLettered + notApplicable).toBe(status.journaled)
    expect(pending).toBeGreaterThanOrEqual(0)
  }
}

/** A random moment, not a wait for something: no assertion depends on how long it takes. */
const afterMs = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
