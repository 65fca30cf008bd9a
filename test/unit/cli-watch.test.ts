/** `offstep watch`: what it shows, as lines, on a pipe, and on a pseudo-terminal made by script(1) of util-linux. */
import { spawn, spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createOutput } from '../../src/cli/output.js'
import { widthOf } from '../../src/cli/text.js'
import { watchLines } from '../../src/cli/watch/lines.js'
import { RateMeter } from '../../src/cli/watch/rates.js'
import { Screen } from '../../src/cli/watch/screen.js'
import { Watcher } from '../../src/cli/watch/snapshot.js'
import { sparkline } from '../../src/cli/watch/sparkline.js'
import { StoredRun } from '../../src/store/runs/stored-run.js'
import { makeRun, offstep } from '../support/command-line.js'
import { temporaryDirectory } from '../support/directory.js'
import { JournalMaker } from '../support/journal-maker.js'
import { START, storeRun } from '../support/stored-runs.js'
import { until } from '../support/until.js'

const MAIN = join(import.meta.dirname, '../../dist/src/cli/main.js')
const HAS_SCRIPT = spawnSync('script', ['-qec', 'true', '/dev/null'], { stdio: 'ignore' }).status === 0
const pointsOf = (...values: number[]) => values.map((value, x) => ({ x, value }))

describe('a sparkline', () => {
  test('goes from the lowest to the highest value', () => {
    expect(sparkline(pointsOf(0, 1, 2, 3, 4, 5, 6, 7), 8)).toBe('▁▂▃▄▅▆▇█')
    expect(sparkline(pointsOf(3, 3), 8)).toBe('▅▅')
    expect(sparkline([], 8)).toBe('')
  })

  test('of many points has the mean of each stretch, and goes on over a gap', () => {
    expect(sparkline(pointsOf(0, 2, 4, 6, 8, 10, 12, 14), 4)).toBe('▁▃▆█')
    const gap = [0, 1, 2, 3, 4, 5, 30, 31].map((x) => ({ x, value: x < 10 ? 0 : 1 }))
    expect(sparkline(gap, 4)).toBe('▁▁▁█')
  })

  test('marks what is not finite, and draws huge values', () => {
    expect(sparkline(pointsOf(0, Number.NaN, 1), 8)).toBe('▁×█')
    expect(sparkline(pointsOf(-Number.MAX_VALUE, 0, Number.MAX_VALUE), 8)).toBe('▁▅█')
    expect(sparkline(pointsOf(Number.NaN, Number.POSITIVE_INFINITY), 8)).toBe('××')
  })
})

describe('rates', () => {
  test('are of the run for the first look, then of the last ten seconds', () => {
    const meter = new RateMeter()
    expect(meter.add({ time: 0, steps: 100, rows: 200 }, 10)).toEqual({
      stepsPerSecond: 10,
      rowsPerSecond: 20,
      recent: false,
    })
    expect(meter.add({ time: 2000, steps: 110, rows: 210 }, 12)).toMatchObject({
      stepsPerSecond: 5,
      recent: true,
    })
    for (let time = 4000; time <= 60_000; time += 2000) meter.add({ time, steps: 110, rows: 210 }, time)
    expect(meter.add({ time: 61_000, steps: 110, rows: 210 }, 61)).toMatchObject({
      stepsPerSecond: 0,
      recent: true,
    })
  })
})

describe('the lines', () => {
  function watcher(metrics: number) {
    const names = Array.from(
      { length: metrics },
      (_, n) => `a/rather/long/\x1b[2Jname/of/a/metric/number/${n}`,
    )
    const rows = Object.fromEntries(
      Array.from({ length: 300 }, (_, step) => [
        step,
        Object.fromEntries(names.map((name) => [name, Math.sin(step)])),
      ]),
    )
    const sinks = ['jsonl', 'csv'].map((name) => ({ name, module: null, export: 'default', options: {} }))
    const dir = storeRun(temporaryDirectory(), { id: 'r', sinks }, rows)
    const made = new Watcher(new StoredRun(dir))
    onTestFinished(() => made.close())
    return made
  }

  test.for([60, 80, 160])('are not wider than a terminal of %d columns, nor more than it has', (columns) => {
    const output = { ...createOutput({ color: false }), columns }
    const snapshot = watcher(50).look()
    for (const height of [10, 24, 40]) {
      const lines = watchLines(snapshot, output, height)
      expect(lines.length).toBeLessThanOrEqual(height)
      expect(Math.max(...lines.map(widthOf))).toBeLessThanOrEqual(columns)
      const shown = lines.filter((line) => line.includes('…') || line.includes('number/')).length
      expect(lines).toContain(`and ${50 - shown} more metrics: --metric picks some`)
      expect(shown).toBeGreaterThan(0)
    }
    expect(watchLines(snapshot, output, 4)).toHaveLength(4)
    expect(watchLines(snapshot, output).join('\n')).not.toContain('\x1b')
  })

  test('follow the journal as it grows, and tell rates of what came', () => {
    const dir = storeRun(temporaryDirectory(), {
      id: 'r',
      status: 'running',
      endTime: null,
      durationSeconds: null,
      delivered: false,
    })
    const made = new Watcher(new StoredRun(dir))
    onTestFinished(() => made.close())
    const empty = made.look(START)
    expect({ rows: empty.rows, step: empty.step, metrics: empty.metrics }).toEqual({
      rows: 0,
      step: null,
      metrics: [],
    })
    const journal = new JournalMaker(join(dir))
    onTestFinished(() => journal.close())
    journal.append(100)
    const first = made.look(START + 1000)
    expect(first.metrics[0]!.metric.last.value).toBe(99)
    journal.append(50, 100)
    const second = made.look(START + 3000)
    expect({ rows: second.rows, step: second.step }).toEqual({ rows: 150, step: 149 })
    expect(second.points('value', 1000).map(({ value }) => value)).toEqual(
      Array.from({ length: 150 }, (_, n) => n),
    )
    expect(second.rates).toEqual({ stepsPerSecond: 149 / 3, rowsPerSecond: 50, recent: true })
  })
})

describe('the screen', () => {
  test('each frame is drawn over the one before, and the terminal is given back', () => {
    let written = ''
    let resize = () => {}
    const screen = new Screen({
      columns: 0,
      rows: 0,
      write: (text) => {
        written += text
      },
      on: (_, listener) => {
        resize = listener
      },
      off: () => {},
    })
    expect({ columns: screen.columns, height: screen.height }).toEqual({ columns: 80, height: 23 })
    const frame = (lines: string[]) => {
      written = ''
      screen.draw(lines)
      return written
    }
    expect(frame(['a', 'b'])).toBe('a\x1b[K\nb\x1b[K\n\x1b[J')
    expect(frame(['c'])).toBe('\x1b[2A\rc\x1b[K\n\x1b[J')
    expect(frame(['d'])).toBe('\x1b[1A\rd\x1b[K\n\x1b[J')
    resize()
    expect(frame(['e'])).toBe('\x1b[2J\x1b[He\x1b[K\n\x1b[J')
    written = ''
    screen.close()
    expect(written).toBe('\x1b[?7h\x1b[?25h')
  })
})

describe('offstep watch', () => {
  test('in a pipe: a live run once, with its sinks; exit code 0', async () => {
    const dir = temporaryDirectory()
    await makeRun(dir, { id: 'r', rows: 500, end: 'live', sinks: ['jsonl'] })
    const { code, stdout, stderr } = await offstep(['watch', 'r'], { dir })
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toMatch(
      /^default\/r\nrunning · .*\nstep 499 · 500 rows · .* steps\/s · .* rows\/s on average\n/,
    )
    expect(stdout).toMatch(/\njsonl +\d+ rows? /)
    const json = JSON.parse((await offstep(['watch', 'r', '--json'], { dir })).stdout)
    expect(json).toMatchObject({ id: 'r', live: true, rows: 500, step: 499, rates: { recent: false } })
  })

  test.for([
    ['completed', 'This run is not live: completed. offstep summary r tells what came of it.'],
    ['kill', 'This run is not live: its process is gone. offstep sync r completes it.'],
  ] as const)('a run that is not live (%s) says so', async ([end, words]) => {
    const dir = temporaryDirectory()
    await makeRun(dir, { id: 'r', rows: 20, end })
    const { code, stdout, stderr } = await offstep(['watch', 'r'], { dir })
    expect({ code, stderr }).toEqual({ code: 0, stderr: `${words}\n` })
    expect(stdout).toContain('step 19 · 20 rows')
  })

  test('what it cannot find it says, and what to type instead', async () => {
    const dir = temporaryDirectory()
    storeRun(dir, { id: 'base' }, { 0: { loss: 1 } })
    expect(await offstep(['watch', 'bsae'], { dir })).toMatchObject({ code: 2, stdout: '' })
    const { code, stderr } = await offstep(['watch', 'base', '-m', 'los'], { dir })
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: 'error: there is no metric "los": did you mean "loss"?\n',
    })
    expect(await offstep(['watch', 'base', '--interval', '0'], { dir })).toMatchObject({ code: 2 })
  })
})

describe.runIf(HAS_SCRIPT)('on a terminal', () => {
  function onTerminal(dir: string) {
    const command = `'${process.execPath}' '${MAIN}' watch r --interval 0.1`
    const { CI: _, NO_COLOR: __, FORCE_COLOR: ___, ...env } = process.env
    const child = spawn('script', ['-qec', command, '/dev/null'], {
      env: { ...env, OFFSTEP_DIR: dir, TERM: 'xterm' },
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    let screen = ''
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      screen += chunk
    })
    const ended = new Promise<number | null>((resolve) => child.on('close', resolve))
    onTestFinished(async () => {
      if (child.exitCode === null) child.kill('SIGKILL')
      await ended
    })
    return { ended, screen: () => screen, type: (keys: string) => void child.stdin.write(keys) }
  }

  const drawnTwice = async (screen: () => string) =>
    until('it is drawn over itself', () => screen().split('A\r').length > 2)

  const expectGivenBack = (screen: string) => {
    expect(screen).toContain('\x1b[?25l')
    expect(screen.lastIndexOf('\x1b[?25h')).toBeGreaterThan(screen.lastIndexOf('\x1b[?25l'))
    expect(screen.lastIndexOf('\x1b[?7h')).toBeGreaterThan(screen.lastIndexOf('\x1b[?7l'))
  }

  test.for([
    ['q', 'q', 0],
    ['Ctrl-C', '\x03', 130],
  ] as const)('it is drawn again and again, until %s', async ([, key, code]) => {
    const dir = temporaryDirectory()
    const { program } = await makeRun(dir, { id: 'r', rows: 100, end: 'live' })
    const { ended, screen, type } = onTerminal(dir)
    await drawnTwice(screen)
    type(key)
    expect(await ended).toBe(code)
    expect(screen()).toContain('step 99 · 100 rows')
    expectGivenBack(screen())
    expect(program.running).toBe(true)
  })

  test('until the run ends', async () => {
    const dir = temporaryDirectory()
    const { program } = await makeRun(dir, { id: 'r', rows: 100, end: 'live' })
    const { ended, screen } = onTerminal(dir)
    await drawnTwice(screen)
    program.kill('SIGKILL')
    expect(await ended).toBe(0)
    expect(screen()).toContain('The run has ended: crashed.')
    expectGivenBack(screen())
  })
})
