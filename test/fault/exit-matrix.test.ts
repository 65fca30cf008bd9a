/**
 * Every way in which a process ends, `OFFSTEP_EXIT_CHILDREN` (default 50) times each: no accepted record is lost,
 * and no process hangs. What a run looks like after each way is in exit.test.ts. A table of the losses, the hangs
 * and the longest exits is printed at the end; how long an exit takes is not asserted, on a busy machine it may.
 */
import { existsSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, describe, expect, test } from 'vitest'
import { findRuns } from '../../dist/src/runs.js'
import { readLock } from '../../dist/src/store/run-lock.js'
import { temporaryDirectory } from '../support/directory.js'
import { type Program, startProgram } from '../support/program.js'
import { countFromEnv } from '../support/random.js'
import { runFile } from '../support/run-files.js'
import { until } from '../support/until.js'
import { copyFixture, EXIT_FIXTURES, HANG_MS, severalAtOnce, Tally, tableOf } from './support/exits.js'

const CHILDREN = countFromEnv('OFFSTEP_EXIT_CHILDREN', 50)
/** They start and wait most of the time. */
const AT_ONCE = 4
const EXIT_TIMEOUT_MS = 2000
/** finish() without a deadline of its own, which is what a process without work left gets. */
const FINISH_TIMEOUT_MS = 30_000

interface Way {
  readonly name: string
  readonly fixture: string
  readonly args?: (index: number) => readonly (string | number)[]
  readonly execArgv?: readonly string[]
  readonly signal?: NodeJS.Signals
  readonly status: (index: number) => string
  /** Exit code; 0 where it is not given. */
  readonly code?: (index: number) => number
  /** Rows of each producer. */
  readonly rows?: readonly number[]
  readonly deadlineMs?: number
}

const preload = join(EXIT_FIXTURES, 'preload.mjs')
const every = (status: string) => () => status
const failedEachSecond = (index: number) => (index % 2 === 0 ? 'completed' : 'failed')

const WAYS: readonly Way[] = [
  {
    name: 'process.exit(), code 0 or 3',
    fixture: 'process-exit',
    args: (index) => [index % 2 === 0 ? 0 : 3, 500],
    status: failedEachSecond,
    code: (index) => (index % 2 === 0 ? 0 : 3),
  },
  {
    name: 'an uncaught exception',
    fixture: 'uncaught',
    args: () => ['error'],
    status: every('failed'),
    code: () => 1,
  },
  {
    name: 'an unhandled rejection',
    fixture: 'uncaught',
    args: () => ['error', 'rejection'],
    status: every('failed'),
    code: () => 1,
  },
  ...(['SIGTERM', 'SIGINT', 'SIGHUP'] as const).map((signal) => ({
    name: signal,
    fixture: 'signal',
    signal,
    status: every('killed'),
  })),
  {
    name: 'nothing left to do (beforeExit)',
    fixture: 'natural-end',
    status: every('completed'),
    deadlineMs: FINISH_TIMEOUT_MS,
  },
  {
    name: 'a worker thread throws',
    fixture: 'worker',
    args: () => ['throws'],
    status: every('failed'),
    code: () => 1,
    rows: [250, 250],
  },
  {
    name: 'a worker thread calls process.exit()',
    fixture: 'worker',
    args: () => ['exit'],
    status: every('completed'),
    rows: [250, 250],
    deadlineMs: FINISH_TIMEOUT_MS,
  },
  {
    name: 'a worker thread is out of memory',
    fixture: 'worker',
    args: () => ['memory'],
    status: every('completed'),
    rows: [250, 250],
    deadlineMs: FINISH_TIMEOUT_MS,
  },
  { name: 'process.exit() after a blocked loop', fixture: 'blocked', status: every('completed') },
  {
    name: 'a run of an --import preload',
    fixture: 'preloaded',
    execArgv: ['--import', preload],
    status: every('completed'),
    deadlineMs: FINISH_TIMEOUT_MS,
  },
  {
    name: 'a run of a worker thread',
    fixture: 'in-thread',
    args: (index) => [index % 2 === 0 ? 'natural' : 'exit'],
    status: failedEachSecond,
    deadlineMs: FINISH_TIMEOUT_MS,
  },
]

const tallies: Tally[] = []

function tally(way: string, deadlineMs = EXIT_TIMEOUT_MS): Tally {
  const made = new Tally(way, deadlineMs)
  tallies.push(made)
  return made
}

function expectNothingLost({ problems, lost, hangs, children }: Tally): void {
  expect(problems.join('\n')).toBe('')
  expect({ lost, hangs, children }).toEqual({ lost: 0, hangs: 0, children: CHILDREN })
}

afterAll(() => {
  process.stdout.write(`\n${tableOf(tallies)}\n\n`)
})

describe(`no record is lost and no process hangs, ${CHILDREN} times`, { timeout: 600_000 }, () => {
  test.for(WAYS)('$name', async (way) => {
    const { name, fixture, args, execArgv, signal, status, rows, deadlineMs } = way
    const found = tally(name, deadlineMs)
    const root = temporaryDirectory()
    await severalAtOnce(CHILDREN, AT_ONCE, async (index) => {
      const dir = join(root, `${index}`)
      const program = startProgram(`exit/${fixture}.mjs`, {
        dir,
        args: args?.(index) ?? [],
        execArgv: [...(execArgv ?? [])],
      })
      if (signal !== undefined) {
        await program.waitFor('ready')
        program.kill(signal)
      }
      await found.left(program, signal ?? 'ending', signal ?? way.code?.(index) ?? 0)
      await found.check(join(dir, 'default', 'child'), status(index), rows ?? [500], program.stderr)
    })
    expectNothingLost(found)
  })

  test('a sink hangs: process.exit() and SIGTERM keep their deadline', async () => {
    const deadlineMs = 500
    const found = tally('process.exit() or SIGTERM while a sink hangs', deadlineMs)
    const root = temporaryDirectory()
    await severalAtOnce(CHILDREN, AT_ONCE, async (index) => {
      const dir = join(root, `${index}`)
      const env = { EXIT_TIMEOUT_MS: `${deadlineMs}` }
      const exits = index % 2 === 0
      const program = exits
        ? startProgram('exit/hung-sink.mjs', { dir, env, args: ['exit'] })
        : startProgram('exit/signal.mjs', { dir, env, args: ['hang'] })
      if (!exits) {
        await program.waitFor('ready')
        program.kill('SIGTERM')
      }
      await found.left(program, exits ? 'ending' : 'SIGTERM', exits ? 0 : 'SIGTERM')
      await found.check(join(dir, 'default', 'child'), exits ? 'completed' : 'killed', [500], program.stderr)
    })
    expectNothingLost(found)
  })

  test('node --watch restarts the program', async () => {
    const found = tally('node --watch restarts')
    // Each watcher runs a program again and again: the last one ends with the watcher.
    await severalAtOnce(AT_ONCE, AT_ONCE, async (index) => {
      const restarts = Math.ceil((CHILDREN - index) / AT_ONCE)
      const dir = temporaryDirectory()
      const entry = copyFixture('watched.mjs', dir)
      const program = startProgram(entry, { dir, execArgv: ['--watch', '--watch-preserve-output'] })
      for (let ready = 1; ready <= restarts; ready++) {
        await until('the program logs', () => readyRuns(program).length >= ready, { timeoutMs: HANG_MS })
        if (ready < restarts) utimesSync(entry, new Date(), new Date())
      }
      program.kill('SIGTERM')
      const last = readyRuns(program).at(-1)!
      await until('the last program has ended', () => hasEnded(last), { timeoutMs: HANG_MS })
      for (const runDir of readyRuns(program)) {
        found.children++
        await found.check(runDir, 'killed', [500], program.stderr)
      }
    })
    expectNothingLost(found)
  })

  test('under vitest, in processes and in threads', async () => {
    const found = tally('under vitest', FINISH_TIMEOUT_MS)
    const fixture = pathToFileURL(join(EXIT_FIXTURES, 'in-vitest.mjs')).href
    for (const [index, pool] of ['forks', 'threads'].entries()) {
      const root = temporaryDirectory()
      const dir = join(root, 'runs')
      const files = Math.ceil((CHILDREN - index) / 2)
      for (let n = 0; n < files; n++) writeFileSync(join(root, `${n}.test.mjs`), `import '${fixture}'\n`)
      symlinkSync(join(import.meta.dirname, '../../node_modules'), join(root, 'node_modules'))
      const vitest = join(import.meta.dirname, '../../node_modules/vitest/vitest.mjs')
      const args = ['run', '--root', root, '--pool', pool, '--maxWorkers', AT_ONCE]
      const program = startProgram(vitest, { dir, args })
      expect(await program.ended, program.stdout + program.stderr).toEqual({ code: 0, signal: null })
      for (const { dir: runDir } of findRuns(dir)) {
        found.children++
        await found.check(runDir, 'completed', [500], program.stderr)
      }
    }
    expectNothingLost(found)
  })
})

const readyRuns = ({ stdout }: Program): string[] =>
  [...stdout.matchAll(/^ready (.*)$/gm)].map(([, runDir]) => runDir!)

const hasEnded = (runDir: string): boolean =>
  existsSync(join(runDir, 'run.json')) &&
  runFile(runDir).status !== 'running' &&
  readLock(runDir).state === 'free'
