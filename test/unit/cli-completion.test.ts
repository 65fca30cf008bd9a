/** What a shell asks at the tab key, and what it gets. */
import { spawnSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { offstep } from '../support/command-line.js'
import { temporaryDirectory } from '../support/directory.js'
import { storeRun } from '../support/stored-runs.js'

/** The suggestions for a line whose last word is not complete, without their descriptions. */
async function suggestions(dir: string, ...words: string[]): Promise<string[]> {
  const { stdout, code } = await offstep(['complete', '--', ...words], { dir })
  expect(code).toBe(0)
  return stdout
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith(':'))
    .map((line) => line.split('\t')[0]!)
}

test('commands, options, runs and metrics are completed', async () => {
  const dir = temporaryDirectory()
  storeRun(dir, { id: 'old', startTime: '2026-11-01T00:00:00.000Z' }, { 0: { loss: 1 } })
  storeRun(dir, { id: 'new', startTime: '2026-11-02T00:00:00.000Z' }, { 0: { acc: 1, lr: 2 } })
  expect(await suggestions(dir, 'pl')).toEqual(['plot'])
  expect(await suggestions(dir, 'list', '--fil')).toEqual(['--filter'])
  expect(await suggestions(dir, 'show', '')).toEqual(['new', 'old'])
  expect(await suggestions(dir, 'plot', 'old', '--metric', '')).toEqual(['loss'])
  expect(await suggestions(dir, 'plot', '--metric', 'a')).toEqual(['acc'])
  const other = temporaryDirectory()
  storeRun(other, { id: 'elsewhere' })
  expect(await suggestions(dir, '--dir', other, 'show', '')).toEqual(['elsewhere'])
})

test.for(['bash', 'zsh', 'fish', 'powershell'])('there is a script for %s', async (shell) => {
  const { stdout, code } = await offstep(['completion', shell], { dir: temporaryDirectory() })
  expect(code).toBe(0)
  expect(stdout).toContain('offstep')
  if (shell !== 'bash') return
  expect(spawnSync('bash', ['-n'], { input: stdout }).status).toBe(0)
})

test('a shell that is none is told with those that are', async () => {
  const { stderr, code } = await offstep(['completion', 'tcsh'], { dir: temporaryDirectory() })
  expect(code).toBe(2)
  expect(stderr).toContain('zsh, bash, fish, powershell')
})
