import { expect, onTestFinished, test } from 'vitest'
import { Pace } from '../../src/sinks/wandb/online/http/pace.js'
import { Transport } from '../../src/sinks/wandb/online/http/transport.js'
import { FileStream } from '../../src/sinks/wandb/online/stream/file-stream.js'
import { Heartbeat } from '../../src/sinks/wandb/online/stream/heartbeat.js'
import { until } from '../support/until.js'
import { startWandbServer, TEST_KEY } from '../support/wandb-server/server.js'

const NEVER = new AbortController().signal

/** A pace whose clock is moved by hand. */
function clocked(): { pace: Pace; clock: { now: number } } {
  const clock = { now: 0 }
  return { pace: new Pace({ windowMs: 1000, now: () => clock.now }), clock }
}

test('two requests go out at once, the third when the first is a second old', async () => {
  const { pace, clock } = clocked()
  await pace.take(NEVER)
  clock.now = 300
  await pace.take(NEVER)
  expect(pace.waitMs).toBe(700)
  clock.now = 1000
  expect(pace.waitMs).toBe(0)
  await pace.take(NEVER)
  expect(pace.waitMs).toBe(300)
})

test.for([
  [{ 'ratelimit-remaining': '0', 'ratelimit-reset': '3' }, 3000],
  [{ 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '3' }, 3000],
  [{ 'ratelimit-remaining': '2', 'ratelimit-reset': '4' }, 2000],
  [{ 'ratelimit-remaining': '500', 'ratelimit-reset': '60' }, 0],
  [{ 'ratelimit-remaining': '0', 'ratelimit-reset': '1e99' }, 3_600_000],
  [{ 'ratelimit-remaining': '0', 'ratelimit-reset': '-3' }, 0],
  [{ 'ratelimit-remaining': 'none', 'ratelimit-reset': '3' }, 0],
  [{ 'ratelimit-remaining': '0' }, 0],
] as const)('%j: the next request in %d ms', ([headers, waitMs]) => {
  const { pace } = clocked()
  pace.heed(headers)
  expect(pace.waitMs).toBe(waitMs)
})

test("a wait of more than a few seconds is the engine's", async () => {
  const { pace } = clocked()
  pace.heed({ 'ratelimit-remaining': '0', 'ratelimit-reset': '30' })
  await expect(pace.take(NEVER)).rejects.toMatchObject({ action: 'retry', retryAfterMs: 30_000 })
})

test("a wait ends with the slice's time", async () => {
  const { pace } = clocked()
  pace.heed({ 'ratelimit-remaining': '0', 'ratelimit-reset': '4' })
  const abort = new AbortController()
  const taken = pace.take(abort.signal)
  abort.abort()
  await expect(taken).rejects.toMatchObject({ action: 'retry' })
})

async function streaming() {
  const server = await startWandbServer()
  const transport = new Transport(server.url, {})
  onTestFinished(async () => {
    await transport.close()
    await server.stop()
  })
  server.backend.create('e', 'p', 'r')
  const run = { entity: 'e', project: 'p', runId: 'r', storageId: 's' }
  return { server, stream: new FileStream(transport, new Pace({ windowMs: 0 }), run) }
}

const LINES = { lines: { history: { offset: 0, content: [JSON.stringify('{"_step":0}')] } } }

test('no more than two requests reach the server within any second', async () => {
  const { server } = await streaming()
  const transport = new Transport(server.url, {})
  const run = { entity: 'e', project: 'p', runId: 'r', storageId: 's' }
  const stream = new FileStream(transport, new Pace(), run)
  for (let request = 0; request < 6; request++) await stream.send(LINES, TEST_KEY, NEVER)
  await transport.close()
  expect(server.peakRate('r')).toBe(2)
})

test('a run without rows sends heartbeats, which are empty', async () => {
  const { server, stream } = await streaming()
  const heartbeat = new Heartbeat(stream, () => TEST_KEY, 5)
  await until('three have come', () => server.requestsOf('file_stream').length >= 3)
  heartbeat.stop()
  for (const { bytes } of server.requestsOf('file_stream')) expect(bytes).toBe('{}'.length)
  expect(server.errors).toEqual([])
})

test('the answer to a heartbeat may ask for a stop', async () => {
  const { server } = await streaming()
  const transport = new Transport(server.url, {})
  onTestFinished(() => transport.close())
  const run = { entity: 'e', project: 'p', runId: 'r', storageId: 's' }
  let stops = 0
  const stream = new FileStream(transport, new Pace({ windowMs: 0 }), run, () => stops++)
  await stream.beat(() => TEST_KEY)
  expect(stops).toBe(0)
  server.stopped.add('r')
  await stream.beat(() => TEST_KEY)
  expect(stops).toBe(1)
})

test('a heartbeat that fails is no end of them', async () => {
  const { server, stream } = await streaming()
  server.script([
    { kind: 'status', status: 500 },
    { kind: 'body', body: '<html>' },
  ])
  const heartbeat = new Heartbeat(stream, () => TEST_KEY, 5)
  await until('one is answered', () => server.requests.filter(({ status }) => status === 200).length >= 2)
  heartbeat.stop()
})

test('rows do not wait for a heartbeat that hangs', async () => {
  const { server, stream } = await streaming()
  server.script([{ kind: 'hang' }])
  let stuck = false
  server.onStuck = () => {
    stuck = true
  }
  const beating = stream.beat(() => TEST_KEY)
  await until('it hangs', () => stuck)
  await stream.send(LINES, TEST_KEY, NEVER)
  await beating
  expect(server.run('r').history).toEqual([{ _step: 0 }])
})

test('no heartbeat goes out while rows are on their way', async () => {
  const { server, stream } = await streaming()
  server.script([{ kind: 'slow', delayMs: 50 }])
  const sent = stream.send(LINES, TEST_KEY, NEVER)
  await stream.beat(() => TEST_KEY)
  await sent
  expect(server.requests).toHaveLength(1)
})
