import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { LogLevel } from '../../src/record/log-line.js'
import type { MediaRecord } from '../../src/record/media.js'
import type { ConsoleOutput } from '../../src/record/updates.js'
import { createSink } from '../../src/sinks/log/sink.js'
import { BatchBuilder, type RowLiteral, START_TIME } from './support/batches.js'
import { mediaFile, mediaRow, textRecord } from './support/media-records.js'
import { COMPLETED, deliver, deliverThroughCrashes, runDirectory, sinkContext } from './support/sink-run.js'

const text = (dir: string) => readFileSync(join(dir, 'output.log'), 'utf8')
const lines = (dir: string) => text(dir).split('\n').slice(0, -1)

type Line = readonly [atMs: number, text: string, level?: LogLevel]

const printed = (stream: ConsoleOutput['stream'], ...given: readonly Line[]): RowLiteral =>
  mediaRow({
    kind: 'console',
    name: 'console',
    producer: 0,
    value: {
      stream,
      lines: given.map(([at, line, level]) => ({
        time: START_TIME + at,
        text: line,
        ...(level === undefined ? {} : { level }),
      })),
    },
  })

const alert = (level: 'info' | 'warn' | 'error', title: string, body: string): RowLiteral => {
  const value = { title, text: body, level, waitMs: 0 }
  return mediaRow({ kind: 'alert', name: 'alert', producer: 0, value } satisfies MediaRecord, 0, {
    time: START_TIME,
  })
}

describe('what a line looks like', () => {
  test('time, stream or level, and the text', async () => {
    const dir = runDirectory()
    await deliver(createSink(), sinkContext(dir), [
      [printed('stdout', [0, 'epoch 1 of 10']), printed('stderr', [5, 'a warning'], [6, ''])],
      [
        printed('stdout', [
          1234,
          '{"level":40,"time":1,"pid":2,"hostname":"h","loss":9.5,"msg":"loss is high"}',
          'warn',
        ]),
      ],
      [alert('error', 'Loss is NaN', 'at step 300'), alert('info', 'Half way', '')],
    ])
    expect(lines(dir)).toEqual([
      '2024-11-19T07:06:40.000Z stdout epoch 1 of 10',
      '2024-11-19T07:06:40.005Z stderr a warning',
      '2024-11-19T07:06:40.006Z stderr ',
      '2024-11-19T07:06:41.234Z warn   loss is high {"loss":9.5}',
      '2024-11-19T07:06:40.000Z error  alert: Loss is NaN: at step 300',
      '2024-11-19T07:06:40.000Z info   alert: Half way',
    ])
  })

  test('colours go, and a line stays one line', async () => {
    const dir = runDirectory()
    const row = printed(
      'stdout',
      [0, '\u001b[31mred\u001b[0m'],
      [0, '{"msg":"a\\nb"}', 'info'],
      [0, '{broken', 'info'],
    )
    await deliver(createSink(), sinkContext(dir), [[row]])
    expect(lines(dir).map((line) => line.slice(25))).toEqual(['stdout red', 'info   a b', 'info   {broken'])
  })

  test('long output is read from its file, and one that is gone is a dead letter', async () => {
    const dir = runDirectory()
    const value = { stream: 'stdout', lines: [{ time: START_TIME, text: 'from a file' }] }
    const file = mediaFile(dir, 'media/console/1.json', Buffer.from(JSON.stringify(value)))
    const kept: MediaRecord = { kind: 'console', name: 'console', producer: 0, file }
    const lost: MediaRecord = { ...kept, file: { ...file, path: 'media/console/2.json' } }
    const sink = createSink()
    await sink.open(sinkContext(dir), null)
    const batch = new BatchBuilder().batch(
      { metrics: { a: 1 } },
      mediaRow(lost),
      mediaRow(kept),
      mediaRow(textRecord('t', 'x')),
    )
    const { notApplicable, rejected } = await sink.write(batch)
    await sink.close(COMPLETED)
    expect({ notApplicable, rejected }).toMatchObject({
      notApplicable: 2,
      rejected: [{ row: 1, cause: 'media-file' }],
    })
    expect(lines(dir)).toEqual(['2024-11-19T07:06:40.000Z stdout from a file'])
  })
})

test('lines below the level are left out', async () => {
  const dir = runDirectory()
  const row = printed('stdout', [0, 'captured'], [0, 'd', 'debug'], [0, 'e', 'error'])
  const context = sinkContext(dir, { options: { level: 'warn' } })
  await deliver(createSink(), context, [[row, printed('stderr', [0, 'from stderr'])]])
  expect(lines(dir).map((line) => line.slice(25))).toEqual(['error  e', 'stderr from stderr'])
})

const burst = (second: number, count: number): RowLiteral =>
  printed('stdout', ...Array.from({ length: count }, (_, i): Line => [second * 1000 + i, `${second}/${i}`]))

describe('too many lines in a second', () => {
  const context = (dir: string) => sinkContext(dir, { options: { maxLinesPerSecond: 10 } })

  test('are left out, and counted where the log goes on', async () => {
    const dir = runDirectory()
    await deliver(createSink(), context(dir), [[burst(0, 25)], [burst(1, 3)]])
    const shown = lines(dir).map((line) => line.slice(25))
    expect(shown).toHaveLength(14)
    expect(shown[10]).toBe('warn   offstep: 15 lines left out: more than 10 in a second')
    expect(shown.at(-1)).toBe('stdout 1/2')
  })

  test('are counted at the end of the run where nothing comes after them', async () => {
    const dir = runDirectory()
    await deliver(createSink(), context(dir), [[burst(0, 25)]])
    expect(lines(dir).at(-1)).toContain('15 lines left out')
    expect(lines(dir)).toHaveLength(11)
  })

  test('0 is no limit', async () => {
    const dir = runDirectory()
    await deliver(createSink(), sinkContext(dir, { options: { maxLinesPerSecond: 0 } }), [[burst(0, 5000)]])
    expect(lines(dir)).toHaveLength(5000)
  })
})

test.each([
  [[1], false],
  [[1, 1, 2], true],
  [[3, 2, 4], true],
  [[9], true],
])(
  'through batches of %j and crashes (uncommitted: %s) the file is the same',
  async (batchSizes, uncommitted) => {
    const rows = Array.from({ length: 12 }, (_, i) =>
      i % 3 === 0 ? alert('warn', `t${i}`, '') : burst(Math.floor(i / 4), 7),
    )
    const [whole, crashed] = [runDirectory(), runDirectory()]
    const options = { options: { maxLinesPerSecond: 10 } }
    await deliver(createSink(), sinkContext(whole, options), [rows])
    const life = { batchSizes, uncommitted }
    await deliverThroughCrashes(createSink, sinkContext(crashed, options), rows, [
      life,
      { ...life, uncommitted: true },
    ])
    expect(text(crashed)).toBe(text(whole))
  },
)
