/** The questions of `offstep rm` and `offstep archive`, on a pseudo-terminal. */
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { temporaryDirectory } from '../support/directory.js'
import { HAS_SCRIPT, type OnTerminal, onTerminal } from '../support/terminal.js'
import { until } from '../support/until.js'
import { storedRun } from './support/stored-runs.js'

function runs(count = 3): string {
  const dir = temporaryDirectory()
  for (let run = 1; run <= count; run++) storedRun(dir, `run${run}`, [[0, { loss: 1 }]])
  return dir
}

const left = (dir: string): string[] => readdirSync(join(dir, 'p')).sort()

/** Types the answer when the question is there. */
async function answer(terminal: OnTerminal, question: string, keys: string): Promise<number | null> {
  await until('it asks', () => terminal.screen().includes(question))
  terminal.type(keys)
  return terminal.ended
}

describe.runIf(HAS_SCRIPT)('on a terminal', () => {
  test.each(['y\r', 'Yes\r', ' y \r'])('rm removes after %j, and says which runs before', async (keys) => {
    const dir = runs()
    const terminal = onTerminal(['rm', 'run1', 'run3'], dir)
    expect(await answer(terminal, 'Remove 2 runs for good? [y/N]', keys)).toBe(0)
    expect(terminal.screen()).toMatch(/ {2}p\/run1\r?\n {2}p\/run3\r?\n.*Remove 2 runs/s)
    expect(terminal.screen()).toContain('p/run1  removed')
    expect(left(dir)).toEqual(['run2'])
  })

  test.each([
    ['nothing but Enter', '\r', 1],
    ['n', 'n\r', 1],
    ['a word that begins as yes does', 'yesterday\r', 1],
    ['Ctrl-D', '\x04', 1],
    ['Ctrl-C', '\x03', 130],
  ])('rm removes nothing after %s', async (_, keys, expected) => {
    const dir = runs()
    const terminal = onTerminal(['rm', 'run1'], dir)
    expect(await answer(terminal, 'Remove 1 run for good? [y/N]', keys)).toBe(expected)
    expect(terminal.screen()).not.toContain('bug')
    expect(left(dir)).toEqual(['run1', 'run2', 'run3'])
  })

  test('rm of many runs names the first ten, and how many more there are', async () => {
    const dir = runs(13)
    const terminal = onTerminal(['rm', '--project', 'p'], dir)
    expect(await answer(terminal, 'Remove 13 runs for good?', 'n\r')).toBe(1)
    expect(terminal.screen().match(/ {2}p\/run\d+/g)).toHaveLength(10)
    expect(terminal.screen()).toContain('and 3 more')
    expect(left(dir)).toHaveLength(13)
  })

  test('rm --yes does not ask', async () => {
    const dir = runs()
    const terminal = onTerminal(['rm', 'run1', '--yes'], dir)
    expect(await terminal.ended).toBe(0)
    expect(terminal.screen()).not.toContain('[y/N]')
    expect(left(dir)).toEqual(['run2', 'run3'])
  })

  test('archive asks before it takes a run away, and packs nothing after no', async () => {
    const dir = runs()
    const out = join(dir, 'archive')
    const ask = (): OnTerminal => onTerminal(['archive', 'run1', '--out', out], dir)
    expect(await answer(ask(), 'Pack 1 run, and remove it from here? [y/N]', 'n\r')).toBe(1)
    expect([left(dir), existsSync(out)]).toEqual([['run1', 'run2', 'run3'], false])
    expect(await answer(ask(), 'Pack 1 run, and remove it from here? [y/N]', 'y\r')).toBe(0)
    expect([left(dir), readdirSync(join(out, 'p'))]).toEqual([['run2', 'run3'], ['run1.tar.gz']])
  })

  test('archive --keep takes nothing away, and does not ask', async () => {
    const dir = runs()
    const terminal = onTerminal(['archive', 'run1', '--keep', '--out', join(dir, 'archive')], dir)
    expect(await terminal.ended).toBe(0)
    expect(terminal.screen()).not.toContain('[y/N]')
    expect(left(dir)).toEqual(['run1', 'run2', 'run3'])
  })
})
