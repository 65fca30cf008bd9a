/**
 * Each way in which a process can end, `OFFSTEP_EXIT_MATRIX` times (default 50): no record that was accepted is
 * lost, the status is right, and no process hangs. How long they took is printed, not judged: the machine is
 * shared.
 */
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { readLock } from '../../dist/src/store/run-lock.js'
import { temporaryDirectory } from '../support/directory.js'
import { type Ended, type Program, startProgram } from '../support/program.js'
import { countFromEnv } from '../support/random.js'
import { countPerProducer, journalRows, runFile } from '../support/run-files.js'

const REPEAT = countFromEnv('OFFSTEP_EXIT_MATRIX', 50)
const AT_ONCE = 3
/** Ten times the deadline of an exit. */
const HANGS_MS = 20_000
const PRELOAD = join(import.meta.dirname, '../fixtures/exit/preload.mjs')

interface Way {
  readonly name: string
  readonly fixture: string
  readonly args?: readonly (string | number)[]
  readonly execArgv?: string[]
  readonly signal?: NodeJS.Signals
  readonly ended: Ended
  readonly status: string
  /** Rows of each producer. */
  readonly rows?: readonly number[]
}

const exits = (code: number): Ended => ({ code, signal: null })
const by = (signal: NodeJS.Signals): Pick<Way, 'fixture' | 'signal' | 'ended' | 'status'> => ({
  fixture: 'signal',
  signal,
  ended: { code: null, signal },
  status: 'killed',
})
const TWO = [500, 500]

const WAYS: readonly Way[] = [
  { name: 'process.exit(0)', fixture: 'process-exit', args: [0, 500], ended: exits(0), status: 'completed' },
  { name: 'process.exit(3)', fixture: 'process-exit', args: [3, 500], ended: exits(3), status: 'failed' },
  { name: 'nothing left to do', fixture: 'natural-end', ended: exits(0), status: 'completed' },
  { name: 'process.exitCode = 4', fixture: 'natural-end', args: [4], ended: exits(4), status: 'failed' },
  { name: 'an await that never settles', fixture: 'unsettled-await', ended: exits(13), status: 'failed' },
  { name: 'an uncaught exception', fixture: 'uncaught', args: ['error'], ended: exits(1), status: 'failed' },
  {
    name: 'an unhandled rejection',
    fixture: 'uncaught',
    args: ['error', 'rejection'],
    ended: exits(1),
    status: 'failed',
  },
  { name: 'SIGINT', ...by('SIGINT') },
  { name: 'SIGTERM', ...by('SIGTERM') },
  { name: 'SIGHUP', ...by('SIGHUP') },
  { name: 'a loop that never turned', fixture: 'synchronous', ended: exits(0), status: 'completed' },
  { name: 'a loop that was blocked', fixture: 'blocked', ended: exits(0), status: 'completed' },
  {
    name: 'a run of a worker',
    fixture: 'in-thread',
    args: ['natural'],
    ended: exits(0),
    status: 'completed',
  },
  { name: 'a worker that exits', fixture: 'in-thread', args: ['exit'], ended: exits(0), status: 'failed' },
  {
    name: 'a producer that throws',
    fixture: 'producer-dies',
    args: ['throw'],
    ended: exits(0),
    status: 'completed',
    rows: TWO,
  },
  {
    name: 'a producer that exits',
    fixture: 'producer-dies',
    args: ['exit'],
    ended: exits(0),
    status: 'completed',
    rows: TWO,
  },
  {
    name: 'a producer out of memory',
    fixture: 'producer-dies',
    args: ['memory'],
    ended: exits(0),
    status: 'completed',
    rows: TWO,
  },
  {
    name: 'an --import preload',
    fixture: 'preloaded',
    execArgv: ['--import', PRELOAD],
    ended: exits(0),
    status: 'completed',
  },
]

interface Outcome {
  readonly hung: boolean
  readonly lost: number
  readonly wrong: string | null
  readonly ms: number
}

const table: string[] = []

describe(`every way to end a process, ${REPEAT} times`, () => {
  test.for(WAYS)('$name: nothing accepted is lost, and nothing hangs', { timeout: 600_000 }, async (way) => {
    const outcomes: Outcome[] = []
    let started = 0
    const work = async () => {
      while (started < REPEAT) {
        started++
        outcomes.push(await endOnce(way))
      }
    }
    await Promise.all(Array.from({ length: AT_ONCE }, work))
    const hung = outcomes.filter((outcome) => outcome.hung).length
    const lost = outcomes.reduce((sum, outcome) => sum + outcome.lost, 0)
    const worst = Math.max(...outcomes.map(({ ms }) => ms))
    table.push(
      `${way.name.padEnd(30)} ${outcomes.length} ended, ${hung} hung, ${lost} records lost, worst ${worst.toFixed(0)} ms`,
    )
    expect({ hung, lost, wrong: outcomes.find(({ wrong }) => wrong !== null)?.wrong ?? null }).toEqual({
      hung: 0,
      lost: 0,
      wrong: null,
    })
  })

  afterAll(() => process.stderr.write(`${table.join('\n')}\n`))
})

async function endOnce(way: Way): Promise<Outcome> {
  const dir = temporaryDirectory()
  const { args = [], execArgv = [], rows = [500] } = way
  const program = startProgram(`exit/${way.fixture}.mjs`, { dir, args, execArgv })
  let hung = false
  const watch = setTimeout(() => {
    hung = true
    program.kill('SIGKILL')
  }, HANGS_MS)
  if (way.signal !== undefined) {
    await program.waitFor('ready')
    program.kill(way.signal)
  }
  const ended = await program.ended
  clearTimeout(watch)
  const runDir = join(dir, 'default', 'child')
  const counts = countPerProducer(journalRows(runDir))
  const lost = rows.reduce((sum, expected, producer) => sum + expected - (counts[producer] ?? 0), 0)
  const wrong = wrongWith(way, runDir, ended, program)
  const ms = program.msFrom(way.signal ?? 'ending')
  // Eight hundred directories are not left for the end.
  rmSync(dir, { recursive: true, force: true })
  return { hung, lost, wrong, ms }
}

function wrongWith(way: Way, runDir: string, ended: Ended, { stderr }: Program): string | null {
  const found = { ended, status: runFile(runDir).status, lock: readLock(runDir).state }
  const expected = { ended: way.ended, status: way.status, lock: 'free' }
  if (JSON.stringify(found) === JSON.stringify(expected)) return null
  return `${JSON.stringify(found)} in place of ${JSON.stringify(expected)}: ${stderr.slice(0, 500)}`
}
