import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parseLine } from '../support/wandb-server/extended-json.js'
import { TEST_KEY } from '../support/wandb-server/server.js'
import { BatchBuilder, type RowLiteral } from './support/batches.js'
import { COMPLETED } from './support/sink-run.js'
import { ID, opened, prepared, rows, values } from './support/wandb-run.js'

test.for([
  [401, /API key.*WANDB_API_KEY.*wandb login/],
  [403, /API key has no access/],
  [404, /entity or project/],
  [302, /WANDB_BASE_URL/],
] as const)('%d pauses the sink with one sentence that names the fix', async ([status, message]) => {
  const run = await opened({ faults: [{ kind: 'status', status, on: 'file_stream' }] })
  const error = { action: 'pause', message: expect.stringMatching(message), retryAfterMs: 60_000 }
  await expect(run.write(...rows(0, 3))).rejects.toMatchObject(error)
})

test('after an expired key the same rows go on with the new one, without a new start', async () => {
  const run = await opened({ keys: [TEST_KEY] })
  await run.write(...rows(0, 3))
  run.server.keys = new Set(['n'.repeat(40)])
  await expect(run.write(...rows(3, 5))).rejects.toMatchObject({ action: 'pause', code: 'HTTP_401' })
  run.env.WANDB_API_KEY = 'n'.repeat(40)
  await run.write(...rows(3, 5))
  expect(values(run)).toEqual([0, 1, 2, 3])
})

test('GraphQL errors in a 200 pause the sink where they are about access, else it tries again', async () => {
  const answer = (message: string) => ({
    kind: 'body' as const,
    body: JSON.stringify({ errors: [{ message }], data: null }),
  })
  const run = await prepared({ faults: [answer('permission denied'), answer('deadlock')] })
  await expect(run.sink.open(run.context, null)).rejects.toMatchObject({
    action: 'pause',
    message: expect.stringContaining('WANDB_ENTITY'),
  })
  await expect(run.sink.open(run.context, null)).rejects.toMatchObject({ action: 'retry' })
  await run.sink.open(run.context, null)
})

test('a run that W&B does not take at all pauses the sink, and no row is a dead letter for it', async () => {
  const run = await prepared({
    faults: [
      { kind: 'status', status: 400 },
      { kind: 'status', status: 409 },
    ],
  })
  await expect(run.sink.open(run.context, null)).rejects.toMatchObject({
    action: 'pause',
    message: expect.stringContaining('config'),
  })
  await expect(run.sink.open(run.context, null)).rejects.toMatchObject({ action: 'retry' })
})

test('Retry-After is handed on, in seconds and as the end of a rate limit', async () => {
  const faults = [{ 'retry-after': '3' }, { 'ratelimit-reset': '7' }, { 'retry-after': 'soon' }]
  const run = await opened({
    faults: faults.map((headers) => ({ kind: 'status', status: 429, headers, on: 'file_stream' })),
  })
  for (const retryAfterMs of [3000, 7000, 0]) {
    await expect(run.write(...rows(0, 3))).rejects.toMatchObject({ action: 'retry', retryAfterMs })
  }
})

test('bodies stay below the limit of W&B, and a server with a lower one gets smaller ones', async () => {
  const wide = (step: number): RowLiteral => ({
    step,
    metrics: Object.fromEntries(Array.from({ length: 2000 }, (_, i) => [`${'n'.repeat(200)}${i}`, step])),
  })
  const run = await opened()
  const steps = Array.from({ length: 40 }, (_, step) => step)
  await run.write(...steps.map(wide))
  const sizes = run.server.requestsOf('file_stream').map(({ bytes }) => bytes)
  expect(sizes.length).toBeGreaterThan(1)
  for (const bytes of sizes) expect(bytes).toBeLessThan(10 * 1024 * 1024)
  run.server.maxBodyBytes = 1_000_000
  await run.write(...steps.map((step) => wide(40 + step)))
  const { history, errors } = run.server.run(ID)
  expect(history.map(({ _step }) => _step)).toEqual(Array.from({ length: 79 }, (_, step) => step))
  expect(errors).toEqual([])
})

test('a line that is refused is a dead letter, the rest goes on without a gap', async () => {
  const run = await opened()
  run.server.refuses = (line) => parseLine(line).value === 3
  const logged = rows(0, 8).map((row) => ({ ...row, metrics: { ...row.metrics, [`only-${row.step}`]: 1 } }))
  const result = await run.sink.write(new BatchBuilder().batchOf(logged))
  expect(result.rejected).toMatchObject([{ row: 3, cause: 'HTTP_400' }])
  expect(values(run)).toEqual([0, 1, 2, 4, 5, 6])
  await run.sink.close(COMPLETED)
  const only = Object.keys(run.server.run(ID).summary!).filter((name) => name.startsWith('only-'))
  expect(only).toEqual([0, 1, 2, 4, 5, 6, 7].map((step) => `only-${step}`))
  expect(run.server.errors).toEqual([])
})

test('a refused line of an earlier batch is kept whole, and told', async () => {
  const run = await opened()
  run.server.refuses = (line) => parseLine(line).value === 2
  await run.write(...rows(0, 3))
  await run.write(...rows(3, 6))
  await run.sink.close(COMPLETED)
  expect(values(run)).toEqual([0, 1, 3, 4, 5])
  const kept = readFileSync(join(run.context.runDir, 'wandb', 'refused', '2.json'), 'utf8')
  expect(parseLine(JSON.parse(kept).line)).toMatchObject({ _step: 2, value: 2 })
  expect(run.warnings.join()).toContain('it is kept in')
  expect(run.server.run(ID).summary).toMatchObject({ 'offstep/rejected_lines': 1 })
})

test('a server that refuses every line pauses the sink, and no row is given up', async () => {
  const run = await opened()
  run.server.refuses = () => true
  await expect(run.write(...rows(0, 100))).rejects.toMatchObject({
    action: 'pause',
    code: 'WANDB_REFUSES_ALL',
  })
  run.server.refuses = () => false
  await run.write(...rows(0, 100))
  expect(values(run)).toHaveLength(99)
})

test('any number of bad lines among good ones are dead letters, one by one', async () => {
  const run = await opened()
  run.server.refuses = (line) => (parseLine(line).value as number) % 2 === 1
  const result = await run.sink.write(new BatchBuilder().batchOf(rows(0, 61)))
  expect(result.rejected).toHaveLength(30)
  expect(values(run)).toEqual(Array.from({ length: 30 }, (_, index) => index * 2))
})

test('a run that is at a limit of W&B pauses the sink instead of losing lines', async () => {
  const headers = { 'x-wandb-error-code': 'run_metric_limit_exceeded' }
  const run = await opened({ faults: [{ kind: 'status', status: 400, headers, on: 'file_stream' }] })
  await expect(run.write(...rows(0, 3))).rejects.toMatchObject({
    action: 'pause',
    code: 'RUN_METRIC_LIMIT_EXCEEDED',
  })
})

test('a summary that is refused costs nothing else', async () => {
  const run = await opened()
  await run.write(...rows(0, 3))
  run.server.script((request) =>
    request.operation === 'file_stream' && request.before % 2 === 1
      ? { kind: 'status', status: 400 }
      : undefined,
  )
  await run.sink.close(COMPLETED)
  expect(run.server.run(ID)).toMatchObject({ complete: true, exitCode: 0 })
  expect(values(run)).toEqual([0, 1, 2])
})
