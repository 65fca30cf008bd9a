import { join } from 'node:path'
import { expect, test } from 'vitest'
import { temporaryDirectory } from '../support/directory.js'
import { startProgram } from '../support/program.js'

const PROGRAM = join(import.meta.dirname, 'support', 'checkpoint-training.mjs')

interface Trained {
  readonly losses: readonly number[]
  readonly values: readonly (readonly number[])[]
}

async function train(dir: string, part: string): Promise<Record<string, Trained>> {
  const program = startProgram(PROGRAM, { dir, args: [part] })
  expect(await program.ended, program.stderr).toEqual({ code: 0, signal: null })
  return JSON.parse(program.stdout) as Record<string, Trained>
}

test('a training that is killed and restored ends in the bits of one that was not', {
  timeout: 180_000,
}, async () => {
  const dir = temporaryDirectory()
  const straight = await train(dir, 'straight')
  const killed = startProgram(PROGRAM, { dir, args: ['first'] })
  expect(await killed.ended, killed.stderr).toEqual({ code: null, signal: 'SIGKILL' })
  const rest = await train(dir, 'rest')
  const loops = ['minimize', 'trainOnBatch']
  const optimizers = ['adam', 'momentum', 'rmsprop']
  expect(Object.keys(straight)).toEqual(loops.flatMap((loop) => optimizers.map((name) => `${loop}-${name}`)))
  for (const { losses } of Object.values(straight)) expect(new Set(losses).size).toBeGreaterThan(90)
  expect(rest).toEqual(straight)
})
