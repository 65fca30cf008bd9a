import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { writeFileAtomic } from '../../src/store/atomic-file.js'
import { type RunFile, RunFileError, readRunFile, writeRunFile } from '../../src/store/run-file.js'

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'offstep-run-file-'))
})
afterEach(() => rmSync(dir, { recursive: true }))

const run: RunFile = {
  format: 1,
  id: 'a_20260102_030405_nogit',
  project: 'p',
  name: 'a',
  status: 'running',
  startTime: '2026-01-02T03:04:05.678Z',
  endTime: null,
  durationSeconds: null,
  config: { lr: 3e-4, name: 'Größe' },
  configSha256: null,
  tags: ['t'],
  notes: '',
  group: null,
  jobType: null,
  git: null,
  command: null,
  software: null,
  hardware: null,
  sinks: [],
  producers: [{ id: 0, name: 'main' }],
}

describe('writeFileAtomic', () => {
  test.each([false, true])('replaces the text and leaves no other file (sync: %s)', (sync) => {
    const path = join(dir, 'f')
    writeFileAtomic(path, 'one', { sync })
    writeFileAtomic(path, 'two', { sync })
    expect(readFileSync(path, 'utf8')).toBe('two')
    expect(readdirSync(dir)).toEqual(['f'])
  })

  test('a reader that has the old file open reads the old text to its end', () => {
    const path = join(dir, 'f')
    writeFileAtomic(path, 'old')
    const before = readFileSync(path)
    writeFileAtomic(path, 'new text')
    expect(before.toString()).toBe('old')
  })

  test('leaves everything as it was where the rename fails', () => {
    mkdirSync(join(dir, 'f'))
    writeFileSync(join(dir, 'f/inside'), '')
    expect(() => writeFileAtomic(join(dir, 'f'), 'x')).toThrow(/EISDIR|ENOTEMPTY|EEXIST/)
    expect(readdirSync(dir)).toEqual(['f'])
    expect(readdirSync(join(dir, 'f'))).toEqual(['inside'])
  })

  test('fails where the directory is missing', () => {
    expect(() => writeFileAtomic(join(dir, 'none/f'), 'x')).toThrow(/ENOENT/)
  })
})

describe('run.json', () => {
  test('reads back what was written', () => {
    const ended: RunFile = {
      ...run,
      status: 'failed',
      endTime: '2026-01-02T03:05:05.678Z',
      durationSeconds: 60,
      exitCode: 1,
      error: { name: 'Error', message: 'x' },
      records: { accepted: 3, journaled: 2, dropped: 1 },
    }
    writeRunFile(dir, run)
    expect(readRunFile(dir)).toEqual(run)
    writeRunFile(dir, ended, { sync: true })
    expect(readRunFile(dir)).toEqual(ended)
    expect(readdirSync(dir)).toEqual(['run.json'])
  })

  test('is written for people: indented, with a line end', () => {
    writeRunFile(dir, run)
    const text = readFileSync(join(dir, 'run.json'), 'utf8')
    expect(text.split('\n').slice(0, 3)).toEqual([
      '{',
      '  "format": 1,',
      '  "id": "a_20260102_030405_nogit",',
    ])
    expect(text.endsWith('}\n')).toBe(true)
  })

  test('may hold fields that this version does not know', () => {
    writeFileSync(join(dir, 'run.json'), JSON.stringify({ ...run, later: 1 }))
    expect(readRunFile(dir)).toEqual({ ...run, later: 1 })
  })

  test.each([
    ['', 'is damaged (not JSON)'],
    ['{"format": 1', 'is damaged (not JSON)'],
    ['null', 'is damaged (not an object)'],
    ['{}', 'is not the run.json of an offstep run'],
    [JSON.stringify({ ...run, format: '1' }), 'is not the run.json of an offstep run'],
    [JSON.stringify({ ...run, id: 7 }), 'is not the run.json of an offstep run'],
    [JSON.stringify({ ...run, status: 'done' }), 'is not the run.json of an offstep run'],
    [JSON.stringify({ format: 2 }), 'has format 2, and this offstep reads 1: update offstep'],
  ])('case %#: an unusable file says what is wrong', (text, message) => {
    writeFileSync(join(dir, 'run.json'), text)
    expect(() => readRunFile(dir)).toThrow(RunFileError)
    expect(() => readRunFile(dir)).toThrow(message)
  })

  test('a missing file says so', () => {
    expect(() => readRunFile(dir)).toThrow('does not exist: give the directory of a run')
  })

  test('a file that cannot be read says so', () => {
    mkdirSync(join(dir, 'run.json'))
    expect(() => readRunFile(dir)).toThrow('cannot be read (EISDIR)')
  })
})
