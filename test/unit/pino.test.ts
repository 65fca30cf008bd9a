import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import pino from 'pino'
import { describe, expect, onTestFinished, test } from 'vitest'
import { init, type Run, type RunOptions } from '../../dist/src/index.js'
import createTransport, { pinoStream } from '../../dist/src/pino/index.js'
import type { LogLine } from '../../src/run/updates/types.js'
import { temporaryDirectory } from '../support/directory.js'
import { startProgram } from '../support/program.js'

const ROOT = join(import.meta.dirname, '..', '..')

function startRun(options: RunOptions = {}): Run {
  const run = init({
    dir: temporaryDirectory(),
    sinks: ['log'],
    captureConsole: false,
    git: false,
    ...options,
  })
  onTestFinished(async () => void (await run.finish()))
  return run
}

/** output.log without its times. */
const logOf = (dir: string) =>
  readFileSync(join(dir, 'output.log'), 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((line) => line.slice(25))

/** Takes lines in this thread, with no run behind it. */
function target() {
  const calls: LogLine[][] = []
  return { calls, logLines: (lines: readonly LogLine[]) => void calls.push([...lines]) }
}

describe('pinoStream', () => {
  test('levels, messages and fields come into output.log, in order', async () => {
    const run = startRun()
    const logger = pino({ level: 'trace' }, pinoStream(run))
    logger.trace('a trace')
    logger.info({ lr: 0.1 }, 'epoch 1')
    logger.child({ part: 'val' }).warn({ loss: 9.5 }, 'loss is high')
    logger.fatal(new Error('boom'))
    await run.finish()
    const lines = logOf(run.dir)
    expect(lines.slice(0, 3)).toEqual([
      'trace  a trace',
      'info   epoch 1 {"lr":0.1}',
      'warn   loss is high {"part":"val","loss":9.5}',
    ])
    expect(lines[3]).toMatch(/^fatal {2}boom \{"err":\{"type":"Error"/)
    expect(run.status().dropped.total).toBe(0)
  })

  test('lines that wait are taken along by run.flush()', async () => {
    const run = startRun()
    const logger = pino(pinoStream(run))
    logger.info('before')
    expect((await run.flush({ level: 'delivered', timeoutMs: 30_000 })).reached).toBe(true)
    expect(logOf(run.dir)).toEqual(['info   before'])
  })

  test.each(['exit', 'throw', 'return'])('a process that ends at once loses no line (%s)', async (how) => {
    const dir = temporaryDirectory()
    const program = startProgram('pino/exit.mjs', { args: [how], dir, env: { OFFSTEP_DIR: dir } })
    await program.ended
    expect(logOf(program.stdout.trim())).toHaveLength(100)
  })

  test('hands over what waits when the run is about to be flushed, or to end', () => {
    const lines = target()
    const actions: (() => void)[] = []
    const logger = pino(pinoStream({ ...lines, onFlush: (action) => void actions.push(action) }))
    logger.info('waits')
    expect(lines.calls).toEqual([])
    for (const action of actions) action()
    expect(lines.calls.flat()).toMatchObject([{ level: 'info' }])
  })

  test('many lines become few records', () => {
    const lines = target()
    const stream = pinoStream(lines)
    const logger = pino(stream)
    for (let i = 0; i < 900; i++) logger.info({ i }, 'line')
    stream.flushSync()
    expect(lines.calls.flat()).toHaveLength(900)
    expect(lines.calls.length).toBeLessThan(5)
    stream.end()
  })

  test('what is beyond the rate is left out, and counted', () => {
    const lines = target()
    const stream = pinoStream(lines, { maxLinesPerSecond: 5 })
    const logger = pino(stream)
    for (let i = 0; i < 1000; i++) logger.info({ i }, 'line')
    stream.end()
    const texts = lines.calls.flat().map(({ text }) => text)
    const leftOut = texts.flatMap(
      (text) => /^offstep: (\d+) lines left out: more than 5/.exec(text)?.[1] ?? [],
    )
    const kept = texts.filter((text) => text.startsWith('{')).length
    expect(leftOut.length).toBeGreaterThan(0)
    expect(kept + leftOut.reduce((sum, count) => sum + Number(count), 0)).toBe(1000)
  })

  test('is told what it cannot use', () => {
    expect(() => pinoStream(undefined as never)).toThrow('give the run that init() returned')
    expect(() => pinoStream(target(), { maxLinesPerSecond: -1 })).toThrow('maxLinesPerSecond')
  })

  test('a run that is disabled takes nothing and costs nothing', async () => {
    const run = init({ mode: 'disabled' })
    pino(pinoStream(run)).info('nobody hears this')
    await run.finish()
    expect(run.dir).toBe('')
  })
})

describe('as a transport', () => {
  test("carries lines from pino's thread into the run", async () => {
    const run = startRun()
    const transport = pino.transport({
      target: join(ROOT, 'dist/src/pino/index.js'),
      options: { run: run.producer({ name: 'pino' }) },
    })
    const logger = pino({ level: 'debug' }, transport)
    for (let i = 0; i < 500; i++) logger.debug({ i }, 'from afar')
    logger.error('the last')
    const closed = new Promise((resolve) => transport.once('close', resolve))
    transport.end()
    await closed
    await run.finish()
    const lines = logOf(run.dir)
    expect(lines).toHaveLength(501)
    expect(lines[0]).toBe('debug  from afar {"i":0}')
    expect(lines[500]).toBe('error  the last')
  })

  test('a line in two chunks, one without an end, and one that is no JSON are lines', async () => {
    const run = startRun()
    const stream = createTransport({ run: run.producer() })
    stream.write('{"level":50,"time":1732000000000,"msg":"in')
    stream.write(' two"}\nno JSON\n{"level":20,"msg":"with')
    stream.write(Buffer.from('out an end ü"}'))
    await new Promise<void>((resolve) => void stream.end(resolve))
    await run.finish()
    expect(logOf(run.dir)).toEqual(['error  in two', 'info   no JSON', 'debug  without an end ü'])
    expect(readFileSync(join(run.dir, 'output.log'), 'utf8')).toContain('2024-11-19T07:06:40.000Z error')
  })

  test('is told what it cannot use', () => {
    expect(() => createTransport({} as never)).toThrow('give { run: run.producer() }')
  })
})

describe('run.logLines', () => {
  test('lines of any text; what is none is refused, counted, and costs its own call', async () => {
    const run = startRun()
    run.logLines([{ text: 'two\nlines', level: 'warn' }, { text: 'now' }])
    run.logLines([{ text: 5 as never }])
    run.logLines([{ text: 'x', level: 'loud' as never }])
    run.logLines('x' as never)
    await run.finish()
    expect(logOf(run.dir)).toEqual(['warn   two', 'warn   lines', 'info   now'])
    expect(run.status().dropped['invalid-media']).toBe(3)
  })

  test('a line that is none costs only itself, and one warning', async () => {
    const warned: Error[] = []
    const hear = (warning: Error) => void warned.push(warning)
    process.on('warning', hear)
    onTestFinished(() => void process.off('warning', hear))
    const run = startRun()
    const bad = [{ text: 5 }, null, { text: 'x', level: 'loud' }, { text: 'x', time: Number.NaN }] as never[]
    run.logLines([{ text: 'before' }, ...bad, { text: 'behind' }])
    run.logLines([{ text: 'later' }, ...bad])
    await run.finish()
    expect(logOf(run.dir)).toEqual(['info   before', 'info   behind', 'info   later'])
    const { dropped, values } = run.status()
    expect([dropped.total, values.refused]).toEqual([0, 8])
    expect(warned.map(({ message }) => message)).toEqual([
      'A part of "console" (console) is left out: the text of a line must be a string',
    ])
  })

  test('what the process prints is captured where the log is a sink, and not elsewhere', () => {
    const log = startRun({ captureConsole: undefined })
    expect((log as unknown as { options: { captureConsole: boolean } }).options.captureConsole).toBe(true)
    const jsonl = startRun({ captureConsole: undefined, sinks: ['jsonl'] })
    expect((jsonl as unknown as { options: { captureConsole: boolean } }).options.captureConsole).toBe(false)
    expect(existsSync(join(jsonl.dir, 'output.log'))).toBe(false)
  })
})
