import { join } from 'node:path'
import { expect, test } from 'vitest'
import { temporaryDirectory } from '../support/directory.js'
import { startProgram } from '../support/program.js'

const PROGRAM = join(import.meta.dirname, '../fixtures/checkpoint/write-alone.mjs')

test('a program that only waits for its checkpoints lives until they are written', async () => {
  const dir = temporaryDirectory()
  const program = startProgram(PROGRAM, { dir, args: [dir] })
  expect(await program.ended).toMatchObject({ code: 0 })
  expect(program.stdout).toBe('written\n')
})
