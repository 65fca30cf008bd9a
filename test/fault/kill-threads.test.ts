/**
 * Each thread of the tracker dies alone, many times, while one to four threads log: nothing is lost or doubled.
 * `OFFSTEP_KILL_THREADS` (default 100) and `OFFSTEP_KILL_SEED` choose how many deaths, and at which moments.
 */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { describe, expect, test, vi } from 'vitest'
import { init } from '../../dist/src/index.js'
import type { LiveRun } from '../../dist/src/run/live-run.js'
import type { RunStatusReport } from '../../dist/src/run/status.js'
import { temporaryDirectory } from '../support/directory.js'
import { countFromEnv, seededRandom } from '../support/random.js'
import { countPerProducer, expectDelivered, journalRows, readJson, runFile } from '../support/run-files.js'
import { until } from '../support/until.js'

const DEATHS = countFromEnv('OFFSTEP_KILL_THREADS', 100)
const SEED = countFromEnv('OFFSTEP_KILL_SEED', Date.now() % 1_000_000)

// They mostly wait, for a successor and for its back-off.
vi.setConfig({ maxConcurrency: 4, testTimeout: 180_000 })

type Thread = 'drain' | 'deliver' | 'custom' | 'daemon'
const THREADS: readonly Thread[] = ['drain', 'deliver', 'custom', 'daemon']

const SHARES: readonly { name: string; share: number; threads: (random: () => number) => Thread[] }[] = [
  { name: 'the drain', share: 0.2, threads: () => ['drain'] },
  { name: 'the thread of the file sinks', share: 0.15, threads: () => ['deliver'] },
  { name: "a custom sink's thread", share: 0.15, threads: () => ['custom'] },
  { name: 'the daemon', share: 0.05, threads: () => ['daemon'] },
  { name: 'the daemon again', share: 0.05, threads: () => ['daemon'] },
  { name: 'the drain twice in a row', share: 0.1, threads: () => ['drain', 'drain'] },
  { name: 'the drain and the thread of the file sinks', share: 0.1, threads: () => ['drain', 'deliver'] },
  { name: 'the drain and the daemon', share: 0.05, threads: () => ['drain', 'daemon'] },
  { name: 'any of them', share: 0.15, threads: (random) => [pick(THREADS, random)] },
]

const pick = <T>(from: readonly T[], random: () => number): T => from[Math.floor(random() * from.length)]!

function kill(run: LiveRun, thread: Thread): void {
  if (thread === 'daemon') void run.worker.terminate()
  else run.post({ type: 'kill-thread', pool: thread })
}

const CUSTOM = { module: new URL('../fixtures/kill/picky.mjs', import.meta.url), name: 'picky' }

/** A run that logs from the beginning to the end of `body`, from this thread and `more` others. */
class Load {
  readonly run: LiveRun
  readonly #threads: Worker[] = []
  readonly #ended: Promise<unknown>
  readonly #rows: number
  #logged = 0
  #stopped = false

  constructor(dir: string, more: number, rows: number) {
    const sinks = ['jsonl', 'csv', 'tensorboard', CUSTOM] as const
    this.run = init({ dir, git: false, handleSignals: false, sinks }) as LiveRun
    this.#rows = rows
    for (let n = 0; n < more; n++) {
      const workerData = { handle: this.run.producer(), rows, burst: 2 }
      this.#threads.push(
        new Worker(new URL('../fixtures/kill/producer.mjs', import.meta.url), { workerData }),
      )
    }
    const ends = this.#threads.map((thread) => new Promise((resolve) => thread.on('message', resolve)))
    this.#ended = Promise.all(ends)
    this.#log()
  }

  #log(): void {
    if (this.#stopped) return
    for (let n = 0; n < 5; n++, this.#logged++) this.run.log({ value: this.#logged }, this.#logged)
    expectIdentities(this.run.status())
    setTimeout(() => this.#log(), 2)
  }

  /** Stops logging; returns how many rows were logged. */
  async stop(): Promise<number> {
    await this.#ended
    this.#stopped = true
    return this.#logged + this.#threads.length * this.#rows
  }
}

/** How many threads of a kind have worked so far: each leaves a trace of its own. */
function generations(run: LiveRun, thread: Thread): number {
  // Each drain begins a segment; each session of a sink begins an event file with the next number (and removes
  // one that no cursor knows, so the files themselves do not tell), or is counted by the sink.
  if (thread === 'drain') return readdirSync(join(run.dir, 'journal')).length
  if (thread === 'custom')
    return readJson<{ state: { opened: number } }>(run.dir, 'cursors/picky.json').state.opened
  const eventFiles = readdirSync(join(run.dir, 'tensorboard')).filter((name) => name.includes('tfevents'))
  return Math.max(...eventFiles.map((name) => Number(name.split('.')[4])))
}

/** Each doubles the wait for the next attempt: more of them only test how patient one is. */
const failuresInRow = (run: LiveRun): number =>
  Math.max(...Object.values(run.status().sinks).map(({ attempts }) => attempts))

describe('a thread dies while records flow', () => {
  test.concurrent.for(SHARES.map((way, index) => ({ ...way, seed: SEED + index })))(
    `$name, ${DEATHS} deaths x $share: nothing is lost or doubled (seed $seed)`,
    async ({ share, threads, seed }, { onTestFinished }) => {
      const random = seededRandom(seed)
      const load = new Load(temporaryDirectory(onTestFinished), Math.floor(random() * 4), 2000)
      const { run } = load
      const { sinks } = run.status()
      const has = (sink: string) => run.status().sinks[sink]!.delivered > 0
      await until('every sink has rows', () => Object.keys(sinks).every(has))
      for (let deaths = 0; deaths < DEATHS * share; ) {
        await afterMs(random() * 30)
        await until('no sink backs off for long', () => failuresInRow(run) < 3, { timeoutMs: 60_000 })
        const victims = threads(random)
        const before = [...new Set(victims)].map((thread) => [thread, generations(run, thread)] as const)
        for (const thread of victims) kill(run, thread)
        for (const [thread, count] of before) {
          // A daemon's threads die with it.
          await until(`another ${thread} thread works`, () => generations(run, thread) > count, {
            timeoutMs: 60_000,
          })
        }
        deaths += victims.length
      }
      const logged = await load.stop()
      const result = await run.finish()
      expectIdentities(result)
      expect(result).toMatchObject({ accepted: logged, journaled: logged, inRing: 0, reached: true })
      expect(result.dropped).toEqual({ total: 0 })
      expectAllThere(run.dir, logged)
    },
  )
})

describe('a thread dies while the run finishes', () => {
  test.concurrent.for([
    { threads: ['drain', 'deliver'], rows: 50_000 },
    { threads: ['custom'], rows: 5000 },
    { threads: ['daemon'], rows: 1000 },
    { threads: ['daemon', 'drain', 'deliver'], rows: 1000 },
  ] satisfies { threads: Thread[]; rows: number }[])(
    '$threads: finish() is in time and complete',
    async ({ threads, rows }, { onTestFinished }) => {
      for (let round = 0; round < 3; round++) {
        const run = init({
          dir: temporaryDirectory(onTestFinished),
          git: false,
          handleSignals: false,
          sinks: ['jsonl', 'csv', 'tensorboard', CUSTOM],
        }) as LiveRun
        for (let step = 0; step < rows; step++) run.log({ value: step }, step)
        if (round > 0) await run.flush()
        const finished = run.finish()
        await afterMs(round * 4)
        for (const thread of threads) kill(run, thread)
        const result = await finished
        expectIdentities(result)
        expect(result).toMatchObject({ accepted: rows, journaled: rows, reached: true })
        expectAllThere(run.dir, rows)
      }
    },
  )
})

function expectAllThere(runDir: string, rows: number): void {
  const counts = countPerProducer(journalRows(runDir))
  expect(counts.reduce((sum, count) => sum + count, 0)).toBe(rows)
  expect(runFile(runDir)).toMatchObject({ status: 'completed', delivered: true })
  expectDelivered(runDir)
}

function expectIdentities({ accepted, journaled, inRing, dropped, sinks }: RunStatusReport): void {
  expect(journaled + inRing + dropped.total).toBe(accepted)
  expect(inRing).toBeGreaterThanOrEqual(0)
  for (const { delivered, pending, deadLettered, notApplicable } of Object.values(sinks)) {
    expect(delivered + pending + deadLettered + notApplicable).toBe(journaled)
    expect(pending).toBeGreaterThanOrEqual(0)
  }
}

/** A random moment, not a wait for something: no assertion depends on how long it takes. */
const afterMs = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
