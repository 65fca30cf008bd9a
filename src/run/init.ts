import type { RunOptions } from '../options/options.js'
import { resolveOptions } from '../options/validate.js'
import { alertOptions } from '../options/when-given.js'
import { INTERNAL_THREAD } from '../ring/internal-thread.js'
import { DisabledRun } from './disabled-run.js'
import { LiveRun } from './live-run.js'
import type { Run } from './run.js'

/**
 * Starts a run. Synchronous, and returns before any I/O: a thread of the tracker's makes the run directory.
 * Works in any thread.
 *
 * Throws one `OptionsError` that lists everything that is wrong with the options. After that, nothing that the
 * tracker does throws or rejects into the training loop.
 */
export function init(options: RunOptions = {}): Run {
  const resolved = resolveOptions(options, process.env)
  // A preload (`--import`) that calls init() also runs in our own threads, and must not start more of them.
  const ours = process.env[INTERNAL_THREAD] !== undefined
  if (resolved.mode === 'disabled' || ours) return new DisabledRun()
  if (options.onAlert !== undefined) alertOptions().listenForAlerts(resolved, options.onAlert)
  return new LiveRun(resolved)
}

/**
 * Runs `body` with a run (of `init()`'s options, or what `resume()` returned) that is finished when it ends: `completed`, or `failed` where it throws. Unlike
 * `await using`, it knows of an exception that the caller then catches. Returns what `body` returns, and throws
 * what it throws.
 */
export async function withRun<T>(
  options: RunOptions | Promise<Run>,
  body: (run: Run) => T | Promise<T>,
): Promise<T> {
  const run = options instanceof Promise ? await options : init(options)
  try {
    const result = await body(run)
    await run.finish({ status: 'completed' })
    return result
  } catch (error) {
    await run.finish({ status: 'failed', error })
    throw error
  }
}
