import type { Measured, Settings } from '../benchmark.js'
import type { Code, Machine } from '../machine.js'

/** Changes with what a report consists of; only reports of the same version are read. */
export const REPORT_VERSION = 1
export const REPORT_FORMAT = 'offstep-bench'

/** What `--json` writes. */
export interface Report {
  readonly format: typeof REPORT_FORMAT
  readonly version: typeof REPORT_VERSION
  readonly time: string
  readonly settings: Settings
  readonly machine: Machine
  readonly code: Code
  readonly benchmarks: readonly BenchmarkReport[]
}

export interface BenchmarkReport extends Measured {
  readonly name: string
  readonly about: string
  readonly scopes: readonly string[]
  readonly seconds: number
  /** Runnable processes over the minute before it. */
  readonly loadBefore: number
  /** Why there are no figures. */
  readonly failed?: string
}
