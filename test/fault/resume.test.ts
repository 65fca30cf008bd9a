import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { verifyRun } from '../../dist/src/verify/verify-run.js'
import { temporaryDirectory } from '../support/directory.js'
import { startProgram } from '../support/program.js'
import { seededRandom } from '../support/random.js'
import { csvRows, jsonlRows, tensorboardPoints } from '../support/run-files.js'

const CYCLES = Number(process.env.OFFSTEP_TEST_RESUMES ?? 4)
const STEPS = 200
const EVERY = 10

const train = (dir: string, id: string) =>
  startProgram('resume/train.mjs', { dir, args: [id, STEPS, EVERY], env: { RUNS: dir } })

const runDirOf = (dir: string, id: string): string => join(dir, 'resume', id)

/** Loss and weight of each step, as the files have them. */
const curve = (runDir: string) =>
  jsonlRows(runDir)
    .filter(({ values }) => 'loss' in values)
    .map(({ step, values }) => ({ step, ...values }))

async function trainToTheEnd(dir: string, id: string): Promise<string> {
  const program = train(dir, id)
  expect(await program.ended, program.stderr).toEqual({ code: 0, signal: null })
  expect(program.stdout).toContain('finished true')
  return runDirOf(dir, id)
}

describe('a training that is killed and resumed', () => {
  test('has the losses of one that was not, each step once, in every file', async () => {
    const dir = temporaryDirectory()
    const straight = curve(await trainToTheEnd(dir, 'straight'))
    expect(straight.map(({ step }) => step)).toEqual(Array.from({ length: STEPS }, (_, i) => i + 1))
    for (let cycle = 0; cycle < CYCLES; cycle++) {
      const random = seededRandom(cycle)
      const id = `killed-${cycle}`
      const runDir = runDirOf(dir, id)
      for (let kills = 0; kills < 3; kills++) {
        const program = train(dir, id)
        await program.waitFor('begins')
        // A random moment, not a wait for something: nothing that is asserted depends on it.
        await new Promise((resolve) => setTimeout(resolve, random() * 400))
        program.kill('SIGKILL')
        await program.ended
      }
      await trainToTheEnd(dir, id)
      expect(curve(runDir)).toEqual(straight)
      const csv = csvRows(runDir).filter(({ values }) => values.loss !== undefined)
      expect(csv.map(({ step, values }) => ({ step, ...values }))).toEqual(straight)
      const points = Object.values(tensorboardPoints(runDir)).flat()
      expect(points.filter((point) => point.startsWith('loss@'))).toHaveLength(STEPS)
      expect(await verifyRun(runDir)).toMatchObject({ run: { state: 'ended' }, sound: true, lost: 0 })
      const summary = JSON.parse(readFileSync(join(runDir, 'summary.json'), 'utf8'))
      expect(summary.metrics.loss).toMatchObject({ count: STEPS, last: { step: STEPS } })
      expect(readdirSync(join(runDir, 'checkpoints'))).toContain(`step_${STEPS}`)
    }
  })
})
