import type { RunOptions } from '../options/options.js'

/**
 * Where a run goes on. `latest`, `best`: after that good checkpoint, or, where there is none, at the start; a number: after
 * the checkpoint of that step, or, where there is none, after that step; `end`: after its last row.
 */
export type ResumeFrom = 'latest' | 'best' | 'end' | number

/** What `resume()` takes: which run, where it goes on, and options in place of those that it had. */
export interface ResumeOptions extends RunOptions {
  /**
   * The run: its id, the beginning of it, `project/id`, or its directory; `latest` for the newest one (of `project`, and
   * called `name`, where these are given). Default: the option `id`, else `latest`.
   */
  readonly run?: string | undefined
  /** Default `latest`; but `end` where there is no checkpoint, and the option `checkpoints` is not given either. */
  readonly from?: ResumeFrom | undefined
  /** Begin a run where there is none to go on with, as `init()` does. Default `error`. */
  readonly ifMissing?: 'error' | 'create' | undefined
}

/** There is no run to go on with, or it cannot be gone on with. The message says what to do. */
export class ResumeError extends Error {
  readonly code = 'OFFSTEP_RESUME'
  readonly retryable = false

  constructor(message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'ResumeError'
  }
}
