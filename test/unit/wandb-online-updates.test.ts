import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { MediaRecord } from '../../src/record/media.js'
import type { Alert } from '../../src/record/updates.js'
import { type RowLiteral, START_TIME } from './support/batches.js'
import { mediaFile, mediaRow } from './support/media-records.js'
import { COMPLETED } from './support/sink-run.js'
import { ID, type Opened, opened, rows } from './support/wandb-run.js'

const at = (ms: number): RowLiteral => ({ time: START_TIME + ms })
const stored = ({ server }: Opened) => server.run(ID)

const system = (values: { readonly [name: string]: number }, ms = 0) =>
  mediaRow({ kind: 'system', name: 'system', producer: 0, value: { values } }, 0, at(ms))

const printed = (stream: 'stdout' | 'stderr', ...lines: readonly (readonly [ms: number, text: string])[]) =>
  mediaRow({
    kind: 'console',
    name: 'console',
    producer: 0,
    value: { stream, lines: lines.map(([ms, text]) => ({ time: START_TIME + ms, text })) },
  })

const alert = (parts: Partial<Alert>, ms = 0) =>
  mediaRow(
    {
      kind: 'alert',
      name: 'alert',
      producer: 0,
      value: { title: 'Loss', text: 'is high', level: 'info', waitMs: 60_000, ...parts },
    },
    0,
    at(ms),
  )

const config = (values: { readonly [name: string]: number }): RowLiteral =>
  mediaRow({ kind: 'config', name: 'config', producer: 0, value: { values } })

test('system samples are events, with their time and the time since the run began', async () => {
  const run = await opened()
  await run.write(system({ cpu: 12.5, 'proc.memory.rssMB': 3 }, 1500))
  await run.write(system({ cpu: Number.POSITIVE_INFINITY }, 2000))
  expect(stored(run).events).toEqual([
    {
      _wandb: true,
      _timestamp: (START_TIME + 1500) / 1000,
      _runtime: 1.5,
      'system.cpu': 12.5,
      'system.proc.memory.rssMB': 3,
    },
    expect.objectContaining({ 'system.cpu': Number.POSITIVE_INFINITY, _runtime: 2 }),
  ])
  expect(run.server.errors).toEqual([])
})

test('printed lines are in output.log, with their time; those of stderr are marked', async () => {
  const run = await opened()
  await run.write(printed('stdout', [0, 'hello "you"'], [0.25, '']), printed('stderr', [1, 'ü']))
  expect(stored(run).console).toEqual([
    '2024-11-19T07:06:40.000000 hello "you"',
    '2024-11-19T07:06:40.000250 ',
    'ERROR 2024-11-19T07:06:40.001000 ü',
  ])
  expect(run.server.errors).toEqual([])
})

test('history, events and console lines of a batch share a request, each with numbers of its own', async () => {
  const run = await opened()
  const batch = (from: number) => [
    ...rows(from, from + 3),
    system({ cpu: from }),
    printed('stdout', [0, 'a'], [0, 'b']),
  ]
  await run.write(...batch(0))
  await run.reopen()
  await run.write(...batch(10))
  const requests = run.server.requestsOf('file_stream')
  expect(requests.map(({ files }) => files)).toEqual([
    { 'wandb-history.jsonl': [0, 2], 'wandb-events.jsonl': [0, 1], 'output.log': [0, 2] },
    { 'wandb-history.jsonl': [2, 3], 'wandb-events.jsonl': [1, 1], 'output.log': [2, 2] },
  ])
  expect(run.server.errors).toEqual([])
})

test('a console line that is refused costs its record, and the others go on without a gap', async () => {
  const run = await opened()
  run.server.refuses = (line) => line.includes('bad')
  const result = await run.write(
    ...rows(0, 2),
    printed('stdout', [0, 'good'], [0, 'bad'], [0, 'bad too']),
    printed('stdout', [0, 'last']),
  )
  expect(result.rejected).toMatchObject([{ row: 2, cause: 'HTTP_400' }])
  expect(stored(run).console.map((line) => line!.slice(27))).toEqual(['good', 'last'])
  expect(run.server.errors).toEqual([])
})

test('a long console record is read from its file, and one whose file is gone is a dead letter', async () => {
  const run = await opened()
  const gone: MediaRecord = {
    kind: 'console',
    name: 'console',
    producer: 0,
    file: { path: 'media/gone.json', bytes: 3, sha256: 'abc' },
  }
  const result = await run.write(mediaRow(gone), printed('stdout', [0, 'here']))
  expect(result.rejected).toMatchObject([{ row: 0, cause: 'media-file' }])
  expect(stored(run).console).toHaveLength(1)
})

test('an alert is sent as W&B has it', async () => {
  const run = await opened()
  await run.write(alert({ level: 'warn', waitMs: 1500.4 }))
  expect(stored(run).alerts).toEqual([
    { title: 'Loss', text: 'is high', severity: 'WARN', waitDuration: 1500 },
  ])
  expect(run.server.errors).toEqual([])
})

test('an alert whose title is in its wait is left out and counted, also by the next process', async () => {
  const run = await opened()
  const first = await run.write(alert({}), alert({ text: 'again' }, 59_999), alert({ title: 'Other' }, 10))
  expect(first.notApplicable).toBe(1)
  await run.reopen()
  const second = await run.write(alert({ text: 'too soon' }, 59_999), alert({ text: 'later' }, 60_000))
  expect(second.notApplicable).toBe(1)
  expect(stored(run).alerts.map(({ title, text }) => [title, text])).toEqual([
    ['Loss', 'is high'],
    ['Other', 'is high'],
    ['Loss', 'later'],
  ])
})

test('a batch that comes again does not send its alerts again', async () => {
  const run = await opened()
  const batch = [alert({}), alert({ title: 'Other' })]
  run.server.script(({ operation, before }) =>
    operation === 'NotifyScriptableRunAlert' && before === 1 ? { kind: 'reset' } : undefined,
  )
  const one = await run.write(...batch).catch((error: unknown) => error)
  expect(one).toMatchObject({ action: 'retry' })
  await run.write(...batch.map((row, sequence) => ({ ...row, sequence })))
  expect(stored(run).alerts.map(({ title }) => title)).toEqual(['Loss', 'Other'])
})

test('an alert that W&B refuses is a dead letter, the rest goes on', async () => {
  const run = await opened()
  run.server.script([{ kind: 'status', status: 400, on: 'NotifyScriptableRunAlert' }])
  const result = await run.write(alert({}), alert({ title: 'Other' }), ...rows(0, 2))
  expect(result.rejected).toMatchObject([{ row: 0, cause: 'HTTP_400' }])
  expect(stored(run).alerts).toMatchObject([{ title: 'Other' }])
})

test('an alert that W&B keeps refusing within a 200 is a dead letter, and holds nothing up', async () => {
  const run = await opened()
  const body = JSON.stringify({ errors: [{ message: 'alerts are off' }], data: null })
  run.server.script(({ operation }) =>
    operation === 'NotifyScriptableRunAlert' ? { kind: 'body', body } : undefined,
  )
  const batch = [{ ...alert({}), sequence: 0 }, ...rows(0, 2)]
  for (let attempt = 0; attempt < 2; attempt++) {
    await expect(run.write(...batch)).rejects.toMatchObject({ action: 'retry' })
  }
  const result = await run.write(...batch)
  expect(result.rejected).toMatchObject([{ row: 0, cause: 'WANDB_REFUSED' }])
})

test('an artifact is committed, once, though the batch that brought it comes again', async () => {
  const run = await opened()
  const bytes = Buffer.from('weights')
  const file = mediaFile(run.context.runDir, 'artifacts/files/abc', bytes)
  const md5 = createHash('md5').update(bytes).digest('base64')
  const value = { type: 'model', metadata: {}, aliases: [], entries: [{ path: 'w.bin', file, md5 }] }
  const record: MediaRecord = { kind: 'artifact', name: 'net', producer: 0, value }
  const batch = [mediaRow(record, 0, { sequence: 0 }), ...rows(0, 2), { ...alert({}), sequence: 3 }]
  run.server.script([{ kind: 'reset', on: 'CommitArtifact' }])
  await expect(run.write(...batch)).rejects.toMatchObject({ action: 'retry' })
  await run.write(...batch)
  const { all } = run.server.backend.artifacts
  expect(all).toMatchObject([{ collection: 'net', type: 'model', state: 'COMMITTED' }])
  expect(stored(run).alerts).toHaveLength(1)
  expect(run.server.errors).toEqual([])
})

test('config that changes reaches the server with the refresh, and at the end', async () => {
  const run = await opened({ refreshMs: 0 })
  await run.write(config({ lr: 0.1 }), ...rows(0, 2))
  expect(stored(run).config).toMatchObject({ lr: { value: 0.1 } })
  const { upserts } = stored(run)
  await run.write(...rows(2, 4))
  expect(stored(run).upserts).toBe(upserts)
  const late = await opened()
  await late.write(config({ lr: 0.2 }))
  await late.sink.close(COMPLETED)
  expect(stored(late).config).toMatchObject({ lr: { value: 0.2 } })
})

test('config, summary and metric definitions are there after a restart', async () => {
  const run = await opened()
  writeFileSync(join(run.context.runDir, 'run.json'), '{}')
  const best: MediaRecord = {
    kind: 'summary',
    name: 'summary',
    producer: 0,
    value: { values: { best: 'NaN' }, removed: [] },
  }
  const metric: MediaRecord = {
    kind: 'metric',
    name: 'value',
    producer: 0,
    value: { summary: ['max'], stepMetric: 'epoch' },
  }
  await run.write(config({ lr: 0.1 }), mediaRow(best), mediaRow(metric), ...rows(0, 3))
  await run.reopen()
  await run.sink.close(COMPLETED)
  expect(stored(run).config).toMatchObject({ lr: { value: 0.1 } })
  expect(stored(run).summary).toMatchObject({ best: Number.NaN, value: { max: 2 } })
  expect(stored(run).metrics.find(({ name }) => name === 'value')).toMatchObject({ stepMetric: 'epoch' })
  expect(run.server.errors).toEqual([])
})

test('a wish to stop the run is handed on', async () => {
  const run = await opened()
  await run.write(...rows(0, 3))
  expect(run.stops).toEqual([])
  run.server.stopped.add(ID)
  await run.write(...rows(3, 5))
  expect(run.stops).not.toEqual([])
})

test('where the run can be seen is announced, unless it is to be silent', async () => {
  const loud = await opened()
  expect(loud.announced).toEqual([`view the run at ${loud.urls[0]}`])
  expect((await opened({ env: { WANDB_SILENT: 'true' } })).announced).toEqual([])
  expect((await opened({ options: { silent: true } })).announced).toEqual([])
  const option = await opened({ options: { silent: false }, env: { WANDB_SILENT: 'true' } })
  expect(option.announced).toHaveLength(1)
})
