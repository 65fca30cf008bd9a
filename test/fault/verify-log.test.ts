import { appendFileSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { init } from '../../dist/src/index.js'
import { repairRun } from '../../dist/src/verify/repair-run.js'
import { verifyRun } from '../../dist/src/verify/verify-run.js'
import { temporaryDirectory } from '../support/directory.js'
import { copyOf, countsIn, editBytes, editLines, firstIn, segmentOf, sinkIn } from './support/damaged-run.js'

const NONE = { differing: 0, missing: 0, extra: 0, onlyHere: 0 }
const LINES = 600
const whole = { dir: '', remove: () => {} }

/** Some of the lines have no place in the file: by their level, or since a second has too many. */
beforeAll(async () => {
  const dir = temporaryDirectory((remove) => {
    whole.remove = remove
  })
  const sink = { type: 'log', level: 'info', maxLinesPerSecond: 50 } as const
  const run = init({ dir, git: false, handleSignals: false, captureConsole: false, sinks: [sink] })
  for (let i = 0; i < LINES; i++) {
    const level = i % 10 === 9 ? 'debug' : 'info'
    // Ten seconds of the lines' own time.
    run.logLines([{ text: `line ${i} ü`, level, time: 1_732_000_000_000 + Math.floor(i / 60) * 1000 }])
    if (i % 100 === 50) {
      run.alert({ title: 'Loss', text: `at ${i}` })
      await run.flush({ level: 'delivered', timeoutMs: 10_000 })
    }
  }
  expect(await run.finish({ timeoutMs: 20_000 })).toMatchObject({ reached: true })
  whole.dir = run.dir!
})
afterAll(() => whole.remove())

const log = (dir: string): string => join(dir, 'output.log')
const linesAt = (dir: string): number => readFileSync(log(dir), 'utf8').split('\n').length - 1

test('output.log of a run that finished is sound, with what its sink leaves out', async () => {
  const report = await verifyRun(whole.dir)
  expect(report).toMatchObject({ sound: true })
  expect(sinkIn(report, 'log').files[0]).toMatchObject({ file: 'output.log', result: 'ok', unit: 'line' })
  expect(linesAt(whole.dir)).toBeLessThan(LINES)
  expect(readFileSync(log(whole.dir), 'utf8')).toContain('lines left out: more than 50 in a second')
})

test.each<[string, (lines: string[]) => void, object, object]>([
  ['gone', (lines) => void lines.splice(100, 1), { missing: 1 }, { what: 'missing', number: 101 }],
  [
    'another one',
    (lines) => {
      lines[100] = lines[100]!.replace('line', 'lime')
    },
    { differing: 1 },
    { what: 'differs', number: 101 },
  ],
  [
    'too many',
    (lines) => void lines.splice(100, 0, '2024-11-19T07:06:42.000Z info   never printed'),
    { extra: 1 },
    { what: 'extra', found: '2024-11-19T07:06:42.000Z info   never printed' },
  ],
])('a line that is %s is found, and mended from the journal', async (_, edit, counts, first) => {
  const dir = copyOf(whole)
  editLines(log(dir), edit)
  const report = await verifyRun(dir)
  expect(countsIn(report, 'log')).toEqual({ ...NONE, ...counts })
  expect(firstIn(report, 'log')).toMatchObject(first)
  expect(report).toMatchObject({ sound: false, repairable: ['log'] })
  const { after } = await repairRun(dir)
  expect(after).toMatchObject({ sound: true })
  expect(readFileSync(log(dir)).equals(readFileSync(log(whole.dir)))).toBe(true)
})

test('a file that is gone is missing, and what stands behind the committed length is no damage', async () => {
  const dir = copyOf(whole)
  appendFileSync(log(dir), '2024-11-19T07:06:50.000Z warn   offstep: 3 lines left out\n')
  expect(await verifyRun(dir)).toMatchObject({ sound: true })
  rmSync(log(dir))
  const report = await verifyRun(dir)
  expect(sinkIn(report, 'log')).toMatchObject({ result: 'missing', problem: 'output.log is gone' })
})

test('where the journal has lost records, the file may know better: it is not made anew', async () => {
  const dir = copyOf(whole)
  editBytes(segmentOf(dir, 1), (bytes) => bytes.fill(0xff, 32_768, 32_768 + 40))
  const report = await verifyRun(dir)
  expect(report.lost).toBeGreaterThan(0)
  expect(sinkIn(report, 'log')).toMatchObject({ result: 'unchecked', wrong: 0 })
  expect(sinkIn(report, 'log').problem).toMatch(
    /^output.log cannot be compared: \d+ records behind it are gone/,
  )
  expect(report.repairable).not.toContain('log')
  await repairRun(dir)
  expect(readFileSync(log(dir)).equals(readFileSync(log(whole.dir)))).toBe(true)
})
