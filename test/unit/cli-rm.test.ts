import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { tarHeader } from '../../src/archive/tar.js'
import { makeRun, offstep } from '../support/command-line.js'
import { temporaryDirectory } from '../support/directory.js'
import { contentsOf } from '../support/run-files.js'
import { storedRun } from './support/stored-runs.js'

function runs(): string {
  const dir = temporaryDirectory()
  for (const id of ['one', 'two', 'three']) storedRun(dir, id, [[0, { loss: 1 }]])
  return dir
}

const left = (dir: string): string[] => readdirSync(join(dir, 'p')).sort()

describe('offstep rm', () => {
  test('removes the runs that are named or filtered, and no others', async () => {
    const dir = runs()
    const { code, stdout } = await offstep(['rm', 'one', '--filter', 'name = two', '--yes'], { dir })
    expect(stdout).toBe('p/one  removed\np/two  removed\n')
    expect([code, left(dir)]).toEqual([0, ['three']])
  })

  test('removes nothing without --yes where there is no terminal', async () => {
    const dir = runs()
    const { code, stderr } = await offstep(['rm', 'one', 'two'], { dir })
    expect(stderr).toContain(
      'this removes 2 runs from the disk, and there is no terminal to ask on: give --yes',
    )
    expect([code, left(dir)]).toEqual([2, ['one', 'three', 'two']])
  })

  test.each(['rm', 'archive'])('%s touches no run where one of them lives', async (command) => {
    const dir = runs()
    const { program } = await makeRun(dir, { id: 'live', rows: 10, end: 'live', project: 'p' })
    const { code, stderr } = await offstep(
      [command, 'one', 'live', '--yes', '--out', dir].slice(0, command === 'rm' ? 4 : 6),
      { dir },
    )
    expect(stderr).toContain('live is still running')
    expect([code, left(dir)]).toEqual([1, ['live', 'one', 'three', 'two']])
    process.kill(program.pid, 'SIGKILL')
    await program.ended
    expect((await offstep(['rm', 'live', '--yes'], { dir })).code).toBe(0)
  })

  test('needs to be told which runs', async () => {
    const dir = runs()
    const { code, stderr } = await offstep(['rm', '--yes'], { dir })
    expect(stderr).toContain('say which runs')
    expect([code, left(dir)]).toEqual([2, ['one', 'three', 'two']])
  })
})

describe('offstep archive', () => {
  test('packs what tar unpacks to the same files, and takes the run away', async () => {
    const dir = runs()
    const before = contentsOf(join(dir, 'p', 'one'))
    const out = join(dir, 'archive')
    const { code, stdout } = await offstep(['archive', 'one', '--out', out, '--yes'], { dir })
    const file = join(out, 'p', 'one.tar.gz')
    expect(stdout).toBe(`p/one  ${file}\n`)
    expect([code, left(dir)]).toEqual([0, ['three', 'two']])
    const tar = spawnSync('tar', ['xzf', file, '-C', join(dir, 'p')], { encoding: 'utf8' })
    expect([tar.status, tar.stderr]).toEqual([0, ''])
    expect(contentsOf(join(dir, 'p', 'one'))).toEqual(before)
  })

  test('leaves the run with --keep, and does not write over an archive', async () => {
    const dir = runs()
    const out = join(dir, 'archive')
    expect((await offstep(['archive', 'one', '--out', out, '--keep'], { dir })).code).toBe(0)
    const file = join(out, 'p', 'one.tar.gz')
    const before = readFileSync(file)
    const { code, stderr } = await offstep(['archive', 'one', '--out', out, '--yes'], { dir })
    expect(stderr).toContain('is there already')
    expect([code, left(dir)]).toEqual([1, ['one', 'three', 'two']])
    expect(readFileSync(file).equals(before)).toBe(true)
  })

  test('removes nothing without --yes where there is no terminal', async () => {
    const dir = runs()
    const { code } = await offstep(['archive', 'one', '--out', join(dir, 'archive')], { dir })
    expect([code, left(dir)]).toEqual([2, ['one', 'three', 'two']])
    expect(existsSync(join(dir, 'archive'))).toBe(false)
  })

  test('keeps names that the old format has no room for', () => {
    const dir = temporaryDirectory()
    const name = `${'långt/'.repeat(40)}file`
    const entry = { name, size: 0, mode: 0o644, modified: 0 }
    const into = join(dir, 'into')
    mkdirSync(into)
    const input = Buffer.concat([tarHeader(entry), Buffer.alloc(1024)])
    const tar = spawnSync('tar', ['x', '-C', into], { input, encoding: 'utf8' })
    expect([tar.status, tar.stderr]).toEqual([0, ''])
    expect(existsSync(join(into, name))).toBe(true)
  })
})
