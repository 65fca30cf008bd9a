/** `offstep sync` as a child process, on runs of real programs. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { RecoveryReport } from '../../dist/src/recovery/report.js'
import { makeRun, offstep, rowsUpTo, startOffstep, TestSink } from '../support/command-line.js'
import { temporaryDirectory } from '../support/directory.js'
import { expectDelivered, runFile } from '../support/run-files.js'
import { until } from '../support/until.js'

const reports = (stdout: string): (RecoveryReport & { error: { code: string } | null })[] =>
  JSON.parse(stdout)

describe('runs whose process died', () => {
  test('are completed with each record once, and there is nothing to do the next time', async () => {
    const dir = temporaryDirectory()
    const runs = [
      await makeRun(dir, { id: 'first', rows: 5000, end: 'kill' }),
      await makeRun(dir, { id: 'second', rows: 70, end: 'kill', project: 'other' }),
    ]
    const { code, stdout, stderr } = await offstep(['sync'], { dir })
    expect({ code, stderr }).toMatchObject({ code: 0 })
    expect(stdout).toContain('All is delivered: 2 runs.')
    for (const run of runs) {
      expectDelivered(run.dir)
      expect(runFile(run.dir)).toMatchObject({ status: 'crashed', delivered: true })
    }
    const again = await offstep(['sync'], { dir })
    expect(again).toMatchObject({ code: 0, stderr: '' })
    expect(again.stdout).toContain('Nothing is pending: all 2 runs')
  })

  test('only the named one is touched', async () => {
    const dir = temporaryDirectory()
    const named = await makeRun(dir, { id: 'alpha_20250101', rows: 300, end: 'kill' })
    const other = await makeRun(dir, { id: 'beta', rows: 300, end: 'kill' })
    expect((await offstep(['sync', 'alph'], { dir })).code).toBe(0)
    expectDelivered(named.dir)
    expect(runFile(other.dir).status).toBe('running')
  })

  test('a name that means no run is told, keeps no other waiting, and makes the exit code 1', async () => {
    const dir = temporaryDirectory()
    for (const id of ['one', 'two']) await makeRun(dir, { id, rows: 100, end: 'kill' })
    mkdirSync(join(dir, 'default', 'broken'))
    writeFileSync(join(dir, 'default', 'broken', 'run.json'), '{')
    const { code, stderr, stdout } = await offstep(['sync', 'one', 'onw', 'broken', 'two'], { dir })
    expect(stderr).toContain('there is no run "onw"')
    expect(stderr).toContain('is damaged (not JSON)')
    expect([code, stdout.includes('All is delivered: 2 runs.')]).toEqual([1, true])
    for (const id of ['one', 'two']) {
      expect(runFile(join(dir, 'default', id))).toMatchObject({ status: 'crashed', delivered: true })
    }
    const again = await offstep(['sync', 'one', 'onw', '--json'], { dir })
    expect([again.code, JSON.parse(again.stdout)]).toEqual([1, [expect.objectContaining({ complete: true })]])
    const none = await offstep(['sync', 'onw', 'broken'], { dir })
    expect([none.code, none.stdout]).toEqual([2, ''])
    expect(none.stderr).toMatch(/no run "onw".*not JSON/s)
    expect((await offstep(['sync', '--watch', 'onw'], { dir })).code).toBe(2)
  })

  test('with --json, stdout is one document with a report for each run', async () => {
    const dir = temporaryDirectory()
    await makeRun(dir, { id: 'done', rows: 10, end: 'completed' })
    await makeRun(dir, { id: 'dead', rows: 1234, end: 'kill', sinks: ['jsonl'] })
    const { code, stdout, stderr } = await offstep(['sync', '--json'], { dir })
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(reports(stdout)).toMatchObject([
      { id: 'dead', status: 'crashed', journaled: 1234, complete: true, error: null, failed: {} },
    ])
    expect(reports(stdout)[0]!.sinks.jsonl).toMatchObject({ delivered: 1234, pending: 0 })
    const all = await offstep(['--json', 'sync', '--all'], { dir })
    expect(reports(all.stdout).map(({ id, complete }) => ({ id, complete }))).toEqual([
      { id: 'done', complete: true },
      { id: 'dead', complete: true },
    ])
  })
})

describe('--sink', () => {
  test('fills a built-in sink that a completed run did not have, and keeps it', async () => {
    const dir = temporaryDirectory()
    const run = await makeRun(dir, { id: 'r', rows: 3000, end: 'completed', sinks: ['jsonl'] })
    const { code } = await offstep(['sync', 'r', '--sink', 'csv', '--sink', 'tensorboard'], { dir })
    expect(code).toBe(0)
    expectDelivered(run.dir)
    expect(runFile(run.dir).sinks.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['jsonl', 'csv', 'tensorboard']),
    )
    expect(runFile(run.dir).status).toBe('completed')
  })

  test('fills a sink of the user given as JSON, in all runs with --all, and then knows it by name', async () => {
    const dir = temporaryDirectory()
    await makeRun(dir, { id: 'done', rows: 400, end: 'completed', sinks: ['jsonl'] })
    const sink = new TestSink(dir)
    sink.behave('fail')
    const spec = JSON.stringify(sink.option)
    const first = await offstep(['sync', '--all', '--retries', 0, '--sink', spec], { dir })
    expect(first.code).toBe(1)
    expect(first.stdout).toMatch(/mine\s+0\s+0\s+400\s+the server is down \(DOWN\)/)
    sink.behave('well')
    expect((await offstep(['sync', '--sink', 'mine'], { dir })).code).toBe(0)
    expect(sink.rows).toEqual(rowsUpTo(400))
  })

  test('leaves the other sinks alone', async () => {
    const dir = temporaryDirectory()
    const [one, two] = [new TestSink(dir, 'one'), new TestSink(dir, 'two')]
    one.behave('pause')
    two.behave('pause')
    const sinks = [one.option, two.option]
    await makeRun(dir, { id: 'r', rows: 50, end: 'completed', sinks })
    one.behave('well')
    two.behave('well')
    expect((await offstep(['sync', '--sink', 'two'], { dir })).code).toBe(0)
    expect({ one: one.rows, two: two.rows }).toEqual({ one: [], two: rowsUpTo(50) })
  })

  test('takes options for a sink that the run has in place of those in run.json', async () => {
    const dir = temporaryDirectory()
    const kept = new TestSink(dir)
    kept.behave('pause')
    await makeRun(dir, { id: 'r', rows: 50, end: 'completed', sinks: [kept.option] })
    const given = new TestSink(temporaryDirectory())
    expect((await offstep(['sync', '--sink', JSON.stringify(given.option)], { dir })).code).toBe(0)
    expect(given.rows).toEqual(rowsUpTo(50))
  })
})

test('a journal whose run.json cannot be read is told, and counts as pending', async () => {
  const dir = temporaryDirectory()
  const run = await makeRun(dir, { id: 'good', rows: 10, end: 'kill' })
  const damaged = await makeRun(dir, { id: 'damaged', rows: 10, end: 'kill' })
  writeFileSync(join(damaged.dir, 'run.json'), '')
  const { code, stdout } = await offstep(['sync'], { dir })
  expect(code).toBe(1)
  expect(stdout).toMatch(/^damaged .*run\.json is damaged \(not JSON\)/m)
  expectDelivered(run.dir)
})

test('a run that does not have the named sink of another run is left out', async () => {
  const dir = temporaryDirectory()
  const sink = new TestSink(dir)
  sink.behave('pause')
  await makeRun(dir, { id: 'has', rows: 10, end: 'completed', sinks: [sink.option] })
  const other = await makeRun(dir, { id: 'has-not', rows: 10, end: 'kill' })
  sink.behave('well')
  const { code, stderr } = await offstep(['sync', '--sink', 'mine'], { dir })
  expect({ code, rows: sink.rows }).toEqual({ code: 0, rows: rowsUpTo(10) })
  expect(stderr).toContain('has-not has no sink mine: left out')
  expect(runFile(other.dir).status).toBe('running')
})

describe('a destination that does not take everything', () => {
  test('still pending: exit code 1, and the table says which sink lacks what, and why', async () => {
    const dir = temporaryDirectory()
    const sink = new TestSink(dir)
    sink.behave('pause')
    await makeRun(dir, { id: 'r', rows: 321, end: 'completed', sinks: ['jsonl', sink.option] })
    const { code, stdout } = await offstep(['sync'], { dir })
    expect(code).toBe(1)
    expect(stdout).toMatch(/mine\s+0\s+0\s+321\s+the key is not known here \(CREDENTIALS\)/)
    expect(stdout).toMatch(/jsonl\s+321\s+0\s+0$/m)
    expect(stdout).toContain('mend what the table names, then run offstep sync again')
    sink.behave('well')
    expect((await offstep(['sync'], { dir })).code).toBe(0)
    expect(sink.rows).toEqual(rowsUpTo(321))
  })

  test('is tried as often as --retries says, then left', async () => {
    const dir = temporaryDirectory()
    const sink = new TestSink(dir)
    await makeRun(dir, { id: 'r', rows: 10, end: 'completed', sinks: ['jsonl'] })
    sink.behave('fail')
    const args = ['sync', 'r', '--retries', 2, '--sink', JSON.stringify(sink.option)]
    const { code, stdout } = await offstep(args, { dir })
    expect({ code, attempts: sink.attempts }).toEqual({ code: 1, attempts: 3 })
    expect(stdout).toContain('run offstep sync again later')
  })

  test('rows that it refuses for good do not change exit code 0, and their file is named', async () => {
    const dir = temporaryDirectory()
    const sink = new TestSink(dir)
    sink.behave('reject')
    const run = await makeRun(dir, { id: 'r', rows: 100, end: 'completed', sinks: ['jsonl'] })
    const { code, stdout } = await offstep(['sync', 'r', '--sink', JSON.stringify(sink.option)], { dir })
    expect(code).toBe(0)
    const file = join(run.dir, 'dead-letter', 'mine.jsonl')
    expect(stdout).toContain(`10 rows of r will never be in mine: the reasons are in ${file}`)
    expect(readFileSync(file, 'utf8').split('\n')).toHaveLength(11)
    const json = await offstep(['sync', 'r', '--json'], { dir })
    expect(JSON.parse(json.stdout)[0].deadLetterFiles).toEqual({ mine: file })
  })
})

describe('a run that another process has', () => {
  test('its own process lives: it is left alone, and the owner is named', async () => {
    const dir = temporaryDirectory()
    const { program, dir: runDir } = await makeRun(dir, { id: 'living', rows: 10, end: 'live' })
    await until('its context is known', () => runFile(runDir).hardware !== null)
    const before = readFileSync(join(runDir, 'run.json'), 'utf8')
    const { code, stdout } = await offstep(['sync'], { dir })
    expect({ code, running: program.running }).toEqual({ code: 1, running: true })
    expect(stdout).toMatch(/living .*in use by its own process, pid \d+ on .+, since \d{4}-/)
    expect(stdout).toContain('Another process delivers the run')
    expect(readFileSync(join(runDir, 'run.json'), 'utf8')).toBe(before)
    const json = await offstep(['sync', '--json'], { dir })
    expect(reports(json.stdout)).toMatchObject([
      { id: 'living', complete: false, error: { code: 'OFFSTEP_RUN_ALIVE' } },
    ])
  })

  test('two syncs at once: the second says who has it, and the first delivers each record once', async () => {
    const dir = temporaryDirectory()
    const sink = new TestSink(dir)
    const run = await makeRun(dir, { id: 'r', rows: 20_000, end: 'kill', sinks: ['jsonl'] })
    sink.behave('wait')
    const first = startOffstep(['sync', '--sink', JSON.stringify(sink.option)], { dir })
    await sink.begins()
    const second = await offstep(['sync'], { dir })
    expect(second.code).toBe(1)
    expect(second.stdout).toMatch(new RegExp(`\\(sync\\), pid ${first.pid} on .+, since`))
    sink.behave('well')
    expect((await first.ended).code).toBe(0)
    expect(sink.rows).toEqual(rowsUpTo(20_000))
    expect((await offstep(['sync', run.dir], { dir })).code).toBe(0)
    expect(sink.rows).toEqual(rowsUpTo(20_000))
  })
})

describe('Ctrl-C', () => {
  test('ends after the batch in hand with exit code 130, and the next sync goes on from there', async () => {
    const dir = temporaryDirectory()
    const sink = new TestSink(dir)
    await makeRun(dir, { id: 'r', rows: 60_000, end: 'completed', sinks: ['jsonl'] })
    sink.behave('wait')
    const program = startOffstep(['sync', 'r', '--sink', JSON.stringify(sink.option)], { dir })
    await sink.begins()
    program.kill('SIGINT')
    await until('it says what it does', () => program.stderr.includes('Stopping after the batch in hand'))
    sink.behave('well')
    expect((await program.ended).code).toBe(130)
    expect(program.stdout).toContain('offstep sync goes on where this stopped')
    expect(sink.attempts).toBe(1)
    const held = sink.rows.length
    expect(sink.rows).toEqual(rowsUpTo(held))
    expect(held).toBeGreaterThan(0)
    expect(held).toBeLessThan(60_000)
    expect((await offstep(['sync'], { dir })).code).toBe(0)
    expect(sink.rows).toEqual(rowsUpTo(60_000))
  })

  test('twice ends at once, also where a destination hangs', async () => {
    const dir = temporaryDirectory()
    const sink = new TestSink(dir)
    await makeRun(dir, { id: 'r', rows: 100, end: 'completed', sinks: ['jsonl'] })
    sink.behave('wait')
    const program = startOffstep(['sync', 'r', '--sink', JSON.stringify(sink.option)], { dir })
    await sink.begins()
    program.kill('SIGINT')
    await until('the first is heard', () => program.stderr.includes('Stopping'))
    program.kill('SIGINT')
    expect((await program.ended).code).toBe(130)
    sink.behave('well')
    expect((await offstep(['sync'], { dir })).code).toBe(0)
    expect(sink.rows).toEqual(rowsUpTo(100))
  })
})

describe('--watch', () => {
  test('delivers runs that appear, never gives a destination up, and ends at Ctrl-C', async () => {
    const dir = temporaryDirectory()
    const sink = new TestSink(dir)
    sink.behave('pause')
    const program = startOffstep(['sync', '--watch', '--interval', 0.05, '--json'], { dir })
    await makeRun(dir, { id: 'stuck', rows: 30, end: 'completed', sinks: [sink.option] })
    const dead = await makeRun(dir, { id: 'dead', rows: 700, end: 'kill' })
    await until('the dead run is complete', () => lines(program.stdout).some(({ id }) => id === 'dead'))
    expectDelivered(dead.dir)
    await until('the stuck one is told', () => lines(program.stdout).some(({ id }) => id === 'stuck'))
    sink.behave('well')
    const done = () => lines(program.stdout).some(({ id, complete }) => id === 'stuck' && complete)
    await until('the stuck one is complete', done)
    expect(sink.rows).toEqual(rowsUpTo(30))
    program.kill('SIGINT')
    expect((await program.ended).code).toBe(130)
    const told = lines(program.stdout).filter(({ id, complete }) => id === 'stuck' && !complete)
    expect(told, 'the same is not told twice').toHaveLength(1)
  })

  const lines = (stdout: string): { id: string; complete: boolean }[] =>
    stdout
      .slice(0, stdout.lastIndexOf('\n') + 1)
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line))
})

describe('wrong usage: exit code 2, one clear message, no stack', () => {
  test.for([
    [['sync', 'basline'], 'did you mean "baseline_1"?'],
    [['sync', 'baseline'], '2 runs begin with "baseline": give more of the name\n  default/baseline_1'],
    [['sync', 'zzz'], 'give a path, an id or its beginning'],
    [['sync', '--dir', '/no/such/directory'], "give the runs' directory with --dir, or set OFFSTEP_DIR"],
    [['sync', 'baseline_1', '--sink', 'jsnl'], '--sink: given string "jsnl"; give "jsonl"'],
    [['sync', 'baseline_1', '--sink', 'jsnl'], '(did you mean "jsonl"?)'],
    [['sync', 'baseline_1', '--sink', '{"module"'], 'not valid JSON'],
    [['sync', 'baseline_1', '--sink', '{"module": "./x.js"}'], '--sink.name: given undefined'],
    [['sync', '--retries', '-1'], 'Give a whole number'],
    [['sync', '--interval', '0'], 'Give seconds'],
    [['sync', '--nope'], "unknown option '--nope'"],
  ] as const)('%j', async ([args, message]) => {
    const dir = temporaryDirectory()
    for (const id of ['baseline_1', 'baseline_2']) {
      const { dir: runDir } = await makeRunFile(dir, id)
      expect(existsSync(runDir)).toBe(true)
    }
    const { code, stdout, stderr } = await offstep(args, { dir })
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toContain(message)
    expect(stderr).not.toMatch(/^\s+at /m)
  })
})

/** Enough of a run to be found by its name. */
async function makeRunFile(root: string, id: string): Promise<{ dir: string }> {
  const { mkdirSync } = await import('node:fs')
  const dir = join(root, 'default', id)
  mkdirSync(dir, { recursive: true })
  const file = {
    format: 1,
    id,
    project: 'default',
    name: id,
    status: 'completed',
    delivered: true,
    sinks: [],
  }
  writeFileSync(join(dir, 'run.json'), JSON.stringify({ ...file, startTime: '2025-01-01T00:00:00.000Z' }))
  return { dir }
}
