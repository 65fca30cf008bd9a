import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { addPoint, type Scalars } from './points.js'

export interface FinishedRun {
  readonly reached: boolean
  readonly runDir: string
  /** Status of the TensorBoard sink. */
  readonly sink: { readonly delivered: number; readonly notApplicable: number }
}

/** Runs the built package in a process of its own, `rows` log calls long. */
export function pipelineRun(directory: string, rows: number): FinishedRun {
  return runProgram('pipeline-run.mjs', directory, `${rows}`)
}

/** Runs one of the programs beside this file; what it prints last, as JSON. */
export function runProgram<Result extends FinishedRun>(program: string, ...args: readonly string[]): Result {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(import.meta.dirname, program), ...args],
    { encoding: 'utf8' },
  )
  if (status !== 0) throw new Error(`the run ended with ${status}:\n${stderr}`)
  return JSON.parse(stdout.trim().split('\n').at(-1)!) as Result
}

/** What a reader must find, by the run's metrics.jsonl; times are whole milliseconds there. */
export function scalarsOfJsonLines(runDir: string, run: string): Scalars {
  const scalars: Scalars = new Map()
  const lines = readFileSync(join(runDir, 'metrics.jsonl'), 'utf8').split('\n').slice(0, -1)
  for (const line of lines) {
    const { step, timestamp, elapsed, producer, sequence, ...metrics } = JSON.parse(line)
    for (const [tag, value] of Object.entries(metrics)) {
      addPoint(scalars, run, tag, { wallTime: timestamp, step, value: Math.fround(Number(value)) })
    }
  }
  return scalars
}
