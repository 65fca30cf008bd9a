/** The scripted server is one that W&B's own client takes for W&B. */
import { createHash } from 'node:crypto'
import { rmSync } from 'node:fs'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { FaultScript } from '../support/wandb-server/script.js'
import { startWandbServer, TEST_KEY } from '../support/wandb-server/server.js'
import { WandbClient } from './wandb-support/client.js'

interface CreatedFiles {
  readonly uploadHeaders: readonly string[]
  readonly files: readonly { readonly uploadUrl: string }[]
}

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

test("all that W&B's own client can say of a run is understood", async () => {
  const { server, client } = await started()
  expect(await client.program('everything_run.py', 'everything')).toMatchObject({ code: 0 })
  expect(server.errors).toEqual([])
  const run = server.run('everything')
  // Its list is in no order.
  const metrics = [...run.metrics].sort((one, other) => (one.name < other.name ? -1 : 1))
  expect(metrics).toMatchObject([
    { name: 'acc', options: [3], summary: [1, 5] },
    { name: 'epoch', options: [2, 3] },
    { name: 'val/a', stepMetric: 'epoch', options: [1, 3], summary: [2, 3] },
  ])
  expect(run.alerts).toEqual([{ title: 'title', text: 'text', severity: 'WARN', waitDuration: 5000 }])
  expect(run.console[0]).toMatch(/^\d{4}-\S+ step 0$/)
  expect(run.console).toContainEqual(expect.stringMatching(/^ERROR \S+ to stderr$/))
  expect(run.events[0]).toMatchObject({ _wandb: true, 'system.cpu': expect.any(Number) })
  expect(run.files.get('saved.txt')).toEqual(Buffer.from('a saved file'))
  expect(run.uploads.unnamed).toEqual([])
  expect(run.config).toMatchObject({ batch: { value: 8 } })
  expect(run.summary).toMatchObject({
    note: 'kept',
    'val/a': { max: 2, mean: 0.8 },
    acc: { min: 0, last: 4 },
  })
})

describe('what it finds fault with, and how it fails', () => {
  const line = (step: number): string => JSON.stringify({ _step: step, value: step })
  const lines = (offset: number, ...steps: number[]) => ({
    files: { 'wandb-history.jsonl': { offset, content: steps.map(line) } },
  })

  const media = (path: string, sha256: string, size: number) => {
    const value = { _type: 'image-file', path, sha256, size }
    const content = [JSON.stringify({ _step: 0, picture: { list: [value] } })]
    return { files: { 'wandb-history.jsonl': { offset: 0, content } } }
  }

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
    const ask = async (operationName: string, variables: object) => {
      const body = JSON.stringify({ operationName, variables, query: `mutation ${operationName} {}` })
      const response = await fetch(`${server.url}/graphql`, {
        method: 'POST',
        headers: { authorization },
        body,
      })
      return { status: response.status, body: (await response.json()) as { data: never; errors?: never } }
    }
    return { server, run, post, ask }
  }

  /** Asks for the address of a file, as W&B's own clients do. */
  async function uploading(name: string, faults: FaultScript = []) {
    const { server, run, post, ask } = await streaming(faults)
    const { body } = await ask('CreateRunFiles', { entity: 'e', project: 'p', run: 'r', files: [name] })
    const { files, uploadHeaders } = (body.data as { createRunFiles: CreatedFiles }).createRunFiles
    const asked = Object.fromEntries(uploadHeaders.map((header) => header.split(':')))
    const put = async (content: string, headers: Record<string, string> = asked) => {
      const response = await fetch(files[0]!.uploadUrl, { method: 'PUT', headers, body: content })
      return response.status
    }
    return { server, run, post, put }
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
    ['a heartbeat after the end', [{ complete: true, exitcode: 0 }, {}], /after the one that completed/],
    ['a file that is named and is not there', [{ uploaded: ['a.txt'] }], /names a.txt, which was not PUT/],
    ['a line of media that is not there', [media('media/a.png', 'ab', 1)], /a.png, which is not there yet/],
    [
      'a system sample without a time',
      [{ files: { 'wandb-events.jsonl': { offset: 0, content: ['{"_wandb":true}'] } } }],
      /lacks _wandb, _timestamp or _runtime/,
    ],
    [
      'a console line without a time',
      [{ files: { 'output.log': { offset: 0, content: ['hello'] } } }],
      /does not begin with a time/,
    ],
    [
      'a summary of two lines',
      [{ files: { 'wandb-summary.json': { offset: 0, content: ['{}', '{}'] } } }],
      /wandb-summary.json: 2 lines/,
    ],
  ])('%s', async (_what, bodies, error) => {
    const { server, post } = await streaming()
    for (const body of bodies) await post(body)
    expect(server.errors).toEqual([expect.stringMatching(error)])
  })

  test('a file is there when it is PUT, and may then be named by a line and in "uploaded"', async () => {
    const { server, run, post, put } = await uploading('media/a.png', [
      { on: 'upload', kind: 'status', status: 503 },
      { on: 'upload', kind: 'status', status: 500, commit: true },
    ])
    expect([await put('bytes'), run.files.size, await put('bytes'), run.files.size]).toEqual([503, 0, 500, 1])
    expect(await put('bytes')).toBe(200)
    expect(run.uploads.unnamed).toEqual(['media/a.png'])
    await post(media('media/a.png', createHash('sha256').update('bytes').digest('hex'), 5))
    await post({ uploaded: ['media/a.png'] })
    expect([server.errors, run.uploads.unnamed, run.uploads.puts.get('media/a.png')]).toEqual([[], [], 2])
    expect(run.files.get('media/a.png')).toEqual(Buffer.from('bytes'))
  })

  test('a line with another hash or size than the file has, and an upload without its headers', async () => {
    const { server, post, put } = await uploading('a.png')
    await put('bytes', {})
    await post(media('a.png', 'ab', 5))
    await post(media('a.png', createHash('sha256').update('bytes').digest('hex'), 6))
    expect(server.errors).toEqual([
      expect.stringContaining('without the upload header'),
      expect.stringContaining('SHA-256 ab of other bytes'),
      expect.stringContaining('line 0 was'),
      expect.stringContaining('with the size 6'),
    ])
  })

  test('an address that has expired is refused', async () => {
    const { run, put } = await uploading('a.png')
    run.uploads.expire()
    expect([await put('bytes'), run.files.size]).toEqual([403, 0])
  })

  test('the request that completes a run may come again, and a run that is upserted goes on', async () => {
    const { server, run, post, ask } = await streaming()
    const complete = { complete: true, exitcode: 3 }
    for (const body of [complete, complete]) await post(body)
    expect([run.complete, run.exitCode]).toEqual([true, 3])
    await ask('UpsertBucket', { entity: 'e', project: 'p', name: 'r' })
    expect([run.complete, run.exitCode]).toEqual([false, undefined])
    await post(lines(0, 1))
    expect(server.errors).toEqual([])
  })

  test('an alert is kept with its run; one that W&B would not take is refused', async () => {
    const { run, ask } = await streaming()
    const alert = { entityName: 'e', projectName: 'p', runName: 'r', title: 'a', text: 'b' }
    const name = 'NotifyScriptableRunAlert'
    expect(await ask(name, { ...alert, severity: 'ERROR', waitDuration: 1000 })).toMatchObject({
      status: 200,
    })
    expect(await ask(name, { ...alert, severity: 'error' })).toMatchObject({ status: 400 })
    expect(await ask(name, { ...alert, waitDuration: 0.5 })).toMatchObject({ status: 400 })
    expect(run.alerts).toEqual([{ title: 'a', text: 'b', severity: 'ERROR', waitDuration: 1000 }])
  })

  test('a config with a step metric that is none is refused', async () => {
    const { ask } = await streaming()
    const config = (m: object[]) => JSON.stringify({ _wandb: { value: { m } } })
    const upsert = (m: object[]) => ask('UpsertBucket', { name: 'r', config: config(m) })
    expect(await upsert([{ 1: 'a', 5: 1 }])).toMatchObject({ status: 200 })
    expect(await upsert([{ 1: 'a', 5: 2 }])).toMatchObject({ status: 400 })
    expect(await upsert([{ 6: [3] }])).toMatchObject({ status: 400 })
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
