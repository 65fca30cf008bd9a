/** `offstep plot`, as a child process. */
import { existsSync, readdirSync, readFileSync, statSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { decode } from 'fast-png'
import { describe, expect, test } from 'vitest'
import { makeRun, offstep } from '../support/command-line.js'
import { temporaryDirectory } from '../support/directory.js'
import { overfitting, writeRun } from './support/plot-runs.js'

/** Two runs that overfit. */
function twoRuns(): { dir: string; baseline: string } {
  const dir = temporaryDirectory()
  const baseline = writeRun(dir, 'baseline', overfitting(), { config: { lr: 0.1 } })
  writeRun(dir, 'wider', overfitting(2), { config: { lr: 0.2 } })
  return { dir, baseline }
}

describe('files', () => {
  test('of one run are its standard plots, in plots/ of its directory; stdout has their names', async () => {
    const { dir, baseline } = twoRuns()
    const { code, stdout, stderr } = await offstep(['plot', 'base'], { dir })
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const made = readdirSync(join(baseline, 'plots'))
    expect(made).toContain('loss_by_step.png')
    expect(stdout.trimEnd().split('\n')).toHaveLength(made.length)
    for (const name of made) expect(stdout).toContain(name)
  })

  test('of several runs compare them, and --json lists what was made', async () => {
    const { dir } = twoRuns()
    const out = join(dir, 'out')
    const args = ['plot', 'baseline', 'wider', '--out', out, '--theme', 'dark', '--format', 'svg', '--json']
    const { code, stdout } = await offstep(args, { dir })
    expect(code).toBe(0)
    const names = ['compare_metrics_by_step', 'compare_final', 'compare_hyperparameters']
    expect(JSON.parse(stdout)).toEqual({ files: names.map((name) => join(out, `${name}.svg`)), problems: [] })
    expect(readFileSync(join(out, 'compare_final.svg'), 'utf8')).toContain('#14171c')
  })

  test('with the ending of a picture --out is the one chart', async () => {
    const { dir } = twoRuns()
    const [png, svg] = [join(dir, 'deep/er/a.png'), join(dir, 'b.svg')]
    const common = ['--log', '--x', 'time', '--smooth', '0.9']
    expect(await offstep(['plot', 'baseline', '--out', png, ...common], { dir })).toMatchObject({ code: 0 })
    expect(decode(readFileSync(png)).width).toBeGreaterThan(1500)
    const overlay = ['plot', 'baseline', 'wider', '-m', 'val/loss', '--out', svg]
    expect(await offstep(overlay, { dir })).toMatchObject({ code: 0 })
    const text = readFileSync(svg, 'utf8')
    for (const word of ['baseline', 'wider', 'val/loss']) expect(text).toContain(word)
  })

  test('of a crashed run and of a live one show what was logged so far', async () => {
    const dir = temporaryDirectory()
    await makeRun(dir, { id: 'dead', rows: 100, end: 'kill' })
    await makeRun(dir, { id: 'living', rows: 100, end: 'live' })
    for (const [id, status] of [
      ['dead', 'crashed'],
      ['living', 'running'],
    ] as const) {
      const out = join(dir, `${id}.svg`)
      expect(await offstep(['plot', id, '--out', out], { dir })).toMatchObject({ code: 0, stderr: '' })
      expect(readFileSync(out, 'utf8')).toContain(`default/run (${status})`)
    }
  })
})

describe('in the terminal', () => {
  test('a chart has its axes, its lines in dots, and what each came to', async () => {
    const { dir, baseline } = twoRuns()
    const { code, stdout } = await offstep(['plot', 'baseline', '--terminal'], { dir })
    expect(code).toBe(0)
    expect(existsSync(join(baseline, 'plots'))).toBe(false)
    expect(stdout).toMatch(/^loss {2}default\/baseline$/m)
    expect(stdout).toMatch(/^ *[\d.]+ ┤.*[\u2801-\u28ff]/m)
    expect(stdout).toMatch(/^ +0 +step +999$/m)
    expect(stdout).toMatch(/^━━ train\/loss: last .*, NaN at step 700$/m)
    expect(stdout).toMatch(/^━━ val\/loss: last .*, min 0\.7, max .*$/m)
    expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80)
  })

  test('runs are over each other, and a log axis is in the values of the metric', async () => {
    const { dir } = twoRuns()
    const { stdout } = await offstep(['plot', 'baseline', 'wider', '-t', '-m', 'val/loss', '--log'], { dir })
    expect(stdout).toContain('━━ baseline: ')
    expect(stdout).toContain('━━ wider: ')
    expect(stdout).toMatch(/^1\.547 ┤/m)
  })

  test('a metric that is never a number, and one point, are told', async () => {
    const dir = temporaryDirectory()
    writeRun(dir, 'odd', [{ bad: Number.NaN, one: 5 } as { [name: string]: number }, { bad: Number.NaN }])
    const { code, stdout } = await offstep(['plot', 'odd', '-t', '-m', 'bad', '-m', 'one'], { dir })
    expect(code).toBe(0)
    expect(stdout).toContain('━━ bad: no finite value, 2 not finite, NaN at step 0')
    expect(stdout).toContain('━━ one: last 5, min 5, max 5')
  })
})

describe('one sentence, and no stack, for', () => {
  test.each([
    [
      'an unknown metric',
      ['baseline', '-m', 'val/los'],
      2,
      /has no metric "val\/los": did you mean "val\/loss"\?/,
    ],
    ['a part of a name', ['baseline', '-m', 'norm'], 2, /did you mean "grad_norm"\?/],
    [
      'a name that is near none',
      ['baseline', '-m', 'xyzzy'],
      2,
      /there are train\/loss, .* and \d+ more|there are train\/loss/,
    ],
    ['an unknown run', ['baselin3'], 2, /did you mean "baseline"\?/],
    ['a weight that is none', ['baseline', '--smooth', '2'], 2, /Give a number from 0 to 0\.999/],
    ['two formats', ['baseline', '--out', 'a.png', '--format', 'svg'], 2, /leave one out/],
    ['a chart in the terminal as a file', ['baseline', '-t', '--out', 'x'], 2, /--terminal makes no files/],
    ['a chart in the terminal as JSON', ['baseline', '-t', '--json'], 2, /--terminal makes no files/],
    ['a run without rows', ['empty'], 1, /default\/empty has no metrics to plot: its journal holds none/],
    ['a run without rows, in the terminal', ['empty', '-t'], 1, /default\/empty has no metrics to plot/],
  ])('%s', async (_what, args, code, message) => {
    const { dir } = twoRuns()
    writeRun(dir, 'empty', [])
    const result = await offstep(['plot', ...args], { dir })
    expect(result).toMatchObject({ code, stdout: '' })
    expect(result.stderr).toMatch(/^error: [^\n]*(\n\(--help shows what there is\))?\n$/)
    expect(result.stderr).toMatch(message)
  })

  test('a place where no file can be made', async () => {
    const { dir, baseline } = twoRuns()
    const out = join(baseline, 'run.json', 'out')
    const { code, stderr } = await offstep(['plot', 'baseline', '--out', out], { dir })
    expect(code).toBe(1)
    expect(stderr).toMatch(/^error: ENOTDIR[^\n]*\n$/)
  })
})

test('a damaged journal is plotted as far as it can be read', async () => {
  const dir = temporaryDirectory()
  const run = writeRun(
    dir,
    'damaged',
    Array.from({ length: 5000 }, (_, step) => ({ loss: step })),
  )
  const segment = join(run, 'journal', '000001.log')
  truncateSync(segment, Math.floor(statSync(segment).size * 0.7))
  const { code, stdout } = await offstep(['plot', 'damaged', '-t'], { dir })
  expect(code).toBe(0)
  expect(stdout).toMatch(/^━━ loss: last [23],999, min 0, /m)
})
