/** What an offline run's log holds of media and updates, and where their files are. */
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { SinkContext } from '../../src/sinks/sink.js'
import { markUploaded } from '../../src/sinks/wandb/offline/run-directory.js'
import { OfflineSink } from '../../src/sinks/wandb/offline/sink.js'
import { wandbSettings } from '../../src/sinks/wandb/settings/settings.js'
import { everything, NOTES, PICTURE, WEIGHTS } from '../support/wandb-everything.js'
import { decodeMessage, type Message, part, readLog, readPayloads, texts } from '../support/wandb-log.js'
import { BatchBuilder, START_TIME } from './support/batches.js'
import { COMPLETED, deliver, deliverThroughCrashes, runDirectory, sinkContext } from './support/sink-run.js'

const newContext = (parts: Partial<SinkContext> = {}): SinkContext =>
  sinkContext(runDirectory(), { options: { id: 'abc' }, ...parts })

const newSink = (context: SinkContext): OfflineSink => new OfflineSink(wandbSettings(context, {}))

function logOf({ runDir }: SinkContext): string {
  const [directory] = readdirSync(join(runDir, 'wandb'))
  return join(runDir, 'wandb', directory!, 'run-abc.wandb')
}

const CONFIG = 5
const FILES = 6
const STATS = 7
const ARTIFACT = 8
const ALERT = 10
const METRIC = 12
const OUTPUT = 13

/** Messages of one kind, in order. */
const recordsIn = (log: string, field: number): Message[] =>
  readPayloads(readFileSync(log)).flatMap((payload) => part(decodeMessage(payload), field) ?? [])

const filesIn = (log: string): string[] =>
  recordsIn(log, FILES).map((record) => texts(part(record, 1)!, 1)[0]!)

/** The parameters that the log's config records come to. */
function configIn(log: string): object {
  const items = recordsIn(log, CONFIG).flatMap((record) =>
    record.get(1)!.map((item) => decodeMessage(item as Buffer)),
  )
  return Object.fromEntries(items.map((item) => [texts(item, 1)[0]!, JSON.parse(texts(item, 16)[0]!)]))
}

/** All that does not depend on how rows came in batches. */
function contentOf(context: SinkContext): object {
  const log = logOf(context)
  const { history, summary } = readLog(log)
  const raw = (field: number) => recordsIn(log, field).map((record) => JSON.stringify([...record]))
  return {
    history,
    summary,
    config: configIn(log),
    files: filesIn(log).sort(),
    others: [STATS, ARTIFACT, ALERT, OUTPUT].map(raw),
    metrics: new Set(raw(METRIC)),
  }
}

describe('the log', () => {
  test('has a record of every update, numbered without gaps', async () => {
    const context = newContext()
    await deliver(newSink(context), context, [everything(context.runDir)])
    const log = logOf(context)
    const { nums } = readLog(log)
    expect(nums).toEqual(nums.map((_, index) => index + 1))
    expect(configIn(log)).toEqual({ lr: 0.3, layers: [1, { units: 8 }] })
    expect(recordsIn(log, OUTPUT).map((line) => texts(line, 3)[0])).toEqual([
      'first line\n',
      '\n',
      'grüße 100 %\n',
      'a warning\n',
    ])
    expect(recordsIn(log, STATS)).toHaveLength(2)
    expect(recordsIn(log, ALERT).map((alert) => [1, 2, 3].flatMap((field) => texts(alert, field)))).toEqual([
      ['Loss is NaN', 'at 3', 'WARN'],
    ])
    const [artifact] = recordsIn(log, ARTIFACT)
    const entries = part(artifact!, 12)!
      .get(4)!
      .map((entry) => decodeMessage(entry as Buffer))
    const contents = entries.map((entry) => [texts(entry, 1)[0], readFileSync(texts(entry, 6)[0]!)])
    expect(Object.fromEntries(contents)).toEqual(WEIGHTS)
  })

  test('names no file that is not there', async () => {
    const context = newContext()
    const sink = newSink(context)
    const builder = new BatchBuilder()
    await sink.open(context, null)
    for (const row of everything(context.runDir)) {
      await sink.write(builder.batch(row))
      const directory = join(dirname(logOf(context)), 'files')
      for (const name of filesIn(logOf(context))) expect(existsSync(join(directory, name))).toBe(true)
    }
    await sink.close(COMPLETED)
    const directory = join(dirname(logOf(context)), 'files')
    const [picture, table, notes] = filesIn(logOf(context))
    expect(readFileSync(join(directory, picture!))).toEqual(PICTURE)
    expect(JSON.parse(readFileSync(join(directory, table!), 'utf8'))).toMatchObject({ columns: ['a', 'b'] })
    expect(notes).toBe('docs/notes.txt')
    expect(readFileSync(join(directory, notes!))).toEqual(NOTES)
  })

  test('says the same after crashes at any point, in batches of any size', async () => {
    const smooth = newContext()
    await deliver(newSink(smooth), smooth, [everything(smooth.runDir)])
    const expected = contentOf(smooth)
    const life = fc.record({
      batchSizes: fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 4 }),
      uncommitted: fc.boolean(),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(life, { maxLength: 4 }), async (lives) => {
        // In the same place: artifacts are named by where their files are.
        const crashed = { ...newContext(), runDir: smooth.runDir }
        rmSync(join(smooth.runDir, 'wandb'), { recursive: true })
        await deliverThroughCrashes(() => newSink(crashed), crashed, everything(crashed.runDir), lives)
        const { nums } = readLog(logOf(crashed))
        expect(nums).toEqual(nums.map((_, index) => index + 1))
        expect(contentOf(crashed)).toEqual(expected)
      }),
      { numRuns: 40 },
    )
  })

  test('of a later part has the parameters and definitions of the run so far', async () => {
    const context = newContext()
    const state = await deliver(newSink(context), context, [everything(context.runDir)])
    markUploaded(logOf(context))
    const row = { step: 9, time: START_TIME + 60_000, metrics: { 'val/loss': 9 } }
    await deliver(newSink(context), context, [[row]], state)
    const [, directory] = readdirSync(join(context.runDir, 'wandb')).sort()
    const second = join(context.runDir, 'wandb', directory!, 'run-abc.wandb')
    const config = part(readLog(second).run!, 4)!
      .get(1)!
      .map((item) => decodeMessage(item as Buffer))
    const values = config.map((item) => [texts(item, 1)[0], JSON.parse(texts(item, 16)[0]!)])
    expect(Object.fromEntries(values)).toMatchObject({ lr: 0.3 })
    const names = recordsIn(second, METRIC).flatMap((metric) => [...texts(metric, 1), ...texts(metric, 2)])
    expect(names).toEqual(expect.arrayContaining(['epoch', 'val/*', 'acc', 'val/loss']))
  })
})

describe('a file that is gone', () => {
  test('costs its own row, and is told with the way to mend it', async () => {
    for (const lost of ['artifacts/files/notes', 'artifacts/files/two.txt', 'media/images/ab/picture.png']) {
      const context = newContext()
      const rows = everything(context.runDir)
      rmSync(join(context.runDir, lost))
      const sink = newSink(context)
      await sink.open(context, null)
      const { rejected } = await sink.write(new BatchBuilder().batchOf(rows))
      await sink.close(COMPLETED)
      expect(rejected).toMatchObject([{ cause: 'media-file', reason: expect.stringContaining(lost) }])
      expect(readLog(logOf(context)).history).toHaveLength(5)
    }
  })

  test.for([
    ['a', 'a/b'],
    ['a/b', 'a'],
    ['a', 'x'.repeat(256)],
  ] as const)('%s, and a name that cannot be beside it, costs its own row', async ([first, second]) => {
    const context = newContext()
    const saved = everything(context.runDir).find((row) => row.media?.kind === 'file')!
    const named = (name: string) => ({ ...saved, media: { ...saved.media!, name } })
    const sink = newSink(context)
    await sink.open(context, null)
    const rows = [named(first), named(second), named('y'.repeat(255))]
    const { rejected } = await sink.write(new BatchBuilder().batchOf(rows))
    await sink.close(COMPLETED)
    expect(rejected).toMatchObject([{ row: 1, reason: expect.stringContaining('give it another name') }])
    expect(filesIn(logOf(context))).toEqual([first, 'y'.repeat(255)])
  })

  test('with a name that leads out of the run is not written', async () => {
    const context = newContext()
    const rows = everything(context.runDir).map((row) =>
      row.media?.kind === 'file' ? { ...row, media: { ...row.media, name: '../../../out.txt' } } : row,
    )
    const sink = newSink(context)
    await sink.open(context, null)
    const { rejected } = await sink.write(new BatchBuilder().batchOf(rows))
    await sink.close(COMPLETED)
    expect(rejected).toHaveLength(1)
    expect(existsSync(join(context.runDir, 'out.txt'))).toBe(false)
  })
})

describe('how to upload the run', () => {
  async function told(status: 'completed' | 'running', options: object = {}): Promise<string[]> {
    const lines: string[] = []
    const announce = (_kind: string, message: string) => lines.push(message)
    const context = newContext({ announce, options: { id: 'abc', ...options } })
    const sink = newSink(context)
    await sink.open(context, null)
    await sink.write(new BatchBuilder().batch({ metrics: { a: 1 } }))
    await sink.close({ ...COMPLETED, status })
    return lines.map((line) => line.replaceAll(context.runDir, 'RUN'))
  }

  test('is told when it has ended, with both ways', async () => {
    expect(await told('completed')).toEqual([
      expect.stringMatching(
        /^upload it with: wandb sync RUN\/wandb\/offline-run-\d+_\d+-abc, or offstep sync RUN$/,
      ),
    ])
  })

  test('is not told while it goes on, nor where the user wants silence', async () => {
    expect(await told('running')).toEqual([])
    expect(await told('completed', { silent: true })).toEqual([])
  })
})
