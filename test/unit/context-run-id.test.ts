import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createRunDirectory, formatRunId, RunDirectoryError } from '../../src/daemon/context/run-id.js'

const START = new Date(2026, 0, 2, 3, 4, 5, 678).getTime()
const COMMIT = '0123456789abcdef0123456789abcdef01234567'

describe('formatRunId', () => {
  test('is name, local date, local time and eight digits of the commit', () => {
    expect(formatRunId('baseline', START, COMMIT)).toBe('baseline_20260102_030405_01234567')
  })

  test('says nogit where there is no commit', () => {
    expect(formatRunId('baseline', START, null)).toBe('baseline_20260102_030405_nogit')
  })

  test.each([
    ['a b/c', 'a-b-c'],
    ['../../etc', 'etc'],
    ['..', 'run'],
    ['-rf', 'rf'],
    ['.hidden', 'hidden'],
    ['a\0b\nc', 'a-b-c'],
    ['Größe', 'Große'.replace('ß', '-')],
    ['café', 'cafe'],
    ['実験', 'run'],
    ['lr=3e-4, wd=0.1', 'lr-3e-4-wd-0.1'],
    ['v1.2_final', 'v1.2_final'],
  ])('makes of the name %j the file name %s', (name, expected) => {
    expect(formatRunId(name, START, null)).toBe(`${expected}_20260102_030405_nogit`)
  })

  test('of the longest name still fits a file name', () => {
    expect(formatRunId('x'.repeat(128), START, COMMIT).length).toBeLessThan(200)
    expect(formatRunId('ﷺ'.repeat(128), START, COMMIT).length).toBeLessThan(200)
  })
})

describe('createRunDirectory', () => {
  let root: string
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'offstep-run-id-'))
  })
  afterEach(() => rmSync(root, { recursive: true }))

  test('makes the directory and those above it', () => {
    const made = createRunDirectory(join(root, 'runs'), 'p', 'a')
    expect(made).toEqual({ id: 'a', dir: join(root, 'runs/p/a') })
    expect(existsSync(made.dir)).toBe(true)
  })

  test('gives a suffix where the id is taken, by a run or a file', () => {
    createRunDirectory(root, 'p', 'a')
    expect(createRunDirectory(root, 'p', 'a').id).toBe('a-2')
    writeFileSync(join(root, 'p/a-3'), '')
    expect(createRunDirectory(root, 'p', 'a')).toEqual({ id: 'a-4', dir: join(root, 'p/a-4') })
    expect(createRunDirectory(root, 'q', 'a').id).toBe('a')
  })

  test('says what to do where the directory cannot be made', () => {
    writeFileSync(join(root, 'file'), '')
    const make = () => createRunDirectory(join(root, 'file'), 'p', 'a')
    expect(make).toThrow(RunDirectoryError)
    expect(make).toThrow(/\(ENOTDIR\): set "dir" or OFFSTEP_DIR/)
  })

  test('says so where nobody, not even root, may make a directory', () => {
    expect(() => createRunDirectory('/proc', 'self', 'a')).toThrow(/\((EACCES|EPERM|ENOENT)\): set "dir"/)
  })
})
