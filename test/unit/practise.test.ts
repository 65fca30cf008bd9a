import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const programAt = (name: string): string => fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url))

test('the code of a log call that is hot is not thrown away where the ring is half full, or at its end', () => {
  const trace = execFileSync(
    process.execPath,
    ['--trace-opt', '--trace-deopt', programAt('ring-around.mjs')],
    {
      encoding: 'utf8',
      maxBuffer: 64 * 2 ** 20,
    },
  )
  const lines = trace.split('\n')
  const ofLogCalls = lines.filter((line) => /<JSFunction (log|reserve|publish) /.test(line))
  expect(ofLogCalls.filter((line) => line.includes('completed optimizing'))).not.toEqual([])
  expect(ofLogCalls.filter((line) => line.includes('bailout'))).toEqual([])
})
