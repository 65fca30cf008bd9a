import type { RunStatus } from '../../src/sinks/sink.js'

export interface LargeRun {
  readonly id: string
  readonly points: number
  /** Of each row. */
  readonly metrics: 1 | 10
  readonly status: RunStatus
}

/** What the benchmark reads. */
export interface MadeRuns {
  readonly large: readonly LargeRun[]
  readonly small: { readonly count: number; readonly points: number }
}

/** A run that says "running" and has no process is one that was killed; it has no index until somebody reads it. */
export const runsOf = (points: number, runs: number) =>
  ({
    large: [
      { id: 'finished', points, metrics: 10, status: 'completed' },
      { id: 'killed-ten', points, metrics: 10, status: 'running' },
      { id: 'killed-one', points, metrics: 1, status: 'running' },
      { id: 'plotted', points: points / 10, metrics: 10, status: 'completed' },
    ],
    small: { count: runs, points: 1000 },
  }) satisfies MadeRuns
