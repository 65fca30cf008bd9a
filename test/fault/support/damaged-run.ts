import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { connect, init, type Run, type RunOptions } from '../../../dist/src/index.js'
import type { FileCheck, SinkCheck, VerifyReport } from '../../../dist/src/verify/report.js'
import { temporaryDirectory } from '../../support/directory.js'

/** A finished run that tests copy and damage. */
export interface FinishedRun {
  readonly dir: string
  /** Records of all producers. */
  readonly records: number
  remove(): void
}

/** Logs `rows` records of each producer, with a name that appears half-way and values that no double prints short. */
export async function finishedRun(
  rows: number,
  options: RunOptions = {},
  producers = 1,
): Promise<FinishedRun> {
  const root = mkdtempSync(join(tmpdir(), 'offstep-verify-'))
  const run = init({ dir: root, project: 'verify', git: false, handleSignals: false, ...options })
  const loggers = [run, ...Array.from({ length: producers - 1 }, () => connect(run.producer()))]
  for (let step = 0; step < rows; step++) {
    const values = {
      'train/loss': 1 / (step + 1),
      'train/accuracy': step / 7,
      ...(step > rows / 2 && { late: step }),
    }
    for (const logger of loggers)
      logger.log(step % 100 === 99 ? { ...values, odd: Number.NaN } : values, step)
    if (step % 5000 === 4999) await run.flush({ level: 'journaled', timeoutMs: 10_000 })
  }
  const { reached } = await run.finish({ timeoutMs: 30_000 })
  if (!reached) throw new Error(`The run under test was not delivered: ${JSON.stringify(run.status())}`)
  return {
    dir: run.dir!,
    records: rows * producers,
    remove: () => rmSync(root, { recursive: true, force: true }),
  }
}

/** A copy of a run, removed when the test is over. */
export function copyOf({ dir }: Pick<FinishedRun, 'dir'>): string {
  const copy = join(temporaryDirectory(), 'run')
  cpSync(dir, copy, { recursive: true })
  return copy
}

/** A run that is over when the test is. */
export function startRun(options: RunOptions = {}): Run {
  const run = init({ dir: temporaryDirectory(), git: false, handleSignals: false, ...options })
  onTestFinished(async () => {
    await run.finish({ timeoutMs: 0 })
  })
  return run
}

export const linesOf = (file: string): string[] => readFileSync(file, 'utf8').split('\n').slice(0, -1)

/** Changes the lines of a text file in place. */
export function editLines(file: string, edit: (lines: string[]) => void): void {
  const lines = linesOf(file)
  edit(lines)
  writeFileSync(file, lines.map((line) => `${line}\n`).join(''))
}

export function editBytes(file: string, edit: (bytes: Buffer) => void): void {
  const bytes = readFileSync(file)
  edit(bytes)
  writeFileSync(file, bytes)
}

export const flipBit = (file: string, offset: number): void =>
  editBytes(file, (bytes) => {
    bytes[offset]! ^= 4
  })

export const eventFilesOf = (dir: string, name = ''): string[] =>
  readdirSync(join(dir, 'tensorboard', name))
    .filter((file) => file.includes('tfevents'))
    .sort()
    .map((file) => join(dir, 'tensorboard', name, file))

export const segmentOf = (dir: string, segment: number): string =>
  join(dir, 'journal', `${String(segment).padStart(6, '0')}.log`)

export const sinkIn = (report: VerifyReport, name: string): SinkCheck =>
  report.sinks.find(({ sink }) => sink === name)!

/** The counts of a sink's file, the first by default. */
export function countsIn(report: VerifyReport, name: string, file = 0) {
  const { differing, missing, extra, onlyHere } = sinkIn(report, name).files[file]!
  return { differing, missing, extra, onlyHere }
}

export const firstIn = (report: VerifyReport, name: string): FileCheck['first'] =>
  sinkIn(report, name).files[0]!.first

export const resultsOf = (report: VerifyReport): { [sink: string]: string } =>
  Object.fromEntries(report.sinks.map(({ sink, result }) => [sink, result]))
