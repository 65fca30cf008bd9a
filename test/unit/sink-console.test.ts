import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, constants, openSync, readSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { numberText } from '../../src/sinks/console/format.js'
import type { RunStatus, SinkState } from '../../src/sinks/sink.js'
import { type RowLiteral, START_TIME } from './support/batches.js'
import { compile } from './support/compiled.js'

/** What a child process is told: one life of the sink. */
interface Life {
  readonly batches: readonly (readonly RowLiteral[])[]
  readonly options?: object
  readonly state?: SinkState | null
  readonly live?: boolean
  readonly status?: RunStatus
  readonly runName?: string
}

const IMPORTS = `
  import { readFileSync, readSync, writeSync } from 'node:fs'
  import { createSink } from './src/sinks/console/sink.js'
  import { BatchBuilder } from './test/unit/support/batches.js'
  const builder = new BatchBuilder()
  const context = { runName: 'baseline', startTime: ${START_TIME}, live: true, options: {} }
  const waitForParent = () => readSync(0, Buffer.alloc(1))
`
const LIFE = `${IMPORTS}
  const life = JSON.parse(readFileSync(0, 'utf8'), (key, value) => (value === 'NaN' ? NaN : value))
  const sink = createSink()
  await sink.open({ ...context, ...life }, life.state ?? null)
  let state = life.state ?? null
  for (const rows of life.batches) state = (await sink.write(builder.batchOf(rows))).state
  await sink.close({ status: life.status ?? 'running', endTime: 0 })
  writeSync(3, JSON.stringify(state))
`

let compiled: string
beforeAll(() => {
  compiled = compile('src/sinks/console/sink.ts', 'test/unit/support/batches.ts')
})
afterAll(() => rmSync(compiled, { recursive: true }))

/** The sink writes to file descriptors 1 and 2 themselves, so each life of it is a process. */
function live(life: Life): { lines: string[]; stdout: string; state: SinkState } {
  const child = spawnSync(process.execPath, ['--input-type=module', '-e', LIFE], {
    cwd: compiled,
    encoding: 'utf8',
    input: JSON.stringify(life, (_, value) => (Number.isNaN(value) ? 'NaN' : value)),
    stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
  })
  if (child.status !== 0) throw new Error(child.stderr)
  const state = JSON.parse(child.output[3]!) as SinkState
  return { lines: child.stderr.split('\n').slice(0, -1), stdout: child.stdout, state }
}

const row = (step: number, second: number, metrics: RowLiteral['metrics'] = { loss: 1 }): RowLiteral => ({
  step,
  time: START_TIME + second * 1000,
  metrics,
})
const stepsIn = (lines: readonly string[]) => lines.map((line) => /step +([^ ]+)/.exec(line)![1])

describe('when a line is printed', () => {
  test('the first row is printed at once, and no other before both steps and seconds have passed', () => {
    const rows = [row(0, 0), row(49, 9), row(50, 4.9), row(99, 4.9), row(99, 5), row(148, 20), row(149, 20)]
    expect(stepsIn(live({ batches: [rows] }).lines)).toEqual(['0', '99', '149'])
  })

  test('the options set the steps and the seconds', () => {
    const rows = [row(0, 0), row(9, 1), row(10, 1), row(20, 1.9), row(20, 2)]
    const options = { everySteps: 10, everySeconds: 1 }
    expect(stepsIn(live({ batches: [rows], options }).lines)).toEqual(['0', '10', '20'])
  })

  test('steps that begin again and a clock that goes back do not silence it', () => {
    const rows = [row(1000, 100), row(10, 110), row(100, 50)]
    expect(stepsIn(live({ batches: [rows] }).lines)).toEqual(['1,000', '10', '100'])
  })

  test('the last row is printed when the run ends', () => {
    expect(stepsIn(live({ batches: [[row(0, 0), row(1, 1), row(2, 2)]], status: 'failed' }).lines)).toEqual([
      '0',
      '2',
    ])
  })

  test('a last row that was printed already is not printed again', () => {
    expect(stepsIn(live({ batches: [[row(0, 0), row(50, 5)]], status: 'completed' }).lines)).toEqual([
      '0',
      '50',
    ])
  })

  test('nor is a row that was followed by a printed one', () => {
    const batches = [[row(0, 0), row(1, 1)], [row(50, 5)]]
    expect(stepsIn(live({ batches, status: 'completed' }).lines)).toEqual(['0', '50'])
  })

  test('nothing is printed when only the sink is closed', () => {
    expect(stepsIn(live({ batches: [[row(0, 0), row(1, 1)]], status: 'running' }).lines)).toEqual(['0'])
  })

  test('a run that is delivered after its end prints nothing', () => {
    expect(live({ batches: [[row(0, 0), row(50, 5)]], status: 'completed', live: false }).lines).toEqual([])
  })

  test('cadence and values go on where the state was taken', () => {
    const { state } = live({ batches: [[row(0, 0, { loss: 3, lr: Number.NaN })], [row(40, 4, { loss: 2 })]] })
    const { lines } = live({ batches: [[row(49, 5)], [row(50, 5, { loss: 1.5 })]], state })
    expect(lines).toEqual(['[baseline] step      50  0:00:05  loss 1.500  lr NaN'])
  })

  test('the last row of an earlier life is printed when the run ends without another', () => {
    const { state } = live({ batches: [[row(0, 0), row(7, 1)]] })
    expect(stepsIn(live({ batches: [], state, status: 'crashed' }).lines)).toEqual(['7'])
  })
})

describe('what a line looks like', () => {
  test('it has the name of the run, the step, the time since its start and the newest value of each metric', () => {
    const rows = [
      row(0, 0, { 'train/loss': 2, 'val/loss': 9 }),
      row(1200, 83, { 'train/loss': 1.2344, 'train/learning_rate': 3e-4 }),
    ]
    expect(live({ batches: [rows] }).lines.at(-1)).toBe(
      '[baseline] step   1,200  0:01:23  train/loss 1.234  val/loss 9  train/learning_rate 3.00e-4',
    )
  })

  test('fields stand below each other', () => {
    const rows = [row(0, 0, { a: 123.4, b: 1 }), row(123456, 35999, { a: 5, b: 2 })]
    const starts = live({ batches: [rows] }).lines.map((line) => line.indexOf(' b '))
    expect(starts[0]).toBe(starts[1])
  })

  test('metrics beyond the first eight are counted', () => {
    const metrics = Object.fromEntries(Array.from({ length: 1300 }, (_, i) => [`m${i}`, i]))
    const [line] = live({ batches: [[row(0, 0, metrics)]] }).lines
    expect([line!.includes('m7 7  +1,292 more'), line!.includes('m8')]).toEqual([true, false])
  })

  test('a metric that is not shown is counted once, however often it is logged', () => {
    const rows = [0, 5, 10].map((second) => row(second * 10, second, { a: 1, b: 2, c: 3 }))
    const { lines } = live({ batches: [rows], options: { maxMetrics: 1 } })
    expect(lines.map((line) => line.slice(-7))).toEqual(['+2 more', '+2 more', '+2 more'])
  })

  test('names cannot move the cursor or begin a new line', () => {
    const { lines } = live({ batches: [[row(0, 0, { 'a\nb\u001b[2J': 1 })]], runName: 'x\r' })
    expect(lines).toEqual(['[x?] step       0  0:00:00  a?b?[2J 1'])
  })

  test('it goes to standard output where that is asked for', () => {
    const { lines, stdout } = live({ batches: [[row(0, 0)]], options: { stream: 'stdout' } })
    expect([lines.length, stdout]).toEqual([0, '[baseline] step       0  0:00:00  loss 1\n'])
  })

  test.each([
    [0, '0'],
    [-0, '0'],
    [1, '1'],
    [0.5, '0.5000'],
    [1.23456, '1.235'],
    [-12.3456, '-12.35'],
    [999.96, '1,000'],
    [12345.678, '12,346'],
    [9999999, '9,999,999'],
    [1e7, '1.00e7'],
    [1.23456e20, '1.235e20'],
    [0.00123456, '0.001235'],
    [3e-4, '3.00e-4'],
    [-3.125e-4, '-3.125e-4'],
    [5e-324, '4.941e-324'],
    [Number.NaN, 'NaN'],
    [-Infinity, '-Infinity'],
  ])('%d is %s', (value, expected) => {
    expect(numberText(value)).toBe(expected)
  })
})

describe('when the terminal does not take it', () => {
  function start(program: string, stderr: 'pipe' | number): ChildProcess {
    const parameters = ['--input-type=module', '-e', IMPORTS + program]
    return spawn(process.execPath, parameters, { cwd: compiled, stdio: ['pipe', 'pipe', stderr] })
  }

  /** All that is in a non-blocking pipe now. */
  function drain(fd: number): string {
    const chunks: Buffer[] = []
    for (;;) {
      const chunk = Buffer.alloc(65536)
      try {
        const count = readSync(fd, chunk)
        if (count === 0) return Buffer.concat(chunks).toString()
        chunks.push(chunk.subarray(0, count))
      } catch (error) {
        expect(error).toMatchObject({ code: 'EAGAIN' })
        return Buffer.concat(chunks).toString()
      }
    }
  }

  test('a reader that went away ends the printing, without an error', async () => {
    const child = start(
      `
      waitForParent()
      const sink = createSink()
      await sink.open(context, null)
      for (const second of [0, 5, 10]) await sink.write(builder.batch({ step: second * 10, time: second * 1000, metrics: {} }))
      await sink.close({ status: 'completed' })
      writeSync(1, 'all written')`,
      'pipe',
    )
    child.stderr!.destroy()
    await once(child.stderr!, 'close')
    child.stdin!.end('x')
    expect(await text(child.stdout!)).toBe('all written')
  })

  test('a pipe that is full costs the line, and printing goes on when it is read again', async () => {
    const path = join(compiled, 'terminal')
    execFileSync('mkfifo', [path])
    // Each end is opened by itself: a child makes its own blocking and non-blocking as it likes.
    const terminal = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
    const stderr = openSync(path, constants.O_WRONLY)
    onTestFinished(() => closeSync(terminal))
    const program = `
      process.stderr // makes the pipe non-blocking, as a training script does that logs
      const full = () => { try { for (;;) writeSync(2, 'x') } catch (error) { return error.code } }
      const sink = createSink()
      await sink.open(context, null)
      const result = [full()]
      const started = performance.now()
      await sink.write(builder.batch({ step: 1, time: 0, metrics: {} }))
      result.push(performance.now() - started < 1000)
      writeSync(1, JSON.stringify(result))
      waitForParent()
      await sink.write(builder.batch({ step: 77, time: 9000, metrics: {} }))`
    const child = start(program, stderr)
    closeSync(stderr)
    const [report] = (await once(child.stdout!, 'data')) as [Buffer]
    expect(JSON.parse(report.toString())).toEqual(['EAGAIN', true])
    expect(drain(terminal)).toMatch(/^x+$/)
    child.stdin!.end('x')
    await once(child, 'close')
    expect(drain(terminal)).toMatch(/^\[baseline\] step +77 .*\n$/)
  })
})
