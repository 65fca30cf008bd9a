import { expect, onTestFinished, test } from 'vitest'
import type { Sink } from '../../src/sinks/sink.js'
import { Pace } from '../../src/sinks/wandb/online/http/pace.js'
import { resumed } from '../../src/sinks/wandb/online/run/baseline.js'
import { createSink } from '../../src/sinks/wandb/sink.js'
import { startWandbServer, TEST_KEY, type WandbServer } from '../support/wandb-server/server.js'
import { BatchBuilder, type RowLiteral, START_TIME } from './support/batches.js'
import { COMPLETED, runDirectory, sinkContext } from './support/sink-run.js'

async function started(): Promise<WandbServer> {
  const server = await startWandbServer()
  onTestFinished(() => server.stop())
  return server
}

const rows = (from: number, to: number): RowLiteral[] =>
  Array.from({ length: to - from }, (_, index) => ({
    step: from + index,
    time: START_TIME + index * 10_000,
    metrics: { value: from + index },
  }))

interface Session {
  readonly sink: Sink
  open(): Promise<void>
}

function session(server: WandbServer, options: object = {}, runDir = runDirectory()): Session {
  const sink = createSink({ env: { WANDB_API_KEY: TEST_KEY }, pace: new Pace({ windowMs: 0 }) })
  const context = sinkContext(runDir, { options: { baseUrl: server.url, id: 'shared', ...options } })
  onTestFinished(() => sink.close({ status: 'running', endTime: START_TIME }))
  return { sink, open: () => sink.open(context, null) }
}

/** A run with the steps 0 to 9. */
async function earlierRun(server: WandbServer): Promise<void> {
  const { sink, open } = session(server)
  await open()
  await sink.write(new BatchBuilder().batchOf(rows(0, 10)))
  await sink.close(COMPLETED)
}

test.for(['allow', 'must', 'auto'])('resume "%s" goes on behind the lines that are there', async (resume) => {
  const server = await started()
  await earlierRun(server)
  const { sink, open } = session(server, { resume })
  await open()
  await sink.write(new BatchBuilder().batchOf(rows(10, 15)))
  await sink.close(COMPLETED)
  const { history, errors } = server.run('shared')
  expect(history.map(({ _step, value }) => [_step, value])).toEqual(
    Array.from({ length: 15 }, (_, step) => [step, step]),
  )
  expect(history[10]!._runtime).toBe(90)
  expect(errors).toEqual([])
})

test('a resumed run that dies before its first line is committed sends it to the same place', async () => {
  const server = await started()
  await earlierRun(server)
  const runDir = runDirectory()
  for (let life = 0; life < 3; life++) {
    const { sink, open } = session(server, { resume: 'allow' }, runDir)
    await open()
    await sink.write(new BatchBuilder([], 10).batchOf(rows(10, 13 + life)))
    if (life === 2) await sink.close(COMPLETED)
    else await sink.close({ status: 'running', endTime: START_TIME })
  }
  const { history, errors } = server.run('shared')
  expect(history.map(({ _step }) => _step)).toEqual(Array.from({ length: 15 }, (_, step) => step))
  expect(errors).toEqual([])
})

test('steps that begin again from 0 are moved behind the resumed ones, and none is late', async () => {
  const server = await started()
  await earlierRun(server)
  const { sink, open } = session(server, { resume: 'must' })
  await open()
  await sink.write(new BatchBuilder().batchOf(rows(0, 2)))
  await sink.close(COMPLETED)
  expect(server.run('shared').history.slice(10)).toMatchObject([
    { _step: 10, value: 0 },
    { _step: 11, value: 1 },
  ])
  expect(server.run('shared').summary).not.toHaveProperty('offstep/late_rows')
  expect(server.errors).toEqual([])
})

test.for([undefined, 'never'])(
  'a run that is there already is not written over (resume: %s)',
  async (resume) => {
    const server = await started()
    await earlierRun(server)
    const { open } = session(server, resume === undefined ? {} : { resume })
    await expect(open()).rejects.toMatchObject({
      action: 'pause',
      message: expect.stringContaining('resume: "allow"'),
    })
    expect(server.run('shared').history).toHaveLength(10)
  },
)

test('resume "must" wants a run that is there, "allow" does not', async () => {
  const server = await started()
  const must = session(server, { resume: 'must' })
  await expect(must.open()).rejects.toMatchObject({ action: 'pause', code: 'WANDB_NO_RUN' })
  const allow = session(server, { resume: 'allow' })
  await allow.open()
  await allow.sink.write(new BatchBuilder().batchOf(rows(0, 2)))
  await allow.sink.close(COMPLETED)
  expect(server.run('shared').history).toHaveLength(2)
})

const STATUS = {
  storageId: 's',
  historyLineCount: 5,
  eventsLineCount: 0,
  logLineCount: 0,
  historyTail: null,
  eventsTail: null,
  summaryMetrics: null,
  config: null,
}

test.for([
  ['its last line', { historyTail: '["{\\"_step\\":7,\\"_runtime\\":2.5,\\"a\\":NaN}"]' }, 7, 2.5],
  ['its summary', { summaryMetrics: '{"_step":8,"_runtime":3,"b":Infinity}' }, 8, 3],
  [
    'the line before the summary',
    { historyTail: '["{\\"_step\\":7}"]', summaryMetrics: '{"_step":3}' },
    7,
    0,
  ],
  ['nothing that can be read', { historyTail: 'broken', summaryMetrics: '[' }, -1, 0],
  ['no lines', { historyLineCount: 0, summaryMetrics: '{"_step":8}' }, -1, 0],
] as const)('step and runtime go on from %s', ([, part, lastStep, runtime]) => {
  expect(resumed('id', { ...STATUS, ...part })).toMatchObject({ lastStep, runtime })
})
