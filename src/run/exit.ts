import { isMainThread } from 'node:worker_threads'
import type { FinalStatus, FinishRequest } from '../daemon/messages.js'
import type { LiveRun } from './live-run.js'
import { markFailed } from './rescue.js'

/**
 * What happens to the runs of this thread when the process ends, whichever way:
 *
 * | way                                  | status                                   |
 * |--------------------------------------|------------------------------------------|
 * | nothing left to do, no finish()      | completed; failed where exitCode is not 0 |
 * | process.exit(code)                   | completed for 0, else failed             |
 * | uncaught exception, rejection        | failed, with the error in run.json       |
 * | SIGINT, SIGTERM, SIGHUP              | killed                                   |
 *
 * Handlers are installed with the first run and removed with the last. The process keeps its own exit code and
 * signal, and handlers of the application still run: where it has one for a signal, that one decides when the
 * process ends, and ours only begins to finish the run.
 */
const runs = new Set<LiveRun>()
/** Finished by `await using`, which does not know whether an exception is on its way. */
const disposed = new Set<LiveRun>()
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

let installed = false
let signalsInstalled = false
let lastError: FinishRequest['error'] | undefined
let signalled = false

export function rememberRun(run: LiveRun, as: 'live' | 'finished' = 'live'): void {
  if (as === 'finished') disposed.add(run)
  else runs.add(run)
  if (!installed) install()
  if (run.options.handleSignals) installSignalsSoon()
}

export function forgetRun(run: LiveRun): void {
  runs.delete(run)
  if (runs.size === 0) removeSignals()
}

function install(): void {
  installed = true
  process.on('exit', onExit)
  process.on('beforeExit', onBeforeExit)
  process.on('uncaughtExceptionMonitor', onUncaught)
}

/**
 * With the first turn of the event loop, not before: a handler can only run when the loop turns, so a program
 * that never returns to it would become immune to Ctrl-C. Such a program is ended by the signal itself, and its
 * run is found and completed later.
 */
function installSignalsSoon(): void {
  if (!isMainThread || signalsInstalled) return
  signalsInstalled = true
  setImmediate(() => {
    if (signalsInstalled) for (const signal of SIGNALS) process.on(signal, onSignal)
  }).unref()
}

function removeSignals(): void {
  signalsInstalled = false
  for (const signal of SIGNALS) process.off(signal, onSignal)
}

function onUncaught(error: unknown): void {
  lastError = describeError(error)
}

function describeError(error: unknown): NonNullable<FinishRequest['error']> {
  if (!(error instanceof Error)) return { name: 'Error', message: String(error) }
  const { name, message, stack } = error
  return { name, message, ...(stack === undefined ? {} : { stack }) }
}

/** The event loop has nothing left to do: there is time to finish as the user would have. */
function onBeforeExit(code: number): void {
  const status: FinalStatus = code === 0 ? 'completed' : 'failed'
  for (const run of runs) void run.finish({ status })
}

function onExit(code: number): void {
  const status: FinalStatus = signalled ? 'killed' : code === 0 ? 'completed' : 'failed'
  const about = { exitCode: code, ...(lastError === undefined || code === 0 ? {} : { error: lastError }) }
  for (const run of runs) run.finishNow(status, about)
  if (code !== 0 && !signalled) for (const run of disposed) markFailed(run.dir, about)
}

function onSignal(signal: NodeJS.Signals): void {
  const others = process.listenerCount(signal) > 1
  if (signalled && !others) {
    endBySignal(signal)
    return
  }
  signalled = true
  const finishing = [...runs].map((run) =>
    run.finish({ status: 'killed', timeoutMs: run.options.exitTimeoutMs }),
  )
  if (others) return
  void Promise.all(finishing).then(() => endBySignal(signal))
}

/** Ends the process as the signal would have, had we not listened: shells and supervisors see the signal. */
function endBySignal(signal: NodeJS.Signals): void {
  removeSignals()
  process.kill(process.pid, signal)
}
