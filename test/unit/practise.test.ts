import { expect, test } from 'vitest'
import { temporaryDirectory } from '../support/directory.js'
import { startProgram } from '../support/program.js'

test('the code of a log call that is hot is not thrown away where the ring is half full, or at its end', async () => {
  const program = startProgram('ring-around.mjs', {
    dir: temporaryDirectory(),
    execArgv: ['--trace-opt', '--trace-deopt'],
  })
  expect(await program.ended).toMatchObject({ code: 0 })
  const ofLogCalls = program.stdout
    .split('\n')
    .filter((line) => /<JSFunction (log|reserve|publish) /.test(line))
  expect(ofLogCalls.filter((line) => line.includes('completed optimizing'))).not.toEqual([])
  expect(ofLogCalls.filter((line) => line.includes('bailout'))).toEqual([])
})
