/** Whole runs whose W&B server is away for a time, or whose process is killed while a request is on its way. */
import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest'
import { init } from '../../dist/src/index.js'
import { recoverRun } from '../../dist/src/runs.js'
import { temporaryDirectory } from '../support/directory.js'
import { startProgram } from '../support/program.js'
import { until } from '../support/until.js'
import { startWandbServer, TEST_KEY, type WandbServer } from '../support/wandb-server/server.js'
import type { StoredRun } from '../support/wandb-server/stored-run.js'

const ROWS = 40

beforeEach(() => {
  process.env.WANDB_API_KEY = TEST_KEY
})
afterEach(() => {
  delete process.env.WANDB_API_KEY
})

async function started(): Promise<WandbServer> {
  const server = await startWandbServer()
  onTestFinished(() => server.stop())
  return server
}

/** All that fixtures/wandb-online/run.mjs has logged, once and in order. */
function expectWhole(run: StoredRun): void {
  const history = run.history
  expect(history.map(({ _step, value }) => [_step, value])).toEqual(
    Array.from({ length: ROWS }, (_, step) => [step, step]),
  )
  for (const line of history.filter((_, step) => step % 10 === 0)) {
    expect(line.weights).toMatchObject({ _type: 'histogram' })
    expect(line['samples/picture']).toMatchObject({ _type: 'image-file', width: 4, height: 4 })
  }
  const printed = run.console.map((line) => line!.replace(/^\S+ /, ''))
  expect(printed).toEqual(['step 0', 'step 10', 'step 20', 'step 30'])
  expect(run.config).toMatchObject({ batch: { value: 8 } })
  expect(run.summary).toMatchObject({ _step: ROWS - 1, value: ROWS - 1, note: 'kept' })
  expect(run.files.get('notes/saved.txt')).toEqual(Buffer.from('a saved file'))
  expect(run.uploads.unnamed).toEqual([])
  expect(run.complete).toBe(true)
  expect(run.errors).toEqual([])
}

test('a run that begins while the server is away is there, whole, when it is back', async () => {
  const server = await started()
  await server.stop()
  const run = init({
    project: 'live',
    dir: temporaryDirectory(),
    git: false,
    handleSignals: false,
    recover: false,
    sinks: [{ type: 'wandb', baseUrl: server.url }],
  })
  for (let step = 0; step < ROWS / 2; step++) run.log({ value: step }, step)
  await until('it has been tried', () => run.status().sinks.wandb!.lastError !== null)
  await server.start()
  for (let step = ROWS / 2; step < ROWS; step++) run.log({ value: step }, step)
  expect(await run.finish({ timeoutMs: 20_000 })).toMatchObject({ reached: true })
  const { history, errors, exitCode } = server.run(run.id)
  expect(history.map(({ value }) => value)).toEqual(Array.from({ length: ROWS }, (_, step) => step))
  expect([errors, exitCode]).toEqual([[], 0])
})

test.for([
  ['UpsertBucket', false],
  ['UpsertBucket', true],
  ['CreateRunFiles', true],
  ['upload', false],
  ['upload', true],
  ['file_stream', false],
  ['file_stream', true],
] as const)('killed while %s waits for its answer (kept by the server: %s)', async ([on, commit]) => {
  const server = await started()
  server.script([{ on, kind: 'hang', commit }])
  const stuck = new Promise<void>((resolve) => {
    server.onStuck = resolve
  })
  const dir = temporaryDirectory()
  const program = startProgram('wandb-online/run.mjs', { args: [server.url, ROWS], dir })
  await stuck
  const journaled = () => /^journaled: (.*)$/m.exec(program.stderr)?.[1]
  await until('all is journaled', () => journaled() !== undefined || !program.running)
  program.kill('SIGKILL')
  await program.ended
  expect(await recoverRun(journaled()!)).toMatchObject({ complete: true, failed: {} })
  expectWhole(server.backend.runs[0]!)
})
