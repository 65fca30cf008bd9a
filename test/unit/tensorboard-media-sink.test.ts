import { rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { MediaRecord } from '../../src/record/media.js'
import { createSink } from '../../src/sinks/tensorboard/sink.js'
import { BatchBuilder, type RowLiteral, START_TIME } from './support/batches.js'
import { eventFiles, readEvents, readPoints, type WrittenEvent } from './support/event-files.js'
import { imageRecord, mediaFile, mediaRow, textRecord } from './support/media-records.js'
import { deliver, runDirectory, sinkContext } from './support/sink-run.js'

const RUNNING = { status: 'running', endTime: START_TIME } as const

function testRun() {
  const runDir = runDirectory()
  const warnings: string[] = []
  const context = sinkContext(runDir, {
    producerName: (producer) => `worker-${producer}`,
    warn: (kind) => warnings.push(kind),
  })
  return { runDir, context, warnings, directory: join(runDir, 'tensorboard') }
}

/** What one batch in a session of its own gave back. */
async function writeOnce(rows: readonly RowLiteral[], run = testRun()) {
  const sink = createSink()
  await sink.open(run.context, null)
  const result = await sink.write(new BatchBuilder().batchOf(rows))
  await sink.close(RUNNING)
  return { ...run, result }
}

const texts = (directory: string): string[] =>
  contents(directory).flatMap(({ step, media }) =>
    media.map(({ tag, strings }) => `${tag}@${step}=${strings.join()}`),
  )

const contents = (directory: string): WrittenEvent[] => readEvents(directory).flat()

describe('where media are', () => {
  test('a media row is one event, with the step and time of its call, between the rows around it', async () => {
    const time = START_TIME + 12.5
    const { directory, result } = await writeOnce([
      { step: 1, metrics: { loss: 1 } },
      mediaRow(textRecord('note', 'hi'), 2.9, { time }),
      { step: 3, metrics: { loss: 2 } },
    ])
    const [, , before, media, after] = contents(directory)
    expect(before!.step).toBe(1n)
    expect(media).toMatchObject({ step: 2n, wallTime: time / 1000, media: [{ tag: 'note' }] })
    expect(after!.step).toBe(3n)
    expect(result).toMatchObject({ notApplicable: 0, rejected: [] })
  })

  test('a record goes to the directory of the thread that logged it', async () => {
    const { directory } = await writeOnce([
      mediaRow(textRecord('note', 'main')),
      mediaRow(textRecord('note', 'worker', 3)),
    ])
    expect(texts(directory)).toEqual(['note@0=main'])
    expect(texts(join(directory, 'worker-3'))).toEqual(['note@0=worker'])
  })

  test('the first value of each tag in a file says what shows it, and no other does', async () => {
    const { context, directory } = testRun()
    const rows = [0, 1].map((step) => mediaRow(textRecord('note', 'hi'), step))
    const state = await deliver(createSink(), context, [rows])
    await deliver(createSink(), context, [[mediaRow(textRecord('note', 'hi'), 2)]], state)
    const plugins = readEvents(directory).map((events) =>
      events.flatMap(({ media }) => media.map(({ plugin, dataClass }) => [plugin, dataClass])),
    )
    expect(plugins).toEqual([
      [
        ['text', 2],
        [undefined, undefined],
      ],
      [['text', 2]],
    ])
  })

  test('a model is its JSON, and a graph, once', async () => {
    const model = {
      class_name: 'Sequential',
      config: { name: 'n', layers: [{ class_name: 'Dense', config: { name: 'd' } }] },
    }
    const record: MediaRecord = { kind: 'graph', name: 'model', producer: 0, value: { model } }
    const { context, directory } = testRun()
    const state = await deliver(createSink(), context, [[mediaRow(record), mediaRow(record)]])
    await deliver(createSink(), context, [[mediaRow(record)]], state)
    expect(contents(directory).filter(({ graphDef }) => graphDef !== undefined)).toHaveLength(1)
    expect(texts(directory)).toEqual(Array(3).fill(`model@0=${JSON.stringify(model)}`))
  })

  test('a value that is in a file is read from there', async () => {
    const run = testRun()
    const file = mediaFile(run.runDir, 'media/text/long/0.json', Buffer.from('{"text":"from the file"}'))
    const { directory } = await writeOnce([mediaRow({ kind: 'text', name: 'long', producer: 0, file })], run)
    expect(texts(directory)).toEqual(['long@0=from the file'])
  })
})

describe('what is left out', () => {
  test('a record whose step is lower than the last one of its tag is not applicable', async () => {
    const { directory, result, warnings } = await writeOnce([
      mediaRow(textRecord('a', '1'), 5),
      mediaRow(textRecord('a', '2'), 4),
      mediaRow(textRecord('b', '3'), 4),
    ])
    expect(texts(directory)).toEqual(['a@5=1', 'b@4=3'])
    expect(result.notApplicable).toBe(1)
    expect(warnings).toEqual(['step-back'])
  })

  test('so it is in the next session, and the session starts past every step', async () => {
    const { context, directory, warnings } = testRun()
    const state = await deliver(createSink(), context, [[mediaRow(textRecord('a', '1'), 5)]])
    await deliver(
      createSink(),
      context,
      [[mediaRow(textRecord('a', '2'), 4), { step: 6, metrics: { x: 1 } }]],
      state,
    )
    expect(texts(directory)).toEqual(['a@5=1'])
    expect(warnings).toEqual(['step-back'])
    expect(readEvents(directory)[1]![1]).toMatchObject({ session: 1n, step: 6n })
  })

  test('another kind of media under the name of one', async () => {
    const run = testRun()
    const { directory, result, warnings } = await writeOnce(
      [mediaRow(textRecord('a', '1')), mediaRow(imageRecord(run.runDir, 'a', Buffer.from('x')), 1)],
      run,
    )
    expect(texts(directory)).toEqual(['a@0=1'])
    expect(result.notApplicable).toBe(1)
    expect(warnings).toEqual(['tag-kind'])
  })

  test.each([0, 1])(
    'a metric under the name of media, and the other way round (%d sessions later)',
    async (later) => {
      const { context, directory, warnings } = testRun()
      const rows = [
        [mediaRow(textRecord('text first', '1'), 0), { step: 0, metrics: { 'metric first': 1 } }],
        [mediaRow(textRecord('metric first', '2'), 1), { step: 1, metrics: { 'text first': 2, other: 3 } }],
      ]
      if (later === 0) await deliver(createSink(), context, rows)
      else {
        const state = await deliver(createSink(), context, [rows[0]!])
        await deliver(createSink(), context, [rows[1]!], state)
      }
      expect(texts(directory)).toEqual(['text first@0=1'])
      expect(readPoints(directory)).toEqual(['metric first@0=1', 'other@1=3'])
      expect(warnings).toEqual(['tag-kind'])
    },
  )

  test('a media row whose step is no exact integer', async () => {
    const { result, warnings } = await writeOnce([mediaRow(textRecord('a', '1'), 2 ** 60)])
    expect(result.notApplicable).toBe(1)
    expect(warnings).toEqual(['step-too-large'])
  })
})

describe('a media file that is not what it was', () => {
  test.each([
    ['gone', (path: string) => rmSync(path), 'is gone'],
    ['cut', (path: string) => truncateSync(path, 2), 'holds 2 of 5 bytes'],
    ['changed', (path: string) => writeFileSync(path, '1234x'), 'holds other bytes than were logged'],
  ])('is %s: its row is rejected, and the others go on', async (_case, damage, reason) => {
    const run = testRun()
    const record = imageRecord(run.runDir, 'a', Buffer.from('12345'))
    damage(join(run.runDir, record.file.path))
    const { directory, result } = await writeOnce(
      [{ step: 0, metrics: { x: 1 } }, mediaRow(record, 1), mediaRow(textRecord('b', '2'), 2)],
      run,
    )
    expect(result.rejected).toEqual([
      { row: 1, cause: 'media-file', reason: expect.stringContaining(`${record.file.path} ${reason}`) },
    ])
    expect(readPoints(directory)).toEqual(['x@0=1'])
    expect(texts(directory)).toEqual(['b@2=2'])
  })
})

describe('more pictures than fit into memory at once', () => {
  const PICTURE_BYTES = 1024 * 1024
  const pictures = (runDir: string, count: number): RowLiteral[] =>
    Array.from({ length: count }, (_, step) =>
      mediaRow(imageRecord(runDir, 'frame', Buffer.alloc(PICTURE_BYTES, step)), step),
    )

  test('are written in parts, each once and in order', async () => {
    const run = testRun()
    const { directory } = await writeOnce(pictures(run.runDir, 11), run)
    const written = contents(directory).flatMap(({ media }) => media)
    expect(written.map(({ strings }) => strings[2]![0])).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
  })

  test('are there once when the batch comes again after it failed half-way', async () => {
    const { context, runDir, directory } = testRun()
    const rows = pictures(runDir, 9)
    const builder = new BatchBuilder()
    const batch = builder.batchOf(rows)
    const sink = createSink()
    await sink.open(context, null)
    const last = rows[8]!.media!.file!.path
    rmSync(join(runDir, last))
    // Neither gone nor of another size: an error that passes.
    writeFileSync(join(runDir, 'not a directory'), '')
    const blocked = {
      ...rows[8]!.media!,
      file: { path: 'not a directory/x', bytes: 1, sha256: '' },
    } as MediaRecord
    const broken = builder.batchOf([...rows.slice(0, 8), mediaRow(blocked, 8)])
    await expect(sink.write(broken)).rejects.toMatchObject({ code: 'ENOTDIR' })
    expect(statSync(join(directory, eventFiles(directory)[0]!)).size).toBeGreaterThan(4 * PICTURE_BYTES)
    writeFileSync(join(runDir, last), Buffer.alloc(PICTURE_BYTES, 8))
    await sink.write(batch)
    await sink.close(RUNNING)
    const steps = contents(directory).flatMap(({ step, media }) => media.map(() => step))
    expect(steps).toEqual([0n, 1n, 2n, 3n, 4n, 5n, 6n, 7n, 8n])
  })
})
