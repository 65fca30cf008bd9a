/** `offstep show`, `summary`, `compare` and `tail`, as child processes, on runs as the pipeline leaves them. */
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { init } from '../../dist/src/index.js'
import { makeRun, offstep, startOffstep } from '../support/command-line.js'
import { temporaryDirectory } from '../support/directory.js'
import { type StoredRows, storeRun } from '../support/stored-runs.js'
import { until } from '../support/until.js'

const columnsOf = (line: string): string[] => line.trim().split(/ {2,}/)
const lineWith = (stdout: string, start: string): string[] =>
  columnsOf(stdout.split('\n').find((line) => line.trim().startsWith(start)) ?? '')

/** Two runs that differ in lr, of which "b" has the lower loss and "a" the higher accuracy. */
function twoRuns(): string {
  const dir = temporaryDirectory()
  storeRun(dir, { id: 'a', config: { lr: 1, seed: 7 } }, { 0: { loss: 3, acc: 0.9, n: 1 }, 5: { loss: 2 } })
  storeRun(dir, { id: 'b', config: { lr: 2, seed: 7 } }, { 0: { loss: 1, acc: 0.5, n: 2 }, 5: { loss: 4 } })
  return dir
}

describe('offstep show', () => {
  test('tells identity, config, last values, sinks and files; exit code 0', async () => {
    const dir = temporaryDirectory()
    const run = init({
      dir,
      id: 'r',
      git: false,
      recover: false,
      tags: ['t1', 't2'],
      config: { lr: 0.5 },
      sinks: ['jsonl'],
    })
    run.log({ loss: 0.25 }, 7)
    await run.finish()
    const { code, stdout, stderr } = await offstep(['show', 'r'], { dir })
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout.split('\n')[0]).toBe('default/r')
    expect(lineWith(stdout, 'status')).toEqual(['status', 'completed'])
    expect(lineWith(stdout, 'tags')).toEqual(['tags', 't1, t2'])
    expect(lineWith(stdout, 'lr')).toEqual(['lr', '0.5'])
    expect(lineWith(stdout, 'loss')).toEqual(['loss', '0.25', 'step 7'])
    expect(lineWith(stdout, 'jsonl')).toEqual(['jsonl', '1 row', 'all delivered'])
    expect(lineWith(stdout, 'journal/').at(-1)).toBe('1 file')
    const json = JSON.parse((await offstep(['show', 'r', '--json'], { dir })).stdout)
    expect(json).toMatchObject({
      id: 'r',
      status: 'completed',
      config: { lr: 0.5 },
      summary: { loss: 0.25 },
      rows: 1,
    })
    expect(json.sinks[0]).toEqual({
      name: 'jsonl',
      delivered: 1,
      deadLettered: 0,
      notApplicable: 0,
      superseded: false,
      pendingBytes: 0,
      error: null,
    })
  })

  test('of a run that died says so, and what completes it', async () => {
    const dir = temporaryDirectory()
    await makeRun(dir, { id: 'dead', rows: 10, end: 'kill' })
    const { stdout } = await offstep(['show', 'dead'], { dir })
    expect(lineWith(stdout, 'status')[1]).toBe('crashed: its process is gone (offstep sync completes it)')
  })

  test('a run that is none, several, or cannot be read: what to type; exit code 2', async () => {
    const dir = twoRuns()
    storeRun(dir, { id: 'ab' })
    rmSync(join(dir, 'p/ab/run.json'))
    for (const [name, words] of [
      ['zzz', 'give a path, an id or its beginning'],
      ['ab', 'run.json does not exist'],
    ] as const) {
      const result = await offstep(['show', name], { dir })
      expect(result).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining(words) })
    }
  })
})

describe('offstep summary', () => {
  test('tells first, last, lowest, highest, mean and best of each metric', async () => {
    const dir = temporaryDirectory()
    storeRun(
      dir,
      { id: 'r' },
      { 0: { loss: 3 }, 4: { loss: 1 }, 8: { loss: Number.NaN }, 9: { loss: 2, lr: 1e-9 } },
    )
    const { code, stdout } = await offstep(['summary', 'r'], { dir })
    expect(code).toBe(0)
    expect(lineWith(stdout, 'metric')).toEqual([
      'metric',
      'best',
      'at step',
      'first',
      'last',
      'min',
      'max',
      'mean',
      'count',
      'NaN, Inf',
    ])
    expect(lineWith(stdout, 'loss')).toEqual(['loss', '1', '4', '3', '2', '1', '3', '2', '4', '1'])
    expect(lineWith(stdout, 'lr')).toEqual(['lr', '1e-9', '1e-9', '1e-9', '1e-9', '1e-9', '1'])
    const json = JSON.parse((await offstep(['summary', 'r', '--json', '-m', 'loss'], { dir })).stdout)
    expect(Object.keys(json.metrics)).toEqual(['loss'])
    expect(json.metrics.loss).toMatchObject({ best: { value: 1, step: 4, goal: 'minimize' }, nonFinite: 1 })
  })

  test('of a run that died has all that is in its journal, whatever summary.json says', async () => {
    const dir = temporaryDirectory()
    const { dir: run } = await makeRun(dir, { id: 'dead', rows: 30_000, end: 'kill' })
    for (const broken of [undefined, '{"rows": 3']) {
      if (broken !== undefined) writeFileSync(join(run, 'summary.json'), broken)
      const { stdout } = await offstep(['summary', 'dead', '--json'], { dir })
      expect(JSON.parse(stdout)).toMatchObject({
        rows: 30_000,
        metrics: { value: { count: 30_000, max: { value: 29_999 } } },
      })
    }
  })

  test('of very many metrics shows some, and the rest where one asks', async () => {
    const dir = temporaryDirectory()
    const rows: StoredRows = {
      0: Object.fromEntries(Array.from({ length: 900 }, (_, n) => [`layer${n % 3}/w${n}`, n])),
    }
    storeRun(dir, { id: 'r' }, rows)
    const some = await offstep(['summary', 'r'], { dir })
    expect(some.stdout.split('\n').length).toBeLessThan(250)
    expect(some.stderr).toContain('700 more metrics: --metric picks some, --all shows them')
    const all = await offstep(['summary', 'r', '--all'], { dir })
    expect(all.stdout.match(/^layer/gm)!.length).toBe(900)
    const picked = await offstep(['summary', 'r', '-m', 'layer1/*,layer2/w2'], { dir })
    expect(picked.stdout.match(/^layer/gm)!.length).toBe(301)
  })

  test('a metric that is none: the nearest is named; exit code 1', async () => {
    const result = await offstep(['summary', 'a', '--metric', 'los'], { dir: twoRuns() })
    expect(result).toMatchObject({
      code: 1,
      stdout: '',
      stderr: 'error: there is no metric "los": did you mean "loss"?\n',
    })
  })
})

describe('offstep compare', () => {
  test('shows parameters where they differ, metrics side by side, and marks the best', async () => {
    const { code, stdout, stderr } = await offstep(['compare', 'a', 'b'], { dir: twoRuns() })
    expect(code).toBe(0)
    expect(columnsOf(stdout.split('\n')[0]!)).toEqual(['a', 'b'])
    expect(lineWith(stdout, 'lr')).toEqual(['lr', '1', '2'])
    expect(lineWith(stdout, 'seed')).toEqual([''])
    expect(lineWith(stdout, 'loss, min')).toEqual(['loss, min', '2', '* 1'])
    expect(lineWith(stdout, 'loss, last')).toEqual(['loss, last', '* 2', '4'])
    expect(lineWith(stdout, 'acc, max')).toEqual(['acc, max', '* 0.9', '0.5'])
    expect(stdout).toContain('Best loss: b, 1 at step 0.')
    expect(stderr).toContain('1 more metric')
  })

  test('--all shows what is equal too, --metric only what is asked for', async () => {
    const dir = twoRuns()
    const all = await offstep(['compare', 'a', 'b', '--all'], { dir })
    expect(lineWith(all.stdout, 'seed')).toEqual(['seed', '7', '7'])
    expect(lineWith(all.stdout, 'n')).toEqual(['n', '1', '2'])
    const one = await offstep(['compare', 'a', 'b', '-m', 'acc'], { dir })
    expect([one.stdout.includes('loss'), one.stderr]).toEqual([false, ''])
  })

  test('as JSON has all of it', async () => {
    const { stdout } = await offstep(['compare', 'b', 'a', '--json'], { dir: twoRuns() })
    const { runs, config, metrics } = JSON.parse(stdout)
    expect(runs.map(({ id }: { id: string }) => id)).toEqual(['b', 'a'])
    expect(config[0]).toEqual({ name: 'lr', values: [2, 1], differs: true })
    expect(metrics[0]).toMatchObject({ name: 'loss', goal: 'minimize', bestBest: [0], bestLast: [1] })
  })

  test('of one run, or one twice, is wrong usage', async () => {
    for (const args of [['a'], ['a', 'p/a']]) {
      const result = await offstep(['compare', ...args], { dir: twoRuns() })
      expect(result).toMatchObject({
        code: 2,
        stdout: '',
        stderr: expect.stringContaining('name two runs or more'),
      })
    }
  })
})

describe('offstep tail', () => {
  test('prints the last rows, as text and as JSON', async () => {
    const dir = twoRuns()
    const { code, stdout } = await offstep(['tail', 'a', '-n', '1'], { dir })
    expect(code).toBe(0)
    expect(stdout).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d +step +5 +loss 2\n$/)
    const json = await offstep(['tail', 'a', '--json', '--metric', 'acc'], { dir })
    expect(JSON.parse(json.stdout)).toMatchObject({ step: 0, producer: 0, values: { acc: 0.9 } })
  })

  test('--follow goes on with what a live run logs, and ends with the run', async () => {
    const dir = temporaryDirectory()
    const run = init({ dir, id: 'r', git: false, recover: false, sinks: [] })
    run.log({ loss: 1 }, 0)
    await run.flush({ level: 'journaled' })
    const program = startOffstep(['tail', 'r', '-f', '--json'], { dir })
    await until('the first row', () => program.stdout.includes('"step":0'))
    run.log({ loss: 2 }, 1)
    await until('the second row', () => program.stdout.includes('"step":1'))
    run.log({ loss: 3 }, 2)
    await run.finish()
    expect(await program.ended).toMatchObject({ code: 0 })
    const rows = program.stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(rows.map(({ step, values }) => [step, values.loss])).toEqual([
      [0, 1],
      [1, 2],
      [2, 3],
    ])
  })

  test('of a run that died follows nothing, and says so', async () => {
    const dir = temporaryDirectory()
    await makeRun(dir, { id: 'dead', rows: 10, end: 'kill' })
    const { code, stdout, stderr } = await offstep(['tail', 'dead', '-f', '-n', '3'], { dir })
    expect([code, stdout.trimEnd().split('\n').length]).toEqual([0, 3])
    expect(stderr).toContain('The run has ended: crashed.')
  })

  test('of a run without rows says that there are none', async () => {
    const dir = temporaryDirectory()
    storeRun(dir, { id: 'r' })
    expect(await offstep(['tail', 'r'], { dir })).toMatchObject({
      code: 0,
      stdout: '',
      stderr: 'Nothing was logged.\n',
    })
  })
})
