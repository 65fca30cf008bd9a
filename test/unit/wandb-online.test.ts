import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { RunOutcome } from '../../src/sinks/sink.js'
import { createSink } from '../../src/sinks/wandb/sink.js'
import { parseLine } from '../support/wandb-server/extended-json.js'
import { TEST_KEY } from '../support/wandb-server/server.js'
import { BatchBuilder, START_TIME } from './support/batches.js'
import { COMPLETED } from './support/sink-run.js'
import { ID, opened, prepared, rows, UNPACED, values } from './support/wandb-run.js'

const RUN_FILE = {
  format: 1,
  id: ID,
  project: 'tinystories',
  name: 'baseline',
  status: 'running',
  startTime: '2024-11-19T07:06:40.000Z',
  config: { lr: 0.1 },
  tags: ['from-run'],
  notes: 'why',
  group: 'g',
  jobType: 'train',
  git: { commit: 'abc', branch: 'main', dirty: false, remote: 'https://example.com/repo' },
  command: { argv: ['node', 'train.js'] },
  hardware: { hostname: 'box' },
}

test('a run is created with its config, tags, git commit and host, where the server says', async () => {
  const { server, urls } = await opened({ entity: 'team', runFile: RUN_FILE })
  const run = server.run(ID)
  expect(run.fields).toMatchObject({
    name: ID,
    project: 'tinystories',
    displayName: 'baseline',
    tags: ['from-run'],
    notes: 'why',
    groupName: 'g',
    jobType: 'train',
    commit: 'abc',
    repo: 'https://example.com/repo',
    host: 'box',
    program: 'train.js',
  })
  expect(run.config).toMatchObject({ lr: { value: 0.1 }, _wandb: { value: { t: {} } } })
  expect(run.entity).toBe('team')
  expect(urls).toEqual([`${server.url}/team/tinystories/runs/${ID}`])
})

test('options and environment say where the run goes, and a later environment does not move it', async () => {
  const run = await opened({ options: { tags: ['a'] }, env: { WANDB_PROJECT: 'p', WANDB_ENTITY: 'e' } })
  await run.write(...rows(0, 3))
  run.env.WANDB_PROJECT = 'another'
  await run.reopen()
  await run.write(...rows(3, 5))
  await run.sink.close(COMPLETED)
  expect(run.server.run(ID)).toMatchObject({ project: 'p', entity: 'e' })
  expect(values(run)).toEqual([0, 1, 2, 3, 4])
})

test('the newest line waits for the end of its step, or of the run', async () => {
  const run = await opened()
  await run.write(...rows(0, 3))
  expect(values(run)).toEqual([0, 1])
  await run.write({ step: 2, metrics: { more: 9 } })
  expect(values(run)).toEqual([0, 1])
  await run.sink.close(COMPLETED)
  expect(run.server.run(ID).history.at(-1)).toMatchObject({ _step: 2, value: 2, more: 9 })
  expect(run.server.errors).toEqual([])
})

test('at the end the server has the summary, what has become known since, and the exit code', async () => {
  const run = await opened({ runFile: RUN_FILE })
  await run.write(...rows(0, 3), { step: 1, metrics: { value: 7 } })
  writeFileSync(
    join(run.context.runDir, 'run.json'),
    JSON.stringify({ ...RUN_FILE, config: { lr: 0.1, found: 2 } }),
  )
  await run.sink.close(COMPLETED)
  const stored = run.server.run(ID)
  expect(stored).toMatchObject({ complete: true, exitCode: 0 })
  expect(stored.summary).toMatchObject({ _step: 3, value: 7, 'offstep/step': 1, 'offstep/late_rows': 1 })
  expect(stored.config).toMatchObject({ found: { value: 2 } })
  expect(stored.errors).toEqual([])
})

test('while the run lives, the summary and what has become known of the run follow', async () => {
  const run = await prepared({ runFile: RUN_FILE })
  run.sink = createSink({ env: run.env, pace: UNPACED(), refreshMs: 0 })
  await run.sink.open(run.context, null)
  await run.write(...rows(0, 3))
  const stored = run.server.run(ID)
  expect(stored.summary).toMatchObject({ _step: 1, value: 1 })
  // The first one says nothing but the id: see own-run.ts.
  expect(stored.upserts).toBe(2)
  const grown = { ...RUN_FILE, config: { lr: 0.1, found: 2 } }
  writeFileSync(join(run.context.runDir, 'run.json'), JSON.stringify(grown))
  await run.write(...rows(3, 5))
  expect(stored.summary).toMatchObject({ _step: 3, value: 3 })
  expect(stored.config).toMatchObject({ found: { value: 2 } })
  await run.write(...rows(5, 7))
  await run.sink.close(COMPLETED)
  expect(stored.upserts).toBe(3)
})

test.for([
  ['completed', 0],
  ['failed', 1],
  ['crashed', 1],
  ['killed', 255],
] as const)('a run that is %s ends with the exit code %d', async ([status, exitCode]) => {
  const run = await opened()
  await run.sink.close({ status, endTime: START_TIME } as RunOutcome)
  expect(run.server.run(ID)).toMatchObject({ complete: true, exitCode })
})

test('the end of a session says nothing of the end of the run', async () => {
  const run = await opened()
  await run.write(...rows(0, 3))
  await run.sink.close({ status: 'running', endTime: START_TIME })
  expect(run.server.run(ID)).toMatchObject({ complete: false })
  expect(values(run)).toEqual([0, 1])
})

test('a state that cannot be read makes the lines be sent again, over themselves', async () => {
  const run = await prepared()
  const wrong = { mode: 'online', offset: -1 }
  await expect(run.sink.open(run.context, wrong)).rejects.toMatchObject({ action: 'rebuild' })
})

test('a wish to stop the run is told', async () => {
  const run = await opened()
  run.server.stopped.add(ID)
  await run.write(...rows(0, 3))
  expect(run.warnings).toContain('somebody has asked at W&B to stop this run')
})

test('a server that cannot be found is named, and tried again', async () => {
  const run = await prepared()
  await run.server.stop()
  await expect(run.sink.open(run.context, null)).rejects.toMatchObject({
    action: 'retry',
    code: 'ECONNREFUSED',
    message: expect.stringContaining('check WANDB_BASE_URL and the network'),
  })
})

test('a server that speaks no TLS is told from one whose certificate is not trusted', async () => {
  const run = await prepared()
  const context = { ...run.context, options: { baseUrl: run.server.url.replace('http:', 'https:') } }
  const error = { action: 'retry', message: expect.stringMatching(/^(?!.*certificate).*WANDB_BASE_URL/) }
  await expect(run.sink.open(context, null)).rejects.toMatchObject(error)
})

test('disabled: no request, and no row goes anywhere', async () => {
  const run = await opened({ env: { WANDB_MODE: 'disabled' } })
  const result = await run.sink.write(new BatchBuilder().batchOf(rows(0, 3)))
  expect(result).toEqual({ state: { mode: 'disabled' }, notApplicable: 3 })
  expect(run.server.requests).toEqual([])
})

test('a run goes on in the mode that it has begun in', async () => {
  const run = await opened({ env: { WANDB_MODE: 'disabled' } })
  await run.write(...rows(0, 3))
  run.env.WANDB_MODE = 'online'
  await run.reopen()
  await run.write(...rows(3, 5))
  expect(run.server.requests).toEqual([])
})

test('the key is in no file, no state, no warning and no error', async () => {
  const echo = `{"error":"${TEST_KEY} ${Buffer.from(`api:${TEST_KEY}`).toString('base64')}"}`
  const run = await opened({ options: { apiKey: TEST_KEY } })
  run.server.refuses = (line) => parseLine(line).value === 1
  await run.write(...rows(0, 2))
  await run.write(...rows(2, 4))
  run.server.script([{ kind: 'status', status: 500, body: echo }])
  const error = await run.write(...rows(4, 6)).catch((thrown: unknown) => thrown)
  const files = readdirSync(run.context.runDir, { recursive: true, encoding: 'utf8' })
    .map((name) => join(run.context.runDir, name))
    .filter((file) => statSync(file).isFile())
  expect(files).not.toEqual([])
  const { message, stack } = error as Error
  const texts = [...files.map((file) => readFileSync(file, 'utf8')), ...run.warnings, ...run.urls]
  for (const text of [...texts, JSON.stringify(run.state), message, stack]) {
    expect(text).not.toContain(TEST_KEY)
    expect(text).not.toContain(Buffer.from(`api:${TEST_KEY}`).toString('base64'))
  }
  expect(message).toContain('***')
})
