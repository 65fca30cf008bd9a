import type { FinalStatus } from '../daemon/messages.js'
import type { SystemSnapshot } from '../monitor/system/shared-memory.js'
import type { RunCheckpoints } from './checkpoints/types.js'
import type { ProducerHandle } from './connect.js'
import type { ResumedFrom } from './resumed.js'
import type { RunStatusReport } from './status.js'
import type { MetricLogger, MetricValues, ScalarHandle } from './values.js'

/**
 * How safe records are:
 * - `journaled`: written to the journal file; kill -9 of the process cannot lose them
 * - `synced`: on the disk; a power cut cannot lose them
 * - `delivered`: taken by every sink
 */
export type DurabilityLevel = 'journaled' | 'synced' | 'delivered'

export interface FlushOptions {
  /** Default `journaled`. */
  readonly level?: DurabilityLevel
  /** Default 5000. */
  readonly timeoutMs?: number
}

export interface FinishOptions {
  /** Default `completed`. */
  readonly status?: FinalStatus
  /** What is not delivered by then stays in the journal. Default 30,000. */
  readonly timeoutMs?: number
  /**
   * Resolves as soon as everything is in the journal, on the disk: a process of its own delivers the rest, and
   * ends by itself. Default false.
   */
  readonly detach?: boolean
  /** Why a run failed: name, message and stack go to run.json. */
  readonly error?: unknown
}

/** The counts when a flush or finish ended. */
export interface FlushResult extends RunStatusReport {
  /** False where the time ran out first. */
  readonly reached: boolean
  readonly elapsedMs: number
}

/**
 * A run, seen from the thread that called `init()`. Calls are for that thread only; another thread gets a
 * producer of its own. Nothing here throws or rejects into the training loop.
 */
export interface Run extends MetricLogger {
  /** `{name}_{date}_{time}_{git commit}`. The first read may wait for the daemon to have made the directory. */
  readonly id: string
  /** Absolute path of the run directory. Waits like `id`. */
  readonly dir: string
  /** Where the run can be seen in a browser, once a sink knows it. */
  readonly url: string | null
  /**
   * True once somebody has asked at a destination (W&B's page of the run, say) that the run be stopped: a loop that
   * looks at it can end in good order. From shared memory; never blocks.
   */
  readonly stopRequested: boolean
  /** Aborted then; the event comes with the next turn of the event loop. */
  readonly stopSignal: AbortSignal
  /** Where the run goes on, if `resume()` made it. */
  readonly resumed: ResumedFrom | null
  readonly checkpoints: RunCheckpoints
  /** Logs one row. Never blocks, never throws. See `Producer.log`. */
  log(values: MetricValues, step?: number): void
  /** A handle for one metric, for hot loops. */
  scalar(name: string): ScalarHandle
  /** A handle to post to a worker thread, which then logs to this run through `connect(handle)`. */
  producer(options?: { readonly name?: string }): ProducerHandle
  /**
   * What the machine did when it was sampled last (`monitor.system`), from shared memory; null before the first sample,
   * and without a monitor. Synchronous, never blocks.
   */
  system(): SystemSnapshot | null
  /** Counts, from shared memory. Synchronous, never blocks. */
  status(): RunStatusReport
  /** Waits until what was logged before the call is as safe as asked. Never rejects. */
  flush(options?: FlushOptions): Promise<FlushResult>
  /** Ends the run: journals everything, delivers what it can in time, closes the sinks. Never rejects. */
  finish(options?: FinishOptions): Promise<FlushResult>
  /**
   * `await using run = init(...)`: finishes as `completed`; if the process then ends by an exception or with an
   * exit code that is not 0, the run is marked `failed`. (A disposer is not told of an exception that a caller
   * catches; `withRun()` is.)
   */
  [Symbol.asyncDispose](): Promise<void>
}
