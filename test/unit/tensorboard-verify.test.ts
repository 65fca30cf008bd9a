import { appendFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { MediaRecord } from '../../src/record/media.js'
import type { RunOutcome, SinkState } from '../../src/sinks/sink.js'
import { createSink } from '../../src/sinks/tensorboard/sink.js'
import type { ContentSetup } from '../../src/verify/content-check.js'
import type { FileCheck } from '../../src/verify/report.js'
import { checkTensorBoard } from '../../src/verify/tensorboard-check.js'
import { BatchBuilder, type RowLiteral, START_TIME } from './support/batches.js'
import { eventFiles } from './support/event-files.js'
import { hparamsRecord, imageRecord, mediaRow, runFile, textRecord } from './support/media-records.js'
import { COMPLETED, committedState, runDirectory, sinkContext } from './support/sink-run.js'

const RUNNING: RunOutcome = { status: 'running', endTime: START_TIME }
const PICTURE = Buffer.alloc(1000, 7)

interface WrittenRun {
  readonly context: ReturnType<typeof sinkContext>
  readonly batches: readonly (readonly RowLiteral[])[]
  readonly state: SinkState
  readonly picture: string
}

/** Every sort of event: in batches as given, of `sessions` sessions, the last of which ends the run. */
async function writtenRun(logged = false, sessions = 2): Promise<WrittenRun> {
  const runDir = runDirectory()
  runFile(runDir, { lr: 0.1 })
  const context = sinkContext(runDir, { producerName: (producer) => `worker-${producer}` })
  const model = {
    class_name: 'Sequential',
    config: { name: 'n', layers: [{ class_name: 'Dense', config: { name: 'd' } }] },
  }
  const graph: MediaRecord = { kind: 'graph', name: 'model', producer: 0, value: { model } }
  const picture = imageRecord(runDir, 'picture', PICTURE)
  const batches = [
    [
      { step: 0, producer: 1, metrics: { loss: 1 } },
      ...(logged ? [mediaRow(hparamsRecord({ values: { depth: 3 } }))] : []),
      { step: 0, metrics: { loss: 1 } },
      mediaRow(textRecord('note', 'one'), 0),
    ],
    [mediaRow(picture, 1), mediaRow(graph, 1), mediaRow(textRecord('note', 'two'), 1)],
    [mediaRow(textRecord('note', 'worker', 1), 2), { step: 2, metrics: { loss: 2 } }],
  ]
  let state: SinkState | null = null
  for (let session = 0; session < sessions; session++) {
    const sink = createSink()
    await sink.open(context, state)
    const share = Math.ceil(batches.length / sessions)
    const builder = new BatchBuilder([], session * 100)
    for (const rows of batches.slice(session * share, (session + 1) * share))
      state = committedState((await sink.write(builder.batchOf(rows))).state)
    await sink.close(session === sessions - 1 ? COMPLETED : RUNNING)
  }
  return { context, batches, state: state!, picture: picture.file.path }
}

/** As verify replays the journal: other batches than the sink had. */
function check({ context, batches, state }: WrittenRun, parts: Partial<ContentSetup> = {}): FileCheck[] {
  const setup = {
    context,
    cursor: { state } as ContentSetup['cursor'],
    lost: { count: 0 } as ContentSetup['lost'],
    nameless: new Set<string>(),
    outcome: COMPLETED,
    complete: true,
    ...parts,
  }
  const content = checkTensorBoard(setup)
  const sessions = [0, 100]
  // The times of the rows are those that the builders of the sessions gave.
  const half = Math.ceil(batches.length / 2)
  content.expect(new BatchBuilder([], sessions[0]).batchOf(batches.slice(0, half).flat()))
  content.expect(new BatchBuilder([], sessions[1]).batchOf(batches.slice(half).flat()))
  const checks = content.finish()
  content.close()
  return [...checks]
}

const rootOf = (checks: readonly FileCheck[]): FileCheck => checks.find(({ file }) => file === 'tensorboard')!

test.each([false, true])(
  'media, hyper-parameters (logged: %s) and the end of the run are what they should be',
  async (logged) => {
    for (const found of check(await writtenRun(logged))) {
      expect(found).toMatchObject({ result: 'ok', differing: 0, missing: 0, extra: 0, uncommittedBytes: 0 })
    }
  },
)

test('a run that goes on has no end to be missed', async () => {
  const run = await writtenRun()
  const found = rootOf(check(run, { complete: false, outcome: null }))
  expect(found).toMatchObject({ result: 'ok', missing: 0 })
  expect(found.uncommittedBytes).toBeGreaterThan(0)
})

test.each([
  ['picture', PICTURE.subarray(0, 30)],
  ['text', Buffer.from('two')],
  ['graph', Buffer.from('keras_class')],
])('a byte of a %s that differs costs its one event', async (_kind, bytes) => {
  const run = await writtenRun()
  flip(run, bytes)
  const found = rootOf(check(run))
  expect(found).toMatchObject({ result: 'damaged', differing: 1, missing: 0, extra: 0 })
})

test('an event that is sound but says something else is named by its tag', async () => {
  const run = await writtenRun()
  const [rows] = run.batches.slice(1) as [RowLiteral[]]
  const changed = {
    ...run,
    batches: [
      run.batches[0]!,
      [...rows.slice(0, 2), mediaRow(textRecord('note', 'twO'), 1)],
      run.batches[2]!,
    ],
  }
  expect(rootOf(check(changed)).first).toMatchObject({ what: 'differs', field: 'note', expected: 'media' })
})

test('hyper-parameters that are not those of run.json differ', async () => {
  const run = await writtenRun()
  runFile(run.context.runDir, { lr: 0.2 })
  expect(rootOf(check(run))).toMatchObject({ result: 'damaged', differing: 1 })
})

test("a missing end of the run is found, and so is one of another run's", async () => {
  const run = await writtenRun()
  expect(rootOf(check(run, { outcome: { status: 'failed', endTime: COMPLETED.endTime } }))).toMatchObject({
    result: 'damaged',
    differing: 1,
  })
  const sink = createSink()
  await sink.open(run.context, run.state)
  await sink.close(RUNNING)
  expect(rootOf(check(run))).toMatchObject({ result: 'damaged', missing: 1, differing: 0 })
})

test('bytes behind the end of a run that has ended are damage', async () => {
  const run = await writtenRun()
  const directory = join(run.context.runDir, 'tensorboard')
  appendFileSync(join(directory, eventFiles(directory).at(-1)!), Buffer.alloc(20, 1))
  expect(rootOf(check(run))).toMatchObject({ result: 'damaged', extra: 1 })
})

test.each([
  ['gone', (path: string) => rmSync(path)],
  ['damaged', (path: string) => writeFileSync(path, Buffer.alloc(PICTURE.length, 8))],
])('a picture whose media file is %s is kept in the event file, and is no damage', async (_case, damage) => {
  const run = await writtenRun()
  damage(join(run.context.runDir, run.picture))
  expect(rootOf(check(run))).toMatchObject({ result: 'ok', onlyHere: 1, differing: 0, extra: 0, missing: 0 })
})

function flip({ context }: WrittenRun, bytes: Uint8Array): void {
  const directory = join(context.runDir, 'tensorboard')
  for (const name of eventFiles(directory)) {
    const content = readFileSync(join(directory, name))
    const at = content.indexOf(bytes)
    if (at < 0) continue
    content[at]! ^= 1
    writeFileSync(join(directory, name), content)
    return
  }
  throw new Error('no event file has these bytes')
}
