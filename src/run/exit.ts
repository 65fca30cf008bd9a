import { isMainThread } from 'node:worker_threads'
import type { FinalStatus, FinishRequest } from '../daemon/messages.js'
import type { LiveRun } from './live-run.js'
import { markFailed } from './rescue.js'
import { describeThrown } from './thrown.js'

/**
 * What happens to the runs of this thread when the process ends, whichever way:
 *
 * | way                                  | status                                   |
 * |--------------------------------------|------------------------------------------|
 * | nothing left to do, no finish()      | completed; failed where exitCode is not 0 |
 * | process.exit(code)                   | completed for 0, else failed             |
 * | uncaught exception, rejection        | failed, with the error in run.json       |
 * | top-level await that never settles   | failed, exit code 13                     |
 * | SIGINT, SIGTERM, SIGHUP              | killed                                   |
 *
 * Handlers are installed with the first run; those for signals are removed with the last. The process keeps its
 * own exit code and signal, and handlers of the application still run: where it has one for a signal, that one
 * decides when the process ends, and ours only begins to finish the run.
 */
const runs = new Set<LiveRun>()
/**
 * Directories of runs that ended as completed while an exception may have been on its way: `await using` is not
 * told of one, and `beforeExit` not of an unsettled await. Until the program goes on with another run.
 */
const ended = new Set<string>()
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
/** What a process that was told a second time to end still does for its runs. */
const LAST_WORDS_MS = 250
/** Beyond `exitTimeoutMs`, for the daemon to say that it has given up. */
const GRACE_MS = 500

let installed = false
let signalsInstalled = false
let lastError: FinishRequest['error'] | undefined
let signalled = false

export function rememberRun(run: LiveRun): void {
  ended.clear()
  if (runs.size === 0) signalled = false
  runs.add(run)
  if (!installed) install()
  if (run.options.handleSignals) installSignalsSoon()
}

export function forgetRun(run: LiveRun): void {
  runs.delete(run)
  if (runs.size === 0) removeSignals()
}

/** The run in this directory has ended as completed; where the process fails next, it has failed after all. */
export function rememberEnded(runDir: string): void {
  ended.add(runDir)
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
 * run is found and completed later. Ahead of the application's own handlers, which may call `process.exit()`.
 */
function installSignalsSoon(): void {
  if (!isMainThread || signalsInstalled) return
  signalsInstalled = true
  setImmediate(() => {
    if (signalsInstalled) for (const signal of SIGNALS) process.prependListener(signal, onSignal)
  }).unref()
}

function removeSignals(): void {
  signalsInstalled = false
  for (const signal of SIGNALS) process.off(signal, onSignal)
}

function onUncaught(error: unknown): void {
  lastError = describeThrown(error)
}

const statusFor = (exitCode: number): FinalStatus => (exitCode === 0 ? 'completed' : 'failed')

/** The event loop has nothing left to do: there is time to finish as the user would have. */
function onBeforeExit(code: number): void {
  for (const run of runs) {
    void run.finish({ status: statusFor(code) }, { exitCode: code }).then(() => rememberEnded(run.dir))
  }
}

function onExit(code: number): void {
  // Node sets the code of an unsettled top-level await (13) in an earlier listener of this very event.
  const exitCode = Number(process.exitCode ?? code)
  const status = signalled ? 'killed' : statusFor(exitCode)
  const about = { exitCode, ...(lastError === undefined || exitCode === 0 ? {} : { error: lastError }) }
  // All are asked before the first is waited for: together they have the time that one would have.
  const endings = [...runs].map((run) => run.finishNow(status, about))
  for (const end of endings) end()
  if (status === 'failed') for (const runDir of ended) markFailed(runDir, about)
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
  // A finish() that was under way already may have a longer deadline than a signal grants.
  const timeoutMs = Math.max(...[...runs].map((run) => run.options.exitTimeoutMs)) + GRACE_MS
  const late = new Promise<void>((resolve) => setTimeout(resolve, timeoutMs))
  void Promise.race([Promise.all(finishing), late]).then(() => endBySignal(signal))
}

/** Ends the process as the signal would have, had we not listened: shells and supervisors see the signal. */
function endBySignal(signal: NodeJS.Signals): void {
  const endings = [...runs].map((run) => run.finishNow('killed', {}, LAST_WORDS_MS))
  for (const end of endings) end()
  removeSignals()
  process.kill(process.pid, signal)
}
