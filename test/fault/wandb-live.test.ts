/** Whole runs: init(), the real daemon and its threads, a scripted W&B server, and a sink of files beside it. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest'
import { init, type Run } from '../../dist/src/index.js'
import { recoverRun } from '../../dist/src/runs.js'
import { temporaryDirectory } from '../support/directory.js'
import { until } from '../support/until.js'
import type { WandbFault } from '../support/wandb-server/script.js'
import { startWandbServer, TEST_KEY, type WandbServer } from '../support/wandb-server/server.js'

const ROWS = 200

beforeEach(() => {
  process.env.WANDB_API_KEY = TEST_KEY
})
afterEach(() => {
  delete process.env.WANDB_API_KEY
})

async function started(): Promise<WandbServer> {
  const server = await startWandbServer()
  onTestFinished(() => server.stop())
  return server
}

function startRun(server: WandbServer, options: object = {}): Run {
  return init({
    project: 'live',
    dir: temporaryDirectory(),
    config: { lr: 0.1 },
    git: false,
    handleSignals: false,
    recover: false,
    sinks: ['jsonl', { type: 'wandb', baseUrl: server.url, ...options }],
  })
}

function log(run: Run, from: number, to: number): void {
  for (let step = from; step < to; step++) run.log({ value: step, nan: Number.NaN }, step)
}

const wandb = (run: Run) => run.status().sinks.wandb!

function expectAtServer(server: WandbServer, run: Run, rows: number): void {
  const stored = server.run(run.id)
  expect(stored.history.map(({ _step, value }) => [_step, value])).toEqual(
    Array.from({ length: rows }, (_, step) => [step, step]),
  )
  expect(stored.errors).toEqual([])
  expect(stored.complete).toBe(true)
  expect(stored.exitCode).toBe(0)
}

test('a run is at W&B, with its config and summary, at the pace that W&B allows', async () => {
  const server = await started()
  const run = startRun(server)
  log(run, 0, ROWS / 2)
  await until('a part is there', () => server.backend.runs[0]?.history.length)
  log(run, ROWS / 2, ROWS)
  const result = await run.finish({ timeoutMs: 20_000 })
  expect(result).toMatchObject({ reached: true, sinks: { wandb: { delivered: ROWS, pending: 0 } } })
  expectAtServer(server, run, ROWS)
  const stored = server.run(run.id)
  expect(stored.config).toMatchObject({ lr: { value: 0.1 } })
  expect(stored.summary).toMatchObject({ _step: ROWS - 1, value: ROWS - 1, nan: Number.NaN })
  expect(server.peakRate(run.id)).toBeLessThanOrEqual(2)
  expect(run.url).toBe(`${server.url}/test-entity/live/runs/${run.id}`)
})

test('samples of the system are at W&B, and accounted for as all records are', async () => {
  const server = await started()
  const run = init({
    project: 'live',
    dir: temporaryDirectory(),
    git: false,
    handleSignals: false,
    recover: false,
    monitor: { system: { everyMs: 100 } },
    sinks: [{ type: 'wandb', baseUrl: server.url }],
  })
  run.log({ value: 0 }, 0)
  await until('two samples are there', () => (server.backend.runs[0]?.events.length ?? 0) >= 2)
  const { reached, inRing, accepted, journaled } = await run.finish({ timeoutMs: 20_000 })
  expect({ reached, inRing, accepted }).toEqual({ reached: true, inRing: 0, accepted: journaled })
  const { events, errors } = server.run(run.id)
  expect(events.length).toBe(journaled - 1)
  expect(errors).toEqual([])
})

const SCRIPTS: { readonly [name: string]: readonly WandbFault[] } = {
  'is busy': [{ kind: 'status', status: 429, headers: { 'retry-after': '1' } }],
  'is down': [
    { kind: 'status', status: 503 },
    { kind: 'status', status: 502 },
  ],
  'resets after the commit': [{ kind: 'reset', commit: true }],
  'hangs after the commit': [{ kind: 'hang', commit: true }],
}

test.for(Object.entries(SCRIPTS))('a server that %s gets every row once', async ([, faults]) => {
  const server = await started()
  const run = startRun(server, { timeoutMs: 1000 })
  log(run, 0, ROWS / 2)
  await until('a part is there', () => wandb(run).delivered === ROWS / 2)
  server.script(faults)
  log(run, ROWS / 2, ROWS)
  await until('the faults have been met', () => server.faultsLeft === 0)
  expect(await run.finish({ timeoutMs: 20_000 })).toMatchObject({ reached: true })
  expectAtServer(server, run, ROWS)
})

test('a key that does not work pauses the sink; the run ends in time, and recovery delivers it', async () => {
  const server = await started()
  server.keys = new Set(['another'])
  const run = startRun(server)
  log(run, 0, ROWS)
  await until('it is paused', () => wandb(run).state === 'paused')
  expect(wandb(run).lastError).toContain('set WANDB_API_KEY, or run `wandb login`')
  const result = await run.finish({ timeoutMs: 5000 })
  expect(result).toMatchObject({ reached: false, sinks: { wandb: { pending: ROWS }, jsonl: { pending: 0 } } })
  server.keys = new Set([TEST_KEY])
  expect(await recoverRun(run.dir)).toMatchObject({ complete: true, failed: {} })
  expectAtServer(server, run, ROWS)
})

test('a key that is back at the end of the run is enough', async () => {
  const server = await started()
  server.keys = new Set(['another'])
  const run = startRun(server)
  log(run, 0, ROWS)
  await until('it is paused', () => wandb(run).state === 'paused')
  server.keys = new Set([TEST_KEY])
  expect(await run.finish({ timeoutMs: 20_000 })).toMatchObject({ reached: true })
  expectAtServer(server, run, ROWS)
})

test.for([true, false])(
  'finish() keeps its deadline with a server that hangs (commits: %s); recovery delivers the rest',
  async (commit) => {
    const server = await started()
    const run = startRun(server, { timeoutMs: 60_000 })
    log(run, 0, ROWS / 2)
    await until('a part is delivered', () => wandb(run).delivered === ROWS / 2)
    server.script(() => ({ kind: 'hang', commit }))
    log(run, ROWS / 2, ROWS)
    const result = await run.finish({ timeoutMs: 1000 })
    expect(result).toMatchObject({ reached: false, sinks: { jsonl: { pending: 0 } } })
    server.script([])
    expect(await recoverRun(run.dir)).toMatchObject({ complete: true })
    expectAtServer(server, run, ROWS)
  },
)

test('the key is in no file of the run', async () => {
  const server = await started()
  delete process.env.WANDB_API_KEY
  const run = startRun(server, { apiKey: TEST_KEY })
  log(run, 0, ROWS)
  expect(await run.finish({ timeoutMs: 20_000 })).toMatchObject({ reached: true })
  expectAtServer(server, run, ROWS)
  const files = readdirSync(run.dir, { recursive: true, encoding: 'utf8' }).map((name) => join(run.dir, name))
  expect(existsSync(join(run.dir, 'run.json'))).toBe(true)
  const encoded = Buffer.from(`api:${TEST_KEY}`).toString('base64')
  for (const file of files.filter((name) => statSync(name).isFile())) {
    const text = readFileSync(file, 'latin1')
    expect(text.includes(TEST_KEY) || text.includes(encoded), file).toBe(false)
  }
})
