/** Trainings in processes of their own, killed and resumed, whose run is at W&B: the scripted server has each step once. */
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { verifyRun } from '../../dist/src/verify/verify-run.js'
import { temporaryDirectory } from '../support/directory.js'
import { type Program, startProgram } from '../support/program.js'
import { jsonlRows } from '../support/run-files.js'
import { until } from '../support/until.js'
import { startWandbServer, TEST_KEY } from '../support/wandb-server/server.js'

const STEPS = 300
const EVERY = 50
const ID = 'trained'

async function started() {
  const server = await startWandbServer()
  onTestFinished(() => server.close())
  const dir = temporaryDirectory()
  const env = { WANDB_BASE_URL: server.url, WANDB_API_KEY: TEST_KEY, NO_PROXY: '127.0.0.1' }
  const lines = () => server.backend.runs[0]?.history.length ?? 0
  return {
    server,
    lines,
    runDir: join(dir, 'train', ID),
    train: (every: number) => startProgram('wandb/train.mjs', { dir, args: [ID, STEPS, every], env }),
  }
}

async function killed(program: Program): Promise<void> {
  program.kill('SIGKILL')
  await program.ended
}

async function toTheEnd(program: Program): Promise<void> {
  expect(await program.ended, program.stderr).toEqual({ code: 0, signal: null })
  expect(program.stdout).toContain('finished true')
}

/** Each step once, as the run's own file has it. */
async function expectWhole({ server, runDir }: Awaited<ReturnType<typeof started>>): Promise<void> {
  const { history, summary, complete, exitCode, errors } = server.run(ID)
  const found = history.map(({ _step, value, attempt }) => [_step, value, attempt])
  const own = jsonlRows(runDir).filter(({ values }) => 'value' in values)
  expect(found).toEqual(own.map(({ step, values }) => [step, values.value, values.attempt]))
  expect(found.map(([step]) => step)).toEqual(Array.from({ length: STEPS }, (_, index) => index + 1))
  expect(summary).toMatchObject({ _step: STEPS, value: STEPS })
  expect({ complete, exitCode, errors }).toEqual({ complete: true, exitCode: 0, errors: [] })
  expect(await verifyRun(runDir)).toMatchObject({ run: { state: 'ended' }, sound: true, lost: 0 })
}

test('a training without checkpoints goes on behind its last row, and its run at W&B with it', async () => {
  const here = await started()
  const first = here.train(0)
  await until('a part is there', () => here.lines() > 0)
  await killed(first)
  expect(here.server.run(ID).complete).toBe(false)
  await toTheEnd(here.train(0))
  expect(here.server.requestsOf('RewindRun')).toEqual([])
  await expectWhole(here)
})

test('a training that goes back to its checkpoint has each step once at W&B, and ends there again when it is resumed', async () => {
  const here = await started()
  for (let kill = 0; kill < 2; kill++) {
    const before = here.lines()
    const program = here.train(EVERY)
    await until('more lines are there', () => here.lines() > before + 10 || !program.running)
    await killed(program)
  }
  await toTheEnd(here.train(EVERY))
  await expectWhole(here)
  // Nothing is left to do: the run, which has ended, is running again, and ends again.
  await toTheEnd(here.train(EVERY))
  await expectWhole(here)
})

test('a training that is killed while W&B rewinds its run goes on all the same', async () => {
  const here = await started()
  const { server } = here
  const first = here.train(EVERY)
  await first.waitFor('trained')
  await until('lines behind the checkpoint are there', () => here.lines() > STEPS - 80)
  await killed(first)
  // As if the last checkpoints had been lost.
  for (let step = STEPS - 4 * EVERY; step <= STEPS; step += EVERY)
    rmSync(join(here.runDir, 'checkpoints', `step_${step}`), { recursive: true, force: true })
  server.script([{ kind: 'hang', commit: true, on: 'RewindRun' }])
  const second = here.train(EVERY)
  await until('W&B is asked to rewind', () => server.requestsOf('RewindRun').length > 0 || !second.running)
  await killed(second)
  server.cutStuck()
  await toTheEnd(here.train(EVERY))
  expect(server.requestsOf('RewindRun').length).toBeGreaterThan(0)
  await expectWhole(here)
})
