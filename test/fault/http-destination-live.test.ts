/** Whole runs: init(), the real daemon and its threads, a scripted server, and a sink of files beside it. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { type FlushResult, init, type Run } from '../../dist/src/index.js'
import { recoverRun } from '../../dist/src/runs.js'
import { temporaryDirectory } from '../support/directory.js'
import { type Fault, HttpDestination } from '../support/http-destination.js'
import { countPerProducer, jsonlRows } from '../support/run-files.js'
import { until } from '../support/until.js'

const ROWS = 300
const MODULE = new URL('../fixtures/sinks/http.mjs', import.meta.url)

async function startServer(): Promise<HttpDestination> {
  const server = new HttpDestination()
  await server.start()
  onTestFinished(async () => {
    await server.stop().catch(() => {
      // The test has stopped it.
    })
  })
  return server
}

function startRun(server: HttpDestination, options: { timeoutMs?: number; key?: string } = {}): Run {
  const { timeoutMs = 5000, key = HttpDestination.key } = options
  process.env.LINES_KEY = key
  return init({
    dir: temporaryDirectory(),
    git: false,
    handleSignals: false,
    recover: false,
    sinks: ['jsonl', { module: MODULE, name: 'http', url: server.url, timeoutMs }],
  })
}

function log(run: Run, from: number, count: number): void {
  for (let step = from; step < from + count; step++) run.log({ value: step }, step)
}

const http = (run: Run) => run.status().sinks.http!

/** The sink of files has everything, however the other one is. */
async function expectFilesUpToDate(run: Run, rows: number): Promise<void> {
  await until('the files have everything', () => run.status().sinks.jsonl!.delivered === rows)
  expect(countPerProducer(jsonlRows(run.dir))).toEqual([rows])
}

function expectIdentity({ journaled, sinks }: FlushResult): void {
  const { delivered, pending, deadLettered, notApplicable } = sinks.http!
  expect(delivered + pending + deadLettered + notApplicable).toBe(journaled)
}

function expectAtServer(server: HttpDestination, rows: number, refused: readonly number[] = []): void {
  const expected = Array.from({ length: rows }, (_, row) => row).filter((row) => !refused.includes(row))
  expect(server.rows()).toEqual(expected.map((row) => `0:${row}`))
  expect(server.completed.at(-1)).toBe('completed')
}

const status = (code: number, retryAfter = '0'): Fault => ({
  kind: 'status',
  status: code,
  headers: { 'retry-after': retryAfter },
})

const SCRIPTS: { readonly [name: string]: readonly Fault[] } = {
  'is healthy': [],
  'is busy': [status(429), status(429)],
  'names no sensible time': [status(429, 'NaN'), status(503, '-7')],
  'is down for maintenance': [status(503), status(502), status(504)],
  'has an error of its own': [status(500)],
  'resets in the request': [{ kind: 'reset', at: 'request', commit: false }],
  'resets before the answer': [{ kind: 'reset', at: 'answer', commit: false }],
  'resets after the commit': [{ kind: 'reset', at: 'answer', commit: true }],
  'resets in the answer': [{ kind: 'reset', at: 'mid-answer', commit: true }],
  'hangs after the commit': [{ kind: 'hang', commit: true }],
  'hangs before the commit': [{ kind: 'hang', commit: false }],
  'answers byte by byte': [{ kind: 'trickle', commit: true }],
  'answers 200 and an error': [{ kind: 'body', body: '{"error":"no"}', commit: false }],
  'answers 200 and half a body': [{ kind: 'body', body: '{"next":', commit: true }],
  'confirms twice': [{ kind: 'double-ack' }, { kind: 'double-ack' }],
  'confirms again, later': [{ kind: 'late-ack' }, { kind: 'late-ack' }],
  'closes idle connections': [{ kind: 'close-idle' }, { kind: 'close-idle' }],
  'fails in many ways': [
    status(500),
    { kind: 'hang', commit: true },
    { kind: 'reset', at: 'answer', commit: true },
  ],
}

test.for(Object.entries(SCRIPTS))(
  'a server that %s gets every row once, and holds up no other sink',
  async ([, faults]) => {
    const server = await startServer()
    server.faults = [...faults]
    const run = startRun(server, { timeoutMs: 200 })
    log(run, 0, ROWS / 2)
    await expectFilesUpToDate(run, ROWS / 2)
    log(run, ROWS / 2, ROWS / 2)
    const result = await run.finish({ timeoutMs: 20_000 })
    expect(result.reached).toBe(true)
    expectIdentity(result)
    expectAtServer(server, ROWS)
    expect(countPerProducer(jsonlRows(run.dir))).toEqual([ROWS])
    expect(server.requests).toBeLessThan(40)
    await until('the connections are closed', () => server.connections === 0)
  },
)

test.for([400, 422])(
  'rows that are refused with %d stand among the dead letters, the others are there',
  async (code) => {
    const server = await startServer()
    const refused = [3, 140, 299]
    for (const row of refused) server.refused.set(`0:${row}`, code)
    const run = startRun(server)
    log(run, 0, ROWS)
    const result = await run.finish({ timeoutMs: 20_000 })
    expectIdentity(result)
    expect(result.sinks.http).toMatchObject({ delivered: ROWS - 3, deadLettered: 3, pending: 0 })
    expectAtServer(server, ROWS, refused)
    const letters = readFileSync(join(run.dir, 'dead-letter', 'http.jsonl'), 'utf8')
      .trim()
      .split('\n')
    const expected = refused.map((sequence) => ({
      sequence,
      cause: `HTTP_${code}`,
      values: { value: sequence },
    }))
    expect(letters.map((line) => JSON.parse(line))).toMatchObject(expected)
  },
)

test('batches that are too large are split, a row that is too large is a dead letter', async () => {
  const server = await startServer()
  server.maxLines = 20
  server.refused.set('0:77', 413)
  const run = startRun(server)
  log(run, 0, ROWS)
  expectIdentity(await run.finish({ timeoutMs: 20_000 }))
  expectAtServer(server, ROWS, [77])
  expect(server.requests).toBeLessThan(80)
})

test.for([1, 50, 1000])(
  'a server that restarts without its last %d lines is filled again',
  async (forgotten) => {
    const server = await startServer()
    const run = startRun(server)
    log(run, 0, ROWS / 2)
    await until('half is delivered', () => http(run).delivered === ROWS / 2)
    server.cut(forgotten)
    log(run, ROWS / 2, ROWS / 2)
    expectIdentity(await run.finish({ timeoutMs: 20_000 }))
    expectAtServer(server, ROWS)
  },
)

test('a server that has lost lines when the run ends is filled again before the run is closed', async () => {
  const server = await startServer()
  const run = startRun(server)
  log(run, 0, ROWS)
  await until('everything is delivered', () => http(run).delivered === ROWS)
  server.cut(100)
  expect(await run.finish({ timeoutMs: 20_000 })).toMatchObject({ reached: true })
  expectAtServer(server, ROWS)
})

test('a server that is down when the run is closed is told of the end later', async () => {
  const server = await startServer()
  const run = startRun(server)
  log(run, 0, ROWS)
  await until('everything is delivered', () => http(run).delivered === ROWS)
  server.faults = [status(503), { kind: 'reset', at: 'answer', commit: true }]
  const result = await run.finish({ timeoutMs: 20_000 })
  expect(result).toMatchObject({ reached: true, sinks: { http: { state: 'closed', lastError: null } } })
  expectAtServer(server, ROWS)
})

test.for([401, 403, 404, 302])(
  '%d pauses the sink, which is told once; later recovery delivers it all',
  async (code) => {
    const server = await startServer()
    if (code === 401) server.key = 'another'
    else server.faults = Array.from({ length: 50 }, () => status(code))
    const run = startRun(server)
    log(run, 0, ROWS)
    await until('it is paused', () => http(run).state === 'paused')
    log(run, ROWS, 10)
    await expectFilesUpToDate(run, ROWS + 10)
    expect(server.requests).toBe(1)
    const result = await run.finish({ timeoutMs: 5000 })
    expectIdentity(result)
    expect(result).toMatchObject({ reached: false, sinks: { http: { pending: ROWS + 10, state: 'paused' } } })
    expect(result.elapsedMs).toBeLessThan(5000)
    // Once more at the end: somebody may have acted.
    expect(server.requests).toBe(2)
    const told = readFileSync(join(run.dir, 'daemon.log'), 'utf8').match(
      new RegExp(`the server answered ${code}`, 'g'),
    )
    expect(told).toHaveLength(1)
    server.reset()
    expect(await recoverRun(run.dir)).toMatchObject({ complete: true, failed: {} })
    expectAtServer(server, ROWS + 10)
  },
)

test('a server that is not there is waited for', async () => {
  const server = await startServer()
  await server.stop()
  const run = startRun(server)
  log(run, 0, ROWS)
  await expectFilesUpToDate(run, ROWS)
  await until('it was tried', () => http(run).attempts >= 2)
  expect(http(run).lastError).toContain('cannot be reached')
  await server.start()
  expectIdentity(await run.finish({ timeoutMs: 20_000 }))
  expectAtServer(server, ROWS)
})

test('a server that restarts in between is found again', async () => {
  const server = await startServer()
  const run = startRun(server)
  for (let part = 0; part < 3; part++) {
    log(run, (part * ROWS) / 3, ROWS / 3)
    await until('the part is delivered', () => http(run).delivered === ((part + 1) * ROWS) / 3)
    await server.stop()
    await server.start()
  }
  await run.finish({ timeoutMs: 20_000 })
  expectAtServer(server, ROWS)
})

test('a server that asks for a second gets one', async () => {
  const server = await startServer()
  server.faults = [status(429, '1')]
  const times: number[] = []
  server.onRequest = () => times.push(performance.now())
  const run = startRun(server)
  log(run, 0, ROWS)
  await run.finish({ timeoutMs: 20_000 })
  expectAtServer(server, ROWS)
  // The answer to the first was on its way before the wait began: 5 ms for the resolution of the clocks.
  expect(times[1]! - times[0]!).toBeGreaterThan(995)
})

test('finish() does not ask again before the time that a server named', async () => {
  const server = await startServer()
  server.faults = [status(503, '3600')]
  const run = startRun(server)
  log(run, 0, ROWS)
  await until('it was refused', () => http(run).state === 'backing-off')
  const result = await run.finish({ timeoutMs: 1000 })
  expectIdentity(result)
  expect(result).toMatchObject({ reached: false, sinks: { http: { pending: ROWS }, jsonl: { pending: 0 } } })
  expect(server.requests).toBe(1)
  expect(await recoverRun(run.dir)).toMatchObject({ complete: true })
  expectAtServer(server, ROWS)
})

test.for([true, false])(
  'finish() keeps its deadline with a server that hangs (commits: %s); recovery delivers the rest',
  async (commit) => {
    const server = await startServer()
    const run = startRun(server, { timeoutMs: 60_000 })
    log(run, 0, 100)
    await until('a part is delivered', () => http(run).delivered === 100)
    server.faults = Array.from({ length: 50 }, () => ({ kind: 'hang', commit }) as const)
    log(run, 100, ROWS - 100)
    await expectFilesUpToDate(run, ROWS)
    const result = await run.finish({ timeoutMs: 1000 })
    expect(result.elapsedMs).toBeLessThan(1800)
    expectIdentity(result)
    expect(result).toMatchObject({
      reached: false,
      sinks: { http: { delivered: 100 }, jsonl: { pending: 0 } },
    })
    server.faults = []
    server.cut()
    expect(await recoverRun(run.dir)).toMatchObject({
      complete: true,
      sinks: { http: { delivered: ROWS, pending: 0 } },
    })
    expectAtServer(server, ROWS)
  },
)

test('recovery of a run whose server is still down fails in time, and a later one delivers it', async () => {
  const server = await startServer()
  await server.stop()
  const run = startRun(server)
  log(run, 0, ROWS)
  await run.finish({ timeoutMs: 500 })
  expect(await recoverRun(run.dir)).toMatchObject({
    complete: false,
    failed: { http: { action: 'retry', code: 'ECONNREFUSED' } },
    sinks: { http: { pending: ROWS, delivered: 0 }, jsonl: { pending: 0 } },
  })
  await server.start()
  expect(await recoverRun(run.dir)).toMatchObject({ complete: true, failed: {} })
  expectAtServer(server, ROWS)
})
