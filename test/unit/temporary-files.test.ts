import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { removeTemporaryFiles, writeFileAtomic } from '../../src/store/atomic-file.js'
import { temporaryDirectory } from '../support/directory.js'
import { errno } from '../support/faulty-calls.js'
import { patchFs } from '../support/patch-fs.js'

/** Files as a write that ended half-way left them; `age` in seconds. */
function leave(directory: string, pid: number, age = 0): string {
  const name = `.run.json.${pid}-0123abcd-7.tmp`
  const path = join(directory, name)
  fs.writeFileSync(path, 'half of it')
  const time = Date.now() / 1000 - age
  fs.utimesSync(path, time, time)
  return name
}

const endedPid = (): number => spawnSync(process.execPath, ['-e', '']).pid

test('what a process that was killed left behind is removed', () => {
  const directory = temporaryDirectory()
  leave(directory, endedPid())
  removeTemporaryFiles(directory)
  expect(fs.readdirSync(directory)).toEqual([])
})

test('what a living process is writing stays', () => {
  const directory = temporaryDirectory()
  const names = [leave(directory, process.pid), leave(directory, process.ppid)]
  removeTemporaryFiles(directory)
  expect(fs.readdirSync(directory).sort()).toEqual(names.sort())
})

test('what an earlier process with our pid left behind is removed: the first one of each container has pid 1', () => {
  const directory = temporaryDirectory()
  leave(directory, process.pid, 365 * 86_400)
  removeTemporaryFiles(directory)
  expect(fs.readdirSync(directory)).toEqual([])
})

test('files of others stay', () => {
  const directory = temporaryDirectory()
  const names = ['.hidden.tmp', 'metrics.csv.tmp', `run.json.${endedPid()}-0123abcd-7.tmp`, '.x.12-ab.tmp']
  for (const name of names) fs.writeFileSync(join(directory, name), '')
  removeTemporaryFiles(directory)
  expect(fs.readdirSync(directory).sort()).toEqual(names.sort())
})

test('a directory that is not there has none', () => {
  expect(() => removeTemporaryFiles(join(temporaryDirectory(), 'none'))).not.toThrow()
})

test('a write whose process was killed is one that is found', () => {
  const directory = temporaryDirectory()
  const module = join(import.meta.dirname, '..', '..', 'dist', 'src', 'store', 'atomic-file.js')
  const program = `
    import fs from 'node:fs'
    import { syncBuiltinESMExports } from 'node:module'
    import { writeFileAtomic } from ${JSON.stringify(module)}
    fs.renameSync = () => process.kill(process.pid, 'SIGKILL')
    syncBuiltinESMExports()
    writeFileAtomic(${JSON.stringify(join(directory, 'run.json'))}, 'text')`
  expect(spawnSync(process.execPath, ['--input-type=module', '-e', program]).signal).toBe('SIGKILL')
  expect(fs.readdirSync(directory)).toHaveLength(1)
  removeTemporaryFiles(directory)
  expect(fs.readdirSync(directory)).toEqual([])
})

test('the error of a write that fails is told, also where its temporary file cannot be removed', () => {
  const path = join(temporaryDirectory(), 'run.json')
  const fail = (code: string) => () => {
    throw errno(code, 'injected')
  }
  const restore = patchFs({ renameSync: fail('ENOSPC'), rmSync: fail('EIO') })
  try {
    expect(() => writeFileAtomic(path, 'text')).toThrow(/ENOSPC/)
  } finally {
    restore()
  }
})
