import fs from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { appendDeadLetters, type DeadLetter, trimDeadLetters } from '../../src/delivery/dead-letter.js'
import { temporaryDirectory } from '../support/directory.js'
import { patchFs } from '../support/patch-fs.js'
import { BatchBuilder } from './support/batches.js'

const batch = new BatchBuilder().batch({ metrics: { loss: 1 } }, { metrics: { loss: 2 } })
const letter = (row: number): DeadLetter => ({ row, cause: 'BAD', reason: 'refused' })

function letters() {
  const runDir = temporaryDirectory()
  const path = join(runDir, 'dead-letter', 'web.jsonl')
  const warnings: string[] = []
  const file = (length: number) => ({
    runDir,
    sink: 'web',
    length,
    warn: (kind: string, message: string) => warnings.push(`${kind}: ${message}`),
  })
  return {
    path,
    warnings,
    append: (length: number, ...rows: number[]) => appendDeadLetters(file(length), batch, rows.map(letter)),
    trim: (length: number) => trimDeadLetters(file(length)),
    steps: () =>
      fs
        .readFileSync(path, 'utf8')
        .split('\n')
        .slice(0, -1)
        .map((line) => JSON.parse(line).step),
  }
}

test('what a crash left beyond the committed length is cut before the next letter', () => {
  const { append, steps } = letters()
  const length = append(0, 0)
  append(length, 1)
  append(length, 1)
  expect(steps()).toEqual([0, 1])
})

test('what a crash left beyond the committed length is cut where no letter follows', () => {
  const { append, trim, steps } = letters()
  const length = append(0, 0)
  append(length, 1)
  trim(length)
  expect(steps()).toEqual([0])
})

test('a run without dead letters has no file to cut', () => {
  const { trim, path } = letters()
  trim(0)
  expect(fs.existsSync(path)).toBe(false)
})

test.each([
  ['removed', (path: string) => fs.rmSync(path), [1]],
  ['emptied', (path: string) => fs.truncateSync(path, 0), [1]],
  [
    'cut in the middle of its second line',
    (path: string) => fs.truncateSync(path, fs.statSync(path).size - 9),
    [0, 1],
  ],
])(
  'a file that was %s is gone on with after its last whole line, and the loss is told',
  (_, damage, steps) => {
    const file = letters()
    const length = file.append(0, 0, 1)
    damage(file.path)
    const next = file.append(length, 1)
    expect(fs.statSync(file.path).size).toBe(next)
    expect(file.steps()).toEqual(steps)
    expect(file.warnings.join()).toContain('dead-letters-lost')
  },
)

test('the first letter is durable with the names of its file and directory', () => {
  const { append } = letters()
  const synced: string[] = []
  const { openSync, fsyncSync, fdatasyncSync } = fs
  const paths = new Map<number, string>()
  const note = (fd: number) => synced.push(paths.get(fd)!)
  onTestFinished(
    patchFs({
      openSync: (path: string, ...rest: [string]) => {
        const fd = openSync(path, ...rest)
        paths.set(fd, path.split('/').slice(-1)[0]!)
        return fd
      },
      fsyncSync: (fd: number) => note(fd) && fsyncSync(fd),
      fdatasyncSync: (fd: number) => note(fd) && fdatasyncSync(fd),
    }),
  )
  append(0, 0)
  expect(synced).toEqual(['web.jsonl', 'dead-letter', expect.stringContaining('offstep-test-')])
})
