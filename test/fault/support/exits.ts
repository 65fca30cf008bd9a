import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect } from 'vitest'
import { recoverRun } from '../../../dist/src/runs.js'
import { readLock } from '../../../dist/src/store/run-lock.js'
import type { Program } from '../../support/program.js'
import { countPerProducer, expectDelivered, journalRows, runFile } from '../../support/run-files.js'

export const EXIT_FIXTURES = join(import.meta.dirname, '../../fixtures/exit')

/** A real hang, not a machine that is busy: the exit itself has two seconds. */
export const HANG_MS = 30_000

/**
 * The run is marked as it ended, and holds `rows` of each producer: in the journal, and in every sink of files. What
 * a busy machine could not deliver within the exit's deadline is delivered by recovery.
 */
export async function expectWhole(runDir: string, status: string, rows: readonly number[]): Promise<void> {
  expect(countPerProducer(journalRows(runDir))).toEqual(rows)
  const all = rows.reduce((sum, count) => sum + count, 0)
  const { endTime, records, ...file } = runFile(runDir)
  expect(file.status).toBe(status)
  expect(endTime).not.toBeNull()
  expect(records).toEqual({ accepted: all, journaled: all, dropped: 0 })
  expect(readLock(runDir).state).toBe('free')
  const only = file.sinks.filter(({ module }) => module === null).map(({ name }) => name)
  if (file.delivered !== true) expect((await recoverRun(runDir, { only })).failed).toEqual({})
  expectDelivered(runDir)
}

/** Calls `body` with 0 .. count - 1, so many at a time. */
export async function severalAtOnce(
  count: number,
  atOnce: number,
  body: (index: number) => Promise<void>,
): Promise<void> {
  let next = 0
  const work = async () => {
    while (next < count) await body(next++)
  }
  await Promise.all(Array.from({ length: Math.min(count, atOnce) }, work))
}

/** What became of the processes that ended in one way. */
export class Tally {
  children = 0
  /** Accepted rows that are not in the journal. */
  lost = 0
  hangs = 0
  /** From the end's beginning to the process's end: the longest. */
  longestMs = 0
  readonly problems: string[] = []

  constructor(
    readonly way: string,
    /** What the end is granted. */
    readonly deadlineMs: number,
  ) {}

  /** Waits for the end, which is to be by that code or signal; a child that hangs is ended. */
  async left(program: Program, from: string, expected: number | NodeJS.Signals): Promise<void> {
    const hang = setTimeout(() => {
      this.hangs++
      program.kill('SIGKILL')
    }, HANG_MS)
    const { code, signal } = await program.ended
    clearTimeout(hang)
    if ((code ?? signal) !== expected) {
      this.problems.push(`ended by ${code ?? signal} in place of ${expected}: ${program.stderr}`)
    }
    this.children++
    this.longestMs = Math.max(this.longestMs, program.msFrom(from) || 0)
  }

  /** Counts what a run lost, and notes what else is wrong with it. */
  async check(runDir: string, status: string, rows: readonly number[], about = ''): Promise<void> {
    try {
      const kept = journalRows(runDir).length
      this.lost += rows.reduce((sum, count) => sum + count, 0) - kept
      await expectWhole(runDir, status, rows)
    } catch (error) {
      this.problems.push(`${runDir}: ${(error as Error).message}\n${about}`)
    }
  }
}

/** A copy of a fixture in a directory of its own, where it may be changed. */
export function copyFixture(fixture: string, directory: string): string {
  const copy = join(directory, fixture)
  cpSync(join(EXIT_FIXTURES, fixture), copy)
  const start = pathToFileURL(join(EXIT_FIXTURES, 'start.mjs')).href
  writeFileSync(copy, readFileSync(copy, 'utf8').replace("'./start.mjs'", `'${start}'`))
  return copy
}

export function tableOf(tallies: readonly Tally[]): string {
  const head = ['way', 'children', 'lost', 'hangs', 'longest exit', 'beyond its deadline']
  const rows = tallies.map(({ way, children, lost, hangs, longestMs, deadlineMs }) => [
    way,
    `${children}`,
    `${lost}`,
    `${hangs}`,
    `${longestMs.toFixed(0)} ms`,
    `${Math.max(0, longestMs - deadlineMs).toFixed(0)} ms`,
  ])
  const sum = (of: (tally: Tally) => number) => `${tallies.reduce((total, tally) => total + of(tally), 0)}`
  const all = ['all', sum((tally) => tally.children), sum((tally) => tally.lost), sum((tally) => tally.hangs)]
  const lines = [head, ...rows, all]
  const widths = head.map((_, column) => Math.max(...lines.map((line) => (line[column] ?? '').length)))
  const text = (line: readonly string[]) =>
    line
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!)))
      .join('  ')
  return lines.map(text).join('\n')
}
