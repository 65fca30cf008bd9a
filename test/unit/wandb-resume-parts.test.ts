import { expect, test } from 'vitest'
import type { MediaRecord } from '../../src/record/media.js'
import { resumed } from '../../src/sinks/wandb/online/run/baseline.js'
import { resumedDescription } from '../../src/sinks/wandb/online/run/resumed-config.js'
import type { RunDescription } from '../../src/sinks/wandb/run/run-description.js'
import type { RowLiteral } from './support/batches.js'
import { START_TIME } from './support/batches.js'
import { mediaRow } from './support/media-records.js'
import { COMPLETED } from './support/sink-run.js'
import { type Opened, opened, type Parts, prepared, rows } from './support/wandb-run.js'

const SHARED = 'shared'
const stored = ({ server }: Opened) => server.run(SHARED)

const event = (time: number): RowLiteral =>
  mediaRow({ kind: 'system', name: 'system', producer: 0, value: { values: { cpu: 1 } } }, 0, {
    time: START_TIME + time,
  })

const printed = (text: string): RowLiteral =>
  mediaRow({
    kind: 'console',
    name: 'console',
    producer: 0,
    value: { stream: 'stdout', lines: [{ time: START_TIME, text }] },
  })

const setSummary: MediaRecord = {
  kind: 'summary',
  name: 'summary',
  producer: 0,
  value: { values: { best: 'NaN', note: 'theirs' }, removed: [] },
}

const RUN_FILE = {
  format: 1,
  id: SHARED,
  project: 'tinystories',
  name: 'baseline',
  status: 'running',
  startTime: '2024-11-19T07:06:40.000Z',
}

/** A run with the steps 0 to 9, two events and a printed line, which has completed. */
async function earlier(parts: Parts = {}): Promise<Opened> {
  const run = await opened({ ...parts, options: { id: SHARED, ...parts.options } })
  const ended = 3_600_000
  await run.write(...rows(0, 10), event(1000), event(ended), printed('first'), mediaRow(setSummary))
  await run.sink.close(COMPLETED)
  return run
}

async function later(first: Opened, parts: Parts = {}): Promise<Opened> {
  const options = { baseUrl: first.server.url, id: SHARED, resume: 'must', ...parts.options }
  return opened({ ...parts, on: first.server, options })
}

test('events and printed lines go on behind those that are there', async () => {
  const first = await earlier()
  const run = await later(first)
  await run.write(...rows(10, 12), event(0), printed('second'))
  await run.reopen()
  await run.write(...rows(12, 14), event(1000), printed('third'))
  await run.sink.close(COMPLETED)
  expect(stored(run).history.map(({ _step }) => _step)).toEqual(Array.from({ length: 14 }, (_, step) => step))
  expect(stored(run).console.map((line) => line!.slice(27))).toEqual(['first', 'second', 'third'])
  expect(stored(run).events).toHaveLength(4)
  expect(run.server.errors).toEqual([])
})

test('the time since the run began goes on from the latest that the server has', async () => {
  const run = await later(await earlier())
  await run.write(...rows(10, 12), event(500))
  expect(stored(run).events.at(-1)!._runtime).toBe(3600.5)
})

test('the summary is kept, NaN too, until a row replaces a value', async () => {
  const run = await later(await earlier())
  await run.write(...rows(10, 12))
  await run.sink.close(COMPLETED)
  expect(stored(run).summary).toMatchObject({ best: Number.NaN, note: 'theirs', value: 11, _step: 11 })
})

test('config, tags, notes and name stay where the resumed run says nothing, and are its own where it does', async () => {
  const first = await earlier({
    runFile: { ...RUN_FILE, config: { lr: 0.1, seed: 1 }, tags: ['old'], notes: 'why', name: 'first' },
    options: { name: 'their name' },
  })
  const run = await later(first, { runFile: { ...RUN_FILE, config: { lr: 0.2 } } })
  expect(stored(run).fields).toMatchObject({ tags: ['old'], notes: 'why', displayName: 'their name' })
  expect(stored(run).config).toMatchObject({ lr: { value: 0.2 }, seed: { value: 1 } })
  await run.write(...rows(10, 12))
  await run.reopen()
  expect(stored(run).config).toMatchObject({ lr: { value: 0.2 }, seed: { value: 1 } })
  await run.sink.close(COMPLETED)
  await later(first, { options: { tags: ['new'], name: 'our name' } })
  expect(stored(run).fields).toMatchObject({ tags: ['new'], notes: 'why', displayName: 'our name' })
})

test.for([
  ['0', [0, 1, 2], [10, 11, 12]],
  ['1', [1, 2, 3], [10, 11, 12]],
  ['a step above', [20, 21, 30], [20, 21, 30]],
  ['the next step', [10, 11], [10, 11]],
] as const)('own steps that begin at %s', async ([, given, expected]) => {
  const run = await later(await earlier())
  const logged = given.map((step) => ({ step, time: START_TIME + step * 10_000, metrics: { value: step } }))
  await run.write(event(0), logged[0]!)
  await run.reopen()
  await run.write(...logged.slice(1))
  await run.sink.close(COMPLETED)
  expect(
    stored(run)
      .history.slice(10)
      .map(({ _step }) => _step),
  ).toEqual(expected)
  expect(stored(run).summary).not.toHaveProperty('offstep/late_rows')
  expect(run.server.errors).toEqual([])
})

test('a run whose earlier part still has rows to come waits for them, so that no line is laid over another', async () => {
  const first = await opened({ options: { id: SHARED } })
  await first.write(...rows(0, 5))
  const second = await prepared({
    on: first.server,
    options: { baseUrl: first.server.url, id: SHARED, resume: 'allow' },
  })
  const waits = {
    action: 'retry',
    code: 'WANDB_EARLIER_RUN',
    message: expect.stringContaining('offstep sync'),
  }
  await expect(second.sink.open(second.context, null)).rejects.toMatchObject(waits)
  await first.write(...rows(5, 8))
  await first.sink.close({ ...COMPLETED, status: 'crashed' })
  await second.sink.open(second.context, null)
  await second.write(...rows(8, 10))
  await second.sink.close(COMPLETED)
  expect(stored(first).history.map(({ value }) => value)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
  expect(first.server.errors).toEqual([])
})

const STATUS = {
  storageId: 's',
  historyLineCount: 5,
  eventsLineCount: 3,
  logLineCount: 2,
  historyTail: null,
  eventsTail: null,
  summaryMetrics: null,
  config: null,
}

test.for([
  [{ historyTail: '["{\\"_runtime\\":2.5}"]', eventsTail: '["{\\"_runtime\\":7}"]' }, 7],
  [{ historyTail: '["{\\"_runtime\\":2.5}"]', eventsTail: '["{\\"_runtime\\":1}"]' }, 2.5],
  [{ summaryMetrics: '{"_runtime":4,"_wandb":{"runtime":9}}' }, 9],
  [{ eventsTail: 'broken', summaryMetrics: '{"_runtime":NaN}' }, 0],
] as const)('%j: the run has taken %d s', ([part, runtime]) => {
  expect(resumed('id', { ...STATUS, ...part })).toMatchObject({
    runtime,
    offsets: { history: 5, events: 3, console: 2 },
  })
})

test('a summary with a text of 10 MB is read', () => {
  const text = 'a line of the text\n'.repeat(550_000)
  const { summary } = resumed('id', { ...STATUS, summaryMetrics: `{"a":NaN,"text":${JSON.stringify(text)}}` })
  expect(summary[0]).toEqual(['a', 'NaN'])
  expect(JSON.parse(summary[1]![1]) === text).toBe(true)
})

test('values of a resumed summary are kept to the digit', () => {
  const summaryMetrics =
    '{"a":NaN,"b":-Infinity,"c":12345678901234567890,"d":0.12345678901234568,"e":"NaN","f":{"max":NaN},"g":1e-7}'
  expect(resumed('id', { ...STATUS, summaryMetrics }).summary).toEqual([
    ['a', 'NaN'],
    ['b', '-Infinity'],
    ['c', '12345678901234567890'],
    ['d', '0.12345678901234568'],
    ['e', '"NaN"'],
    ['f', '{"max":NaN}'],
    ['g', '1e-7'],
  ])
})

test('metric definitions come behind those that are there, and find their step metrics', () => {
  const description = {
    displayName: 'n',
    config: { _wandb: { value: { t: { 13: 'ours' }, m: [{ 1: 'epoch' }, { 1: 'loss', 5: 1 }] } } },
  } as unknown as RunDescription
  const config =
    '{"_wandb":{"value":{"t":{"4":"3.11"},"m":[{"1":"a"},{"1":"b","5":1}],"cli_version":"0.30.0"}}}'
  const { _wandb } = resumedDescription(description, { storageId: 's', config }, undefined).config
  expect(_wandb).toEqual({
    value: {
      t: { 13: 'ours' },
      cli_version: '0.30.0',
      m: [{ 1: 'a' }, { 1: 'b', 5: 1 }, { 1: 'epoch' }, { 1: 'loss', 5: 3 }],
    },
  })
})
