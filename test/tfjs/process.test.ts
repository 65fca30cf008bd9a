import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, test } from 'vitest'
import { temporaryDirectory } from '../support/directory.js'
import { startProgram } from '../support/program.js'
import { journalRows } from '../support/run-files.js'

const SUPPORT = join(import.meta.dirname, 'support')
const DIST = join(import.meta.dirname, '../../dist/src')

test('a process that exits in an epoch keeps the batches that were not read back yet', async () => {
  const program = startProgram(join(SUPPORT, 'ends-in-epoch.mjs'), { dir: temporaryDirectory() })
  expect(await program.ended, program.stderr).toEqual({ code: 0, signal: null })
  const rows = journalRows(program.stdout.trim())
  expect(rows.map(({ step }) => step)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
  expect(rows.every(({ values }) => values['batch/loss']! > 0 && values['batch/mae']! > 0)).toBe(true)
})

test('without TensorFlow.js, the error says what to install or to hand over', async () => {
  const dir = temporaryDirectory()
  // Outside of this repository, where there is a copy.
  cpSync(join(SUPPORT, 'without-tfjs.mjs'), join(dir, 'app.mjs'))
  const program = startProgram(join(dir, 'app.mjs'), {
    dir,
    env: {
      OFFSTEP: pathToFileURL(join(DIST, 'index.js')).href,
      OFFSTEP_TFJS: pathToFileURL(join(DIST, 'tfjs/index.js')).href,
    },
  })
  expect(await program.ended, program.stderr).toEqual({ code: 0, signal: null })
  expect(JSON.parse(program.stdout)).toEqual({
    code: 'OFFSTEP_TFJS',
    message: expect.stringMatching(/Install @tensorflow\/tfjs, or hand over your copy.*\{ tf \}/),
  })
})
