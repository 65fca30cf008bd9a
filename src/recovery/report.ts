import type { SliceError } from '../delivery/deliver.js'
import type { ResolvedSink } from '../options/options.js'
import type { RunStatus } from '../sinks/sink.js'

export interface RecoverOptions {
  /** Names of the sinks to bring up to date. Default: all that the run has. */
  readonly only?: readonly string[]
  /** Sinks that the run did not have: filled from the first record, and kept in run.json. */
  readonly add?: readonly ResolvedSink[]
  /** Sinks that are filled beside them, and that the run is not to have: see uploads.ts. */
  readonly uploads?: readonly ResolvedSink[]
  /** Ends the work after the batch in hand; what is delivered stays delivered. */
  readonly signal?: AbortSignal
  /**
   * How often in a row a sink may fail, where waiting may help, before it is left for later. Default 0; Infinity
   * waits for ever.
   */
  readonly retries?: number
  /** Called after each batch and at each change of state, on this thread. */
  readonly onProgress?: (progress: RecoveryProgress) => void
}

export interface RecoveryProgress {
  readonly run: string
  readonly sink: string
  readonly state: 'delivering' | 'backing-off' | 'done' | 'failed'
  /** Journal bytes that this sink has behind it, and that there are. */
  readonly bytes: number
  readonly totalBytes: number
  /** Rows settled so far, and all rows. */
  readonly rows: number
  readonly totalRows: number
  readonly error: string | null
  /** Milliseconds until it is tried again, where it is backing off. */
  readonly retryInMs: number
}

/** What a sink has of its run's rows. `delivered + deadLettered + notApplicable + pending` are all of them. */
export interface SinkReport {
  readonly delivered: number
  readonly deadLettered: number
  readonly notApplicable: number
  readonly pending: number
  readonly error: SliceError | null
}

export interface RecoveryReport {
  readonly id: string
  readonly dir: string
  readonly status: RunStatus
  /** Rows that the journal took. */
  readonly journaled: number
  /** Rows that the run had to drop, as far as the journal knows. */
  readonly dropped: number
  readonly sinks: { readonly [sink: string]: SinkReport }
  /** The sinks that do not have all rows yet, and why. */
  readonly failed: { readonly [sink: string]: SliceError }
  /** Where the run can be seen in a browser, where a sink has said it. */
  readonly url: string | null
  /** Every sink of the run, and every upload that was asked for, has all rows. */
  readonly complete: boolean
}
