/** The scripted server is one that W&B's own client takes for W&B. */
import { rmSync } from 'node:fs'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { FaultScript } from '../support/wandb-server/script.js'
import { startWandbServer, TEST_KEY } from '../support/wandb-server/server.js'
import { WandbClient } from './wandb-support/client.js'

async function started(faults: FaultScript = []) {
  const server = await startWandbServer({ faults })
  const client = new WandbClient(server)
  onTestFinished(async () => {
    await server.close()
    rmSync(client.home, { recursive: true, force: true })
  })
  return { server, client }
}

const EXPECTED = [
  ...Array.from({ length: 20 }, (_, row) => ({
    _step: row * 2,
    loss: 1 / (row + 1),
    count: 2n ** 60n + BigInt(row),
  })),
  { _step: 40, loss: Number.NaN, up: Number.POSITIVE_INFINITY, down: Number.NEGATIVE_INFINITY },
]

test("a run of W&B's own client arrives whole", async () => {
  const { server, client } = await started()
  const ended = await client.program('online_run.py', 'theirs')
  expect(ended).toMatchObject({ code: 0 })
  const run = server.run('theirs')
  expect(server.errors).toEqual([])
  expect(run.history).toMatchObject(EXPECTED)
  expect(run).toMatchObject({ project: 'interop', entity: 'test-entity', complete: true, exitCode: 3 })
  expect(run.config).toMatchObject({ lr: { value: 0.1 } })
  expect(run.summary).toMatchObject({ _step: 40, count: 2n ** 60n + 19n })
  expect([...run.files.keys()]).toContain('config.yaml')
})

test("W&B's own client meets the scripted faults, and sends its lines again", async () => {
  const { server, client } = await started([
    { on: 'file_stream', kind: 'status', status: 500 },
    { on: 'file_stream', kind: 'reset', commit: true },
    { on: 'file_stream', kind: 'truncated' },
  ])
  await client.program('online_run.py', 'faults')
  expect(server.faultsLeft).toBe(0)
  expect(
    server
      .requestsOf('file_stream')
      .slice(0, 4)
      .map(({ status }) => status),
  ).toEqual([500, null, null, 200])
  expect(server.errors).toEqual([])
  expect(server.run('faults').history).toMatchObject(EXPECTED)
})

describe('what it finds fault with, and how it fails', () => {
  const line = (step: number): string => JSON.stringify({ _step: step, value: step })
  const lines = (offset: number, ...steps: number[]) => ({
    files: { 'wandb-history.jsonl': { offset, content: steps.map(line) } },
  })

  /** A server with a run, and a client that posts to its file stream. */
  async function streaming(faults: FaultScript = []) {
    const { server } = await started(faults)
    const run = server.backend.create('e', 'p', 'r')
    const authorization = `Basic ${Buffer.from(`api:${TEST_KEY}`).toString('base64')}`
    const post = async (body: object, headers = { authorization }) => {
      const url = `${server.url}/files/e/p/r/file_stream`
      const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) })
      return { status: response.status, body: await response.text() }
    }
    return { server, run, post }
  }

  test.each([
    ['a gap', [lines(0, 1), lines(2, 5)], /offset 2 where 1 lines are/],
    ['another line in the place of one', [lines(0, 1), lines(0, 2)], /line 0 was .* and is now/],
    ['a step that does not increase', [lines(0, 1, 1)], /has _step 1 after 1/],
    [
      'a line without a step',
      [{ files: { 'wandb-history.jsonl': { offset: 0, content: ['{}'] } } }],
      /no integer/,
    ],
    ['rows after the end', [{ complete: true, exitcode: 0 }, lines(0, 1)], /after the one that completed/],
  ])('%s', async (_what, bodies, error) => {
    const { server, post } = await streaming()
    for (const body of bodies) await post(body)
    expect(server.errors).toEqual([expect.stringMatching(error)])
  })

  test('two requests of a run at once', async () => {
    const { server, post } = await streaming()
    server.script([{ kind: 'hang' }])
    const stuck = new Promise<void>((resolve) => {
      server.onStuck = resolve
    })
    const first = post(lines(0, 1)).catch(() => 'cut')
    await stuck
    await post({})
    await server.stop()
    expect(await first).toBe('cut')
    expect(server.errors).toEqual([expect.stringMatching(/2 file_stream requests at once/)])
  })

  test('the same lines again are the same lines', async () => {
    const { server, run, post } = await streaming()
    for (const body of [lines(0, 1, 2), lines(0, 1, 2), lines(1, 2, 3)]) await post(body)
    expect([server.errors, run.history.map(({ _step }) => _step)]).toEqual([[], [1, 2, 3]])
  })

  test('a wrong key, a body too large, a refused line: nothing is kept', async () => {
    const { server, run, post } = await streaming()
    expect(await post(lines(0, 1), { authorization: 'Basic YXBpOndyb25n' })).toMatchObject({ status: 401 })
    server.maxBodyBytes = 10
    expect(await post(lines(0, 1))).toMatchObject({ status: 413 })
    server.maxBodyBytes = 1000
    server.refuses = (text) => text.includes('7')
    expect(await post(lines(0, 1, 7))).toMatchObject({ status: 400 })
    expect(run.history).toEqual([])
  })

  test('what a fault commits is there, and what it does not is not', async () => {
    const { server, run, post } = await streaming([
      { kind: 'status', status: 503, headers: { 'retry-after': '2' } },
      { kind: 'status', status: 503, commit: true },
      { kind: 'reset' },
      { kind: 'reset', commit: true },
      { kind: 'truncated' },
      { kind: 'body', body: '<html>' },
    ])
    expect(await post(lines(0, 1))).toMatchObject({ status: 503 })
    expect(run.history).toHaveLength(0)
    expect(await post(lines(0, 1))).toMatchObject({ status: 503 })
    expect(run.history).toHaveLength(1)
    await expect(post(lines(1, 2))).rejects.toThrow()
    expect(run.history).toHaveLength(1)
    await expect(post(lines(1, 2))).rejects.toThrow()
    expect(run.history).toHaveLength(2)
    await expect(post(lines(2, 3))).rejects.toThrow()
    expect(run.history).toHaveLength(3)
    expect(await post(lines(3, 4))).toMatchObject({ status: 200, body: '<html>' })
    expect([run.history.length, server.faultsLeft]).toEqual([3, 0])
  })
})
