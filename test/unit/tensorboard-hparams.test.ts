import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { RunOutcome, SinkContext, SinkState } from '../../src/sinks/sink.js'
import { createSink } from '../../src/sinks/tensorboard/sink.js'
import type { JsonObject } from '../../src/store/run-context.js'
import { BatchBuilder, type RowLiteral, START_TIME } from './support/batches.js'
import { decodeFields, readEvents, type WrittenMedia } from './support/event-files.js'
import { hparamsRecord, mediaRow, runFile } from './support/media-records.js'
import { COMPLETED, committedState, runDirectory, sinkContext } from './support/sink-run.js'

function testRun(config: JsonObject | null, options: SinkContext['options'] = {}) {
  const runDir = runDirectory()
  if (config !== null) runFile(runDir, config)
  const warnings: string[] = []
  const context = sinkContext(runDir, {
    options,
    producerName: (producer) => `worker-${producer}`,
    warn: (kind) => warnings.push(kind),
  })
  return { context, warnings, directory: join(runDir, 'tensorboard') }
}

/** One session: its batches, and how it ends. */
async function session(
  context: SinkContext,
  batches: readonly (readonly RowLiteral[])[],
  outcome: RunOutcome = { status: 'running', endTime: START_TIME },
  state: SinkState | null = null,
) {
  const sink = createSink()
  const builder = new BatchBuilder()
  await sink.open(context, state)
  let committed = state
  let notApplicable = 0
  for (const rows of batches) {
    const result = await sink.write(builder.batchOf(rows))
    committed = committedState(result.state)
    notApplicable += result.notApplicable ?? 0
  }
  await sink.close(outcome)
  return { state: committed, notApplicable }
}

const row = (step: number, producer = 0): RowLiteral => ({ step, producer, metrics: { loss: step } })

/** Every hyper-parameter event of a directory, with what it says. */
function hparamsIn(directory: string): string[] {
  const values = readEvents(directory)
    .flat()
    .flatMap(({ media }) => media)
  return values.filter(({ plugin }) => plugin === 'hparams').map(said)
}

function said({ tag, content }: WrittenMedia): string {
  const fields = decodeFields(content)
  if (tag === '_hparams_/session_end_info') {
    return `end ${decodeFields(fields.get(4)![0] as Buffer).get(1)![0]}`
  }
  const info = decodeFields(fields.get(3)![0] as Buffer)
  const names = (info.get(1) ?? []).map((entry) => `${decodeFields(entry as Buffer).get(1)![0]}`)
  return `start ${names.join(' ')}`
}

describe("the run's config", () => {
  test('is at the beginning of the first file, flattened, without secrets', async () => {
    const { context, directory } = testRun({ lr: 0.1, optimizer: { name: 'adam' }, api_key: 'x', none: null })
    await session(context, [[row(0)], [row(1)]])
    expect(hparamsIn(directory)).toEqual(['start lr optimizer/name'])
    const third = readEvents(directory)[0]![2]!
    expect(third).toMatchObject({ step: 0n, wallTime: START_TIME / 1000 })
    expect(third.media[0]!.tag).toBe('_hparams_/session_start_info')
  })

  test('is not written again by a later session', async () => {
    const { context, directory } = testRun({ lr: 0.1 })
    const { state } = await session(context, [[row(0)]])
    await session(context, [[row(1)]], undefined, state)
    expect(readEvents(directory)).toHaveLength(2)
    expect(hparamsIn(directory)).toEqual(['start lr'])
  })

  test("is not in the directories of other producers, and waits for the run's own", async () => {
    const { context, directory } = testRun({ lr: 0.1 })
    await session(context, [[row(0, 2)], [row(1)]])
    expect(hparamsIn(join(directory, 'worker-2'))).toEqual([])
    expect(hparamsIn(directory)).toEqual(['start lr'])
  })

  test('makes no file before there is a value', async () => {
    const { context, directory } = testRun({ lr: 0.1 })
    await session(context, [[{ step: 0 }], [row(0)]])
    expect(hparamsIn(directory)).toEqual(['start lr'])
    expect(readEvents(directory)[0]![1]).toMatchObject({ session: 1n, step: 0n })
  })

  test.each([
    ['is empty', {}],
    ['holds secrets alone', { token: 'x' }],
    ['cannot be read', null],
  ])('that %s is left out, and so is the end', async (_case, config) => {
    const { context, directory } = testRun(config)
    await session(context, [[row(0)]], COMPLETED)
    expect(hparamsIn(directory)).toEqual([])
  })

  test('is left out where the sink is told so', async () => {
    const { context, directory } = testRun({ lr: 0.1 }, { hparams: false })
    await session(context, [[row(0)]], COMPLETED)
    expect(hparamsIn(directory)).toEqual([])
  })

  test('a later session starts past its step, so that a reader does not purge it', async () => {
    const { context, directory } = testRun({ lr: 0.1 })
    const { state } = await session(context, [[row(-5)]])
    await session(context, [[row(-4)]], undefined, state)
    expect(readEvents(directory)[1]![1]).toMatchObject({ session: 1n, step: 1n })
  })

  test('an option that is none pauses the sink, and says which', async () => {
    const { context } = testRun({ lr: 0.1 }, { hparams: 'no' })
    await expect(createSink().open(context, null)).rejects.toMatchObject({
      action: 'pause',
      message: expect.stringContaining('hparams'),
    })
  })
})

describe('hyper-parameters that were logged', () => {
  const logged = (producer = 0) => mediaRow(hparamsRecord({ values: { depth: 3 } }, producer))

  test("in the first batch take the place of the config's", async () => {
    const { context, directory, warnings } = testRun({ lr: 0.1 })
    expect((await session(context, [[row(0), logged()]])).notApplicable).toBe(0)
    expect(hparamsIn(directory)).toEqual(['start depth'])
    expect(warnings).toEqual([])
  })

  test("later ones are not applicable where the config's are there, and the user is told", async () => {
    const { context, directory, warnings } = testRun({ lr: 0.1 })
    expect((await session(context, [[row(0)], [logged(), logged()]])).notApplicable).toBe(2)
    expect(hparamsIn(directory)).toEqual(['start lr'])
    expect(new Set(warnings)).toEqual(new Set(['hparams-twice']))
  })

  test('so are those after the first ones, also in a later session', async () => {
    const { context, directory } = testRun(null)
    const { state } = await session(context, [[row(0)], [logged()], [logged()]])
    expect((await session(context, [[logged()]], undefined, state)).notApplicable).toBe(1)
    expect(hparamsIn(directory)).toEqual(['start depth'])
  })

  test("are the run's, whichever thread logged them", async () => {
    const { context, directory } = testRun(null)
    await session(context, [[row(0), row(0, 2), logged(2)]])
    expect(hparamsIn(directory)).toEqual(['start depth'])
    expect(hparamsIn(join(directory, 'worker-2'))).toEqual([])
  })
})

describe('the end of a run', () => {
  test.each([
    ['completed', 'end 1'],
    ['failed', 'end 2'],
    ['killed', 'end 2'],
    ['crashed', 'end 2'],
  ] as const)('that %s is behind its last value', async (status, end) => {
    const { context, directory } = testRun({ lr: 0.1 })
    await session(context, [[row(0)]], { status, endTime: START_TIME + 5000 })
    expect(hparamsIn(directory)).toEqual(['start lr', end])
    expect(readEvents(directory)[0]!.at(-1)!.wallTime).toBe(START_TIME / 1000 + 5)
  })

  test('is not there where only the sink was closed', async () => {
    const { context, directory } = testRun({ lr: 0.1 })
    await session(context, [[row(0)]])
    expect(hparamsIn(directory)).toEqual(['start lr'])
  })

  test('gives way when the run goes on, and is there once however often it is closed', async () => {
    const { context, directory } = testRun({ lr: 0.1 })
    const { state } = await session(context, [[row(0)]], { status: 'crashed', endTime: START_TIME })
    const later = await session(context, [[row(1)]], undefined, state)
    expect(hparamsIn(directory)).toEqual(['start lr'])
    await session(context, [], COMPLETED, later.state)
    await session(context, [], COMPLETED, later.state)
    expect(hparamsIn(directory)).toEqual(['start lr', 'end 1'])
  })
})
