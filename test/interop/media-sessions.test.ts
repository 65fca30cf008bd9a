/** Media of a run that crashed and went on: TensorBoard, with both loaders, has each value once and in order. */
import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { SinkState } from '../../src/sinks/sink.js'
import { createSink } from '../../src/sinks/tensorboard/sink.js'
import { BatchBuilder, type RowLiteral, START_TIME } from '../unit/support/batches.js'
import { imageRecord, mediaRow, runFile, textRecord } from '../unit/support/media-records.js'
import { COMPLETED, committedState, sinkContext } from '../unit/support/sink-run.js'
import { LOADERS, TensorBoardServer } from './support/server.js'

const STEPS_PER_SESSION = 3
const SESSIONS = 3
const RUN = 'tensorboard'

const runDir = mkdtempSync(join(tmpdir(), 'offstep-sessions-'))
const picture = readFileSync(join(import.meta.dirname, 'support', 'picture.png'))

/** Rows of one step: a metric and media of two threads. */
const rowsOf = (step: number): RowLiteral[] => [
  { step, metrics: { loss: 1 / (step + 1) } },
  mediaRow(textRecord('note', `main ${step}`), step),
  mediaRow(textRecord('note', `worker ${step}`, 1), step),
  mediaRow(imageRecord(runDir, 'frame', Buffer.concat([picture, Buffer.of(step)])), step),
]

/** Each session dies with a batch that was written, but not committed, and half a record behind it. */
beforeAll(async () => {
  runFile(runDir, { lr: 0.1 })
  const context = sinkContext(runDir, { producerName: (producer) => `worker-${producer}` })
  let state: SinkState | null = null
  for (let session = 0; session < SESSIONS; session++) {
    const first = session * STEPS_PER_SESSION
    const steps = Array.from({ length: STEPS_PER_SESSION }, (_, index) => first + index)
    const sink = createSink()
    const builder = new BatchBuilder([], first)
    await sink.open(context, state)
    state = committedState((await sink.write(builder.batchOf(steps.flatMap(rowsOf)))).state)
    if (session === SESSIONS - 1) {
      await sink.close(COMPLETED)
      continue
    }
    await sink.write(builder.batchOf(rowsOf(first + STEPS_PER_SESSION)))
    await sink.close({ status: session === 0 ? 'crashed' : 'running', endTime: START_TIME })
    tear(join(runDir, RUN))
  }
})
afterAll(() => rmSync(runDir, { recursive: true }))

function tear(directory: string): void {
  const path = join(
    directory,
    readdirSync(directory)
      .filter((name) => name.includes('tfevents'))
      .sort()
      .at(-1)!,
  )
  appendFileSync(path, readFileSync(path).subarray(0, 30))
}

describe.each(Object.keys(LOADERS) as (keyof typeof LOADERS)[])('the %s loader', (loader) => {
  let server: TensorBoardServer

  beforeAll(async () => {
    server = await TensorBoardServer.start(runDir, loader)
    await server.until('the last step', async () => {
      const texts = await server.json<Record<string, string[]>>('text/tags')
      if (!(RUN in texts)) return undefined
      const notes = await server.json<object[]>('text/text', { run: RUN, tag: 'note' })
      return notes.length >= STEPS_PER_SESSION * SESSIONS || undefined
    })
  })
  afterAll(async () => {
    await server?.stop()
    expect(server.log).not.toMatch(/read error|checksum|traceback/i)
  })

  test.each([
    [RUN, 'main'],
    [`${RUN}/worker-1`, 'worker'],
  ])('every text of %s', async (run, who) => {
    const notes = await server.json<{ step: number; text: string }[]>('text/text', { run, tag: 'note' })
    expect(notes.map(({ step, text }) => [step, text])).toEqual(
      Array.from({ length: STEPS_PER_SESSION * SESSIONS }, (_, step) => [step, `<p>${who} ${step}</p>`]),
    )
  })

  test('every picture, byte for byte', async () => {
    const images = await server.json<{ step: number; query: string }[]>('images/images', {
      run: RUN,
      tag: 'frame',
      sample: '0',
    })
    expect(images.map(({ step }) => step)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8])
    for (const { step, query } of images) {
      const bytes = await server.bytes(
        'images/individualImage',
        Object.fromEntries(new URLSearchParams(query)),
      )
      expect(bytes.at(-1)).toBe(step)
    }
  })

  test('the hyper-parameters of the config, once, and the end of the last session', async () => {
    const request = {
      experimentName: '',
      startIndex: 0,
      sliceSize: 10,
      allowedStatuses: ['STATUS_UNKNOWN', 'STATUS_SUCCESS', 'STATUS_FAILURE', 'STATUS_RUNNING'],
      colParams: [{ hparam: 'lr', includeInResult: true }],
    }
    const { sessionGroups } = await server.json<{ sessionGroups: { hparams: object; sessions: object[] }[] }>(
      'hparams/session_groups',
      { request: JSON.stringify(request) },
    )
    expect(sessionGroups).toMatchObject([{ hparams: { lr: 0.1 }, sessions: [{ status: 'STATUS_SUCCESS' }] }])
  })
})
