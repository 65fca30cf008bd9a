/** `offstep list`, on directories of runs as the pipeline leaves them. */
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { list } from '../../dist/src/cli/list/list.js'
import { createOutput } from '../../dist/src/cli/output.js'
import { makeRun, offstep } from '../support/command-line.js'
import { temporaryDirectory } from '../support/directory.js'
import { START, storeRun } from '../support/stored-runs.js'

const HOUR = 3_600_000
const minutes = (count: number) => new Date(Date.now() - count * 60_000).toISOString()

/** `count` runs, one an hour; the last is the newest. */
function manyRuns(count: number): string {
  const dir = temporaryDirectory()
  storeRun(dir, { id: 'r0', startTime: new Date(START).toISOString() }, { 0: { 'val/loss': 1, lr: 0 } })
  for (let run = 1; run < count; run++) {
    const copy = join(dir, `p/r${run}`)
    cpSync(join(dir, 'p/r0'), copy, { recursive: true })
    const file = JSON.parse(readFileSync(join(copy, 'run.json'), 'utf8'))
    const changed = { ...file, id: `r${run}`, startTime: new Date(START + run * HOUR).toISOString() }
    writeFileSync(join(copy, 'run.json'), JSON.stringify(changed))
  }
  return dir
}

/** What a person sees on a terminal that is `columns` wide. */
function screen(
  columns: number,
  options: Parameters<typeof list>[0],
): { stdout: string[]; stderr: string[] } {
  const texts = { stdout: '', stderr: '' }
  const stream = (name: 'stdout' | 'stderr') => ({
    isTTY: true,
    columns,
    write: (text: string) => {
      texts[name] += text
    },
  })
  const output = createOutput(
    { color: false },
    { env: {}, stdout: stream('stdout'), stderr: stream('stderr') },
  )
  list(options, output)
  return { stdout: texts.stdout.trimEnd().split('\n'), stderr: texts.stderr.trimEnd().split('\n') }
}

const idsIn = (stdout: string): string[] =>
  stdout
    .trimEnd()
    .split('\n')
    .slice(1)
    .map((line) => line.split(/\s+/)[0]!)

test('lists runs, the newest first, with what matters of each; exit code 0', async () => {
  const dir = temporaryDirectory()
  storeRun(
    dir,
    { id: 'old', tags: ['baseline', 'x'], startTime: minutes(60 * 5) },
    { 0: { loss: 2 }, 3: { loss: 0.5, 'val/loss': 0.75 } },
  )
  storeRun(dir, { id: 'new', status: 'failed', startTime: minutes(3) }, { 0: { 'val/loss': 1 / 3 } })
  const { code, stdout, stderr } = await offstep(['list'], { dir })
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  const [head, ...rows] = stdout.trimEnd().split('\n')
  expect(head!.split(/ {2,}/)).toEqual(['run', 'status', 'age', 'duration', 'rows', 'best val/loss', 'tags'])
  expect(rows.map((row) => row.split(/ {2,}/))).toEqual([
    ['new', 'failed', '3 min', '1 min 0 s', '1', '0.33333'],
    ['old', 'completed', '5 h', '1 min 0 s', '2', '0.75', 'baseline, x'],
  ])
})

test('a run that died is crashed, and one that lives is running', async () => {
  const dir = temporaryDirectory()
  await makeRun(dir, { id: 'dead', rows: 10, end: 'kill' })
  const { program } = await makeRun(dir, { id: 'alive', rows: 10, end: 'live' })
  const { stdout } = await offstep(['list', '--json'], { dir })
  const found = JSON.parse(stdout) as { id: string; status: string; endTime: null }[]
  expect(found.map(({ id, status, endTime }) => [id, status, endTime])).toEqual([
    ['alive', 'running', null],
    ['dead', 'crashed', null],
  ])
  program.kill('SIGKILL')
  await program.ended
})

describe('options', () => {
  test('filter, sort and limit them', async () => {
    const dir = manyRuns(5)
    const ids = async (...args: string[]) => idsIn((await offstep(['list', ...args], { dir })).stdout)
    expect(await ids('--filter', 'id ~ "[123]" and not id = r2')).toEqual(['r3', 'r1'])
    expect(await ids('--sort', 'startTime', '-n', '2')).toEqual(['r0', 'r1'])
    expect(await ids('--project', 'p', '--sort=-id', '--limit', '1')).toEqual(['r4'])
  })

  test('--columns shows any field, also as JSON', async () => {
    const dir = temporaryDirectory()
    storeRun(dir, { id: 'a', config: { lr: 1e-3 } }, { 0: { 'val/loss': 3 }, 9: { 'val/loss': 2 } })
    const columns = 'id,config.lr,summary."val/loss".best.step,best'
    const { stdout } = await offstep(['list', '-c', columns], { dir })
    expect(stdout.trimEnd().split('\n').at(-1)!.split(/ {2,}/)).toEqual(['a', '0.001', '9', 'val/loss 2'])
    const json = await offstep(['list', '-c', columns, '--json'], { dir })
    expect(JSON.parse(json.stdout)).toEqual([
      {
        id: 'a',
        'config.lr': 0.001,
        'summary."val/loss".best.step': 9,
        best: { metric: 'val/loss', value: 2, step: 9 },
      },
    ])
  })

  test('that are wrong: a sentence, the place, what to type; exit code 2', async () => {
    const dir = manyRuns(1)
    const wrong = await offstep(['list', '--filter', 'config.lr << 1'], { dir })
    expect(wrong).toMatchObject({ code: 2, stdout: '' })
    expect(wrong.stderr.split('\n')).toEqual([
      'error: type one of = != < <= > >= ~ here',
      '  config.lr << 1',
      '            ^',
      '',
    ])
    for (const args of [
      ['--sort', 'lr'],
      ['--columns', 'statsu'],
      ['--limit', '0'],
      ['--limit', 'x'],
    ]) {
      expect(await offstep(['list', ...args], { dir })).toMatchObject({ code: 2, stdout: '' })
    }
  })
})

describe('where there is little to list', () => {
  test('no directory is wrong usage, and an empty one is told', async () => {
    const dir = temporaryDirectory()
    const none = await offstep(['list', '--dir', join(dir, 'nowhere')], { dir })
    expect(none).toMatchObject({ code: 2, stderr: expect.stringContaining('there is no directory') })
    const empty = await offstep(['list'], { dir })
    expect(empty).toMatchObject({
      code: 0,
      stdout: '',
      stderr: expect.stringContaining('There are no runs below'),
    })
    expect(await offstep(['list', '--json'], { dir })).toMatchObject({ code: 0, stdout: '[]\n', stderr: '' })
  })

  test('a filter that nothing meets, and a project that is none, are told', () => {
    const dir = manyRuns(1)
    expect(screen(80, { dir, filter: 'id = x' }).stderr).toEqual([
      'No run is like that: leave a part of --filter out.',
    ])
    expect(screen(80, { dir, project: 'x' }).stderr).toEqual(['There is no project "x": there are p.'])
  })

  test('runs that cannot be read are told, and the others are listed', async () => {
    const dir = manyRuns(3)
    rmSync(join(dir, 'p/r1/run.json'))
    writeFileSync(join(dir, 'p/r2/run.json'), '')
    mkdirSync(join(dir, 'p/no-run'))
    const { code, stdout, stderr } = await offstep(['list'], { dir })
    expect([code, idsIn(stdout)]).toEqual([0, ['r0']])
    expect(stderr).toContain('r1/run.json does not exist')
    expect(stderr).toContain('r2/run.json is damaged')
    expect(stderr).toContain('offstep verify')
    expect(stderr).not.toContain('no-run')
    const json = JSON.parse((await offstep(['list', '--json'], { dir })).stdout)
    expect(json.map(({ id, status }: { id: string; status: string }) => [id, status])).toEqual([
      ['r0', 'completed'],
      ['r1', null],
      ['r2', null],
    ])
  })
})

describe('on a terminal', () => {
  test('no line is wider than the screen: columns are left out, the id, the status and the best never', () => {
    const dir = temporaryDirectory()
    const tags = ['a-long-tag', 'another', 'and-one-more', 'sweep']
    storeRun(dir, { id: 'baseline_20260102_030405_0123abcd', tags }, { 0: { 'val/loss': 1 } })
    for (const width of [60, 70, 80, 100, 120, 160]) {
      const { stdout } = screen(width, { dir })
      expect(Math.max(...stdout.map((line) => line.length))).toBeLessThanOrEqual(width)
      expect(stdout[0]).toMatch(/^run +status .*best val\/loss/)
    }
    expect(screen(60, { dir }).stdout[0]).not.toContain('tags')
    expect(screen(160, { dir }).stdout[0]).toMatch(/age +duration +rows .*tags/)
  })

  test('of many runs the newest are shown, and how to see all', () => {
    const dir = manyRuns(60)
    const { stdout, stderr } = screen(80, { dir })
    expect(stdout.length).toBe(51)
    expect(stdout[1]).toMatch(/^r59 /)
    expect(stderr).toEqual(['10 more: --limit 60 shows all of them'])
    expect(screen(80, { dir, limit: 60 }).stdout.length).toBe(61)
  })

  test('a run of another project is told by its project, and a name cannot move the cursor', () => {
    const dir = manyRuns(1)
    storeRun(dir, { id: 'r', project: 'q', tags: ['a\x1b[2Jb\nc'] })
    const { stdout } = screen(100, { dir })
    expect(stdout.slice(1).map((line) => line.split(/\s+/)[0])).toEqual(['p/r0', 'q/r'])
    expect(stdout.join('')).not.toMatch(/\p{Cc}/u)
  })
})
