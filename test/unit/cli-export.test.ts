import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { offstep } from '../support/command-line.js'
import { temporaryDirectory } from '../support/directory.js'
import { storedRun } from './support/stored-runs.js'

function runs(): string {
  const dir = temporaryDirectory()
  for (const id of ['one', 'two'])
    storedRun(
      dir,
      id,
      Array.from({ length: 3 }, (_, step) => [step, { loss: step, lr: 0.1 }]),
    )
  return dir
}

describe('offstep export', () => {
  test('writes CSV to stdout, and nothing else', async () => {
    const dir = runs()
    const { code, stdout, stderr } = await offstep(['export', 'one', '--metric', 'loss', '--to', 1], { dir })
    const lines = stdout.split('\n').map((line) => line.split(',').toSpliced(3, 1).join())
    expect(lines).toEqual(['run,producer,step,name,value', 'one,0,0,loss,0', 'one,0,1,loss,1', ''])
    expect([code, stderr]).toEqual([0, ''])
  })

  test('takes the format from the name of the file, and tells what is in it', async () => {
    const dir = runs()
    const file = join(dir, 'all.parquet')
    const { code, stdout } = await offstep(['export', '--project', 'p', '--wide', '--out', file, '--json'], {
      dir,
    })
    expect(JSON.parse(stdout)).toMatchObject({ runs: 2, points: 12, columns: 2, format: 'parquet', file })
    expect(readFileSync(file, 'latin1').slice(0, 4)).toBe('PAR1')
    expect(code).toBe(0)
  })

  test('exports the runs of a filter, and those that are named, each once', async () => {
    const dir = runs()
    const args = ['export', 'two', '--filter', 'name = one or name = two', '--format', 'jsonl']
    const { stdout } = await offstep(args, { dir })
    const ids = stdout
      .split('\n')
      .slice(0, -1)
      .map((line) => (JSON.parse(line) as { run: string }).run)
    expect(ids).toEqual([...Array<string>(6).fill('two'), ...Array<string>(6).fill('one')])
  })

  test.each([
    [['export'], 'say which runs'],
    [['export', 'one', '--format', 'parquet'], 'give the file that it goes to'],
    [['export', 'on', '--metric', 'los'], 'did you mean "loss"?'],
    [['export', '--filter', 'name = three'], 'no run below'],
    [['export', 'three'], 'there is no run "three"'],
    [['export', 'one', '--from', 'x'], 'Give a number'],
    [['export', 'one', '--wide', '--long'], 'cannot be used with'],
    [['export', 'one', '--json'], 'give --out'],
  ])('of %j is refused with what to type instead', async (args, message) => {
    const dir = runs()
    const { code, stdout, stderr } = await offstep(args, { dir })
    expect(stderr).toContain(message)
    expect([code, stdout]).toEqual([2, ''])
  })

  test('into a directory that is not there says so', async () => {
    const dir = runs()
    const out = join(dir, 'no', 'x.csv')
    const { code, stderr } = await offstep(['export', 'one', '--out', out], { dir })
    expect(stderr).toMatch(/ENOENT.*\n$/)
    expect([code, existsSync(out)]).toEqual([1, false])
  })
})
