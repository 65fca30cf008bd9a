import type { RecordBatch } from '../record/batch.js'

/**
 * What a sink keeps from one batch to the next, committed together with its place in the journal: the next
 * `open()` gets back exactly what the last committed `write()` returned. Plain JSON.
 */
export type SinkState = { readonly [key: string]: unknown }

/** How a run ended, or that it is only this sink that is being closed (`running`). */
export type RunStatus = 'running' | 'completed' | 'failed' | 'killed' | 'crashed'

export interface RunOutcome {
  readonly status: RunStatus
  /** Milliseconds since the epoch. */
  readonly endTime: number
  /** Of the process, or as the user gave it; absent where nobody knows it. */
  readonly exitCode?: number
}

/** What a sink may know of the run that it writes. */
export interface SinkContext {
  readonly runId: string
  readonly project: string
  readonly runName: string
  /** Absolute path of the run directory. */
  readonly runDir: string
  /** Milliseconds since the epoch. */
  readonly startTime: number
  /** The sink's own options, as given to `init()`. */
  readonly options: { readonly [key: string]: unknown }
  /** Name of a producer, fit for a directory name; 'main' for producer 0. */
  producerName(producer: number): string
  /** Writes one line to the run's diagnostics log, once per `kind` and session. */
  warn(kind: string, message: string): void
  /** False when a run is delivered after its process has ended (recovery, sync). */
  readonly live: boolean
  /**
   * True when the machine was restarted since the state was committed (or nobody can tell): a file may then have
   * the right length and wrong bytes.
   */
  readonly suspect: boolean
  /** Aborted when the slice has run out of time; a `write()` that waits must give up then. */
  readonly signal: AbortSignal
  /** Where the run can be seen in a browser: becomes `run.url`. Absent where nobody asks any more. */
  publishUrl?(url: string): void
  /** Somebody has asked at the destination that the run be stopped: becomes `run.stopRequested`. */
  requestStop?(): void
  /** Prints one line for the user, once per `kind` and run: where the run can be seen, say. */
  announce?(kind: string, message: string): void
}

/** One row of a batch that the destination refuses for good. */
export interface RejectedRow {
  readonly row: number
  readonly cause: string
  readonly reason: string
}

export interface WriteResult {
  readonly state: SinkState
  /** Rows that this destination has no way to hold (a step that goes back in TensorBoard, say). */
  readonly notApplicable?: number
  /** Rows that go to the dead-letter file. */
  readonly rejected?: readonly RejectedRow[]
}

/**
 * A destination: a function of the journal and its own cursor. Runs on a pool thread; one call at a time.
 *
 * `open()` gets the state of the last committed batch, or null for the first; whatever the destination holds
 * beyond that state was never committed, and is to be removed or overwritten, since it comes again. `write()`
 * resolves only when the destination has the batch. Errors are `SinkError`s that say what to do next; any
 * other error means "try again later".
 */
export interface Sink {
  /**
   * Journal bytes that a batch holds at most; default 256 KiB. More for a destination that allows few requests: memory
   * for it grows alike. At most 16 MiB count.
   */
  readonly batchBytes?: number | undefined
  /**
   * What becomes of the destination when a run is resumed from an earlier step, and rows that it has are superseded.
   * `rebuild` (default): it gets every row that counts again, from the first on, with a state of null. `continue`: it
   * keeps what it has, and gets a `resume` record and what comes after it.
   */
  readonly afterRewind?: 'rebuild' | 'continue' | undefined
  open(context: SinkContext, state: SinkState | null): Promise<void>
  write(batch: RecordBatch): Promise<WriteResult>
  close(outcome: RunOutcome): Promise<void>
}
