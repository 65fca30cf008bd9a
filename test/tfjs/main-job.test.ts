import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { listRuns } from '../../dist/src/store/runs/named-runs.js'
import { temporaryDirectory } from '../support/directory.js'
import { startProgram } from '../support/program.js'
import { jsonlRows, runFile } from '../support/run-files.js'
import { until } from '../support/until.js'

const MAIN = join(import.meta.dirname, '../../dist/examples/moby-dick/main.js')
const STEPS = 70

const start = (dir: string, ...more: string[]) =>
  startProgram(MAIN, {
    dir,
    args: ['--steps', STEPS, '--dir', dir, '--sinks', 'jsonl', '--no-progress', ...more],
  })

const runDirOf = (dir: string): string | undefined => listRuns(dir)[0]?.dir

const losses = (dir: string) =>
  jsonlRows(runDirOf(dir)!).flatMap(({ step, values }) =>
    ['train/loss', 'validation/loss'].flatMap((name) => (name in values ? [[name, step, values[name]]] : [])),
  )

test('the main job, killed and resumed, has the losses of one that was not', {
  timeout: 180_000,
}, async () => {
  const [straight, killed] = [temporaryDirectory(), temporaryDirectory()]
  const whole = start(straight)
  expect(await whole.ended, whole.stderr).toEqual({ code: 0, signal: null })

  const program = start(killed)
  const checkpoint = () => join(runDirOf(killed) ?? killed, 'checkpoints', 'step_50')
  await until('a checkpoint is there', () => existsSync(checkpoint()), { everyMs: 2, timeoutMs: 100_000 })
  program.kill('SIGKILL')
  await program.ended
  const resumed = start(killed, '--resume')
  expect(await resumed.ended, resumed.stderr).toEqual({ code: 0, signal: null })

  expect(losses(killed)).toEqual(losses(straight))
  expect(runFile(runDirOf(killed)!)).toMatchObject({ status: 'completed', resumes: [{}] })
  const again = start(killed, '--resume')
  expect(await again.ended).toEqual({ code: 2, signal: null })
  expect(again.stderr).toContain(
    'This run has made 70 steps already: give more --steps or --seconds to go on.',
  )
})
