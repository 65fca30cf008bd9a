import { existsSync } from 'node:fs'
import path from 'node:path'
import type { RecoveryReport, SinkReport } from '../../recovery/report.js'
import type { LockOwner } from '../../store/run-lock.js'

/** What became of one run. */
export interface Outcome {
  readonly id: string
  readonly dir: string
  readonly project: string
  /** Null where it could not be begun: `error` says why. */
  readonly report: RecoveryReport | null
  /** Names of the sinks that were asked for; null: all. */
  readonly only: readonly string[] | null
  readonly error: {
    readonly code: string
    readonly message: string
    readonly owner?: LockOwner | null
  } | null
  /** Stopped by the user before its end. */
  readonly interrupted: boolean
}

export interface SinkOutcome extends SinkReport {
  readonly name: string
  /** Where the rows are that the destination refuses for good. */
  readonly deadLetterFile: string | null
}

/** The sinks that were asked for. */
export function sinksOf({ report, only }: Outcome): SinkOutcome[] {
  if (report === null) return []
  return Object.entries(report.sinks)
    .filter(([name]) => only === null || only.includes(name))
    .map(([name, sink]) => {
      const file = path.join(report.dir, 'dead-letter', `${name}.jsonl`)
      return { name, ...sink, deadLetterFile: existsSync(file) ? file : null }
    })
}

/** Every sink that was asked for has all rows. */
export function isDone(outcome: Outcome): boolean {
  const { report, only, error, interrupted } = outcome
  if (report === null || error !== null) return false
  if (report.complete) return true
  // An empty journal has nothing pending; only the closing of its sinks may be left.
  if (interrupted && only === null) return false
  return sinksOf(outcome).every(({ pending, error }) => pending === 0 && error === null)
}

/** The run as `--json` tells it. */
export function toJson(outcome: Outcome): object {
  const { id, dir, project, report, error } = outcome
  const deadLetterFiles = Object.fromEntries(
    sinksOf(outcome).flatMap(({ name, deadLetterFile }) => (deadLetterFile ? [[name, deadLetterFile]] : [])),
  )
  if (report === null) return { id, dir, project, complete: false, error }
  return { ...report, project, deadLetterFiles, error }
}
