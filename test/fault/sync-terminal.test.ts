/** `offstep sync` on a pseudo-terminal, made by script(1) of util-linux. */
import { describe, expect, test } from 'vitest'
import { makeRun, rowsUpTo, TestSink } from '../support/command-line.js'
import { temporaryDirectory } from '../support/directory.js'
import { HAS_SCRIPT, onTerminal } from '../support/terminal.js'
import { until } from '../support/until.js'

const HIDE_CURSOR = '\x1b[?25l'
const SHOW_CURSOR = '\x1b[?25h'
const NO_WRAP = '\x1b[?7l'
const WRAP = '\x1b[?7h'

describe.runIf(HAS_SCRIPT)('on a terminal', () => {
  test('there is a bar for each sink, and the terminal is given back as it was', async () => {
    const dir = temporaryDirectory()
    const sink = new TestSink(dir)
    await makeRun(dir, { id: 'r', rows: 2000, end: 'kill' })
    sink.behave('wait')
    const args = ['sync', '--sink', 'jsonl,csv,tensorboard', '--sink', JSON.stringify(sink.option)]
    const { ended, screen } = onTerminal(args, dir)
    for (const name of ['jsonl', 'csv', 'tensorboard']) {
      await until(`${name} has a bar`, () => new RegExp(`${name} +.*█.* 100 %.*done`).test(screen()))
    }
    sink.behave('well')
    expect(await ended).toBe(0)
    expect(screen()).toContain('All is delivered: 1 run.')
    expectGivenBack(screen())
  })

  test('Ctrl-C gives the terminal back too, and ends with 130', async () => {
    const dir = temporaryDirectory()
    const sink = new TestSink(dir)
    await makeRun(dir, { id: 'r', rows: 60_000, end: 'completed', sinks: ['jsonl'] })
    sink.behave('wait')
    const terminal = onTerminal(['sync', 'r', '--sink', JSON.stringify(sink.option)], dir)
    await sink.begins()
    terminal.type('\x03')
    await until('it is heard', () => terminal.screen().includes('Stopping after the batch in hand'))
    sink.behave('well')
    expect(await terminal.ended).toBe(130)
    expectGivenBack(terminal.screen())
    expect(sink.rows).toEqual(rowsUpTo(sink.rows.length))
  })

  test('a second Ctrl-C does it at once', async () => {
    const dir = temporaryDirectory()
    const sink = new TestSink(dir)
    await makeRun(dir, { id: 'r', rows: 10, end: 'completed', sinks: ['jsonl'] })
    sink.behave('wait')
    const terminal = onTerminal(['sync', 'r', '--sink', JSON.stringify(sink.option)], dir)
    await sink.begins()
    await until('the bars are drawn', () => terminal.screen().includes(HIDE_CURSOR))
    terminal.type('\x03')
    await until('it is heard', () => terminal.screen().includes('Stopping after the batch in hand'))
    terminal.type('\x03')
    expect(await terminal.ended).toBe(130)
    expectGivenBack(terminal.screen())
  })
})

/** The cursor is shown, and long lines wrap again. */
function expectGivenBack(screen: string): void {
  expect(screen).toContain(HIDE_CURSOR)
  expect(screen.lastIndexOf(SHOW_CURSOR)).toBeGreaterThan(screen.lastIndexOf(HIDE_CURSOR))
  expect(screen.lastIndexOf(WRAP)).toBeGreaterThan(screen.lastIndexOf(NO_WRAP))
}
