import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { offstep } from '../support/command-line.js'
import { temporaryDirectory } from '../support/directory.js'

function csv(dir: string, name = 'results.csv'): string {
  const path = join(dir, name)
  writeFileSync(path, 'step,loss,note\n0,2,x\n1,1,y\n')
  return path
}

describe('offstep import', () => {
  test('makes a run that the other commands know, once', async () => {
    const dir = temporaryDirectory()
    const path = csv(dir)
    const root = join(dir, 'runs')
    const first = await offstep(['import', path, '--name', 'old', '--dir', root], { dir })
    expect(first.stdout).toMatch(/^old_\d{8}_\d{6}_[0-9a-f]{8} {2}from .*results\.csv: 2 values in 2 rows\n$/)
    expect(first.stderr).toBe('  left out: 2 values that are no numbers\n')
    const again = await offstep(['import', path, '--dir', root], { dir })
    expect(again.stdout).toMatch(/^old_.*: there already, nothing imported\n$/)
    expect([first.code, again.code]).toEqual([0, 0])
    const list = await offstep(['list', '--json', '--dir', root], { dir })
    expect(JSON.parse(list.stdout)).toMatchObject([
      { project: 'imported', name: 'old', status: 'completed', rows: 2 },
    ])
    const verified = await offstep(['verify', 'old', '--json', '--dir', root], { dir })
    expect(JSON.parse(verified.stdout)).toMatchObject({ sound: true })
    const filtered = await offstep(['list', '--filter', 'summary.loss.min = 1', '--json', '--dir', root], {
      dir,
    })
    expect(JSON.parse(filtered.stdout)).toHaveLength(1)
  })

  test('imports what it can, and tells what it cannot', async () => {
    const dir = temporaryDirectory()
    const good = csv(dir)
    const bad = join(dir, 'bad.csv')
    writeFileSync(bad, 'a\n')
    const { code, stdout } = await offstep(['import', bad, good, '--json'], { dir })
    expect(JSON.parse(stdout)).toMatchObject([
      { path: bad, error: `${bad} has no metrics: there is nothing to import` },
      { path: good, imported: true, rows: 2, values: 2, error: null },
    ])
    expect(code).toBe(1)
  })

  test.each([
    [['no/such'], 'does not exist'],
    [['.'], 'has no event files'],
    [['results.csv', '--project', '../x'], 'is no name of a directory'],
    [['results.csv', 'more.csv', '--name', 'x'], '--name is for one run'],
  ])('of %j is refused with what to type instead', async (args, message) => {
    const dir = temporaryDirectory()
    for (const name of ['results.csv', 'more.csv']) csv(dir, name)
    mkdirSync(join(dir, 'empty'))
    const given = args.map((arg) =>
      arg === '.' ? join(dir, 'empty') : arg.endsWith('.csv') ? join(dir, arg) : arg,
    )
    const { code, stdout, stderr } = await offstep(['import', ...given], { dir })
    expect(stderr).toContain(message)
    expect([code, stdout]).toEqual([2, ''])
  })
})
