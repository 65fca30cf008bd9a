import type { MessagePort } from 'node:worker_threads'
import { yieldToTraining } from '../delivery/priority.js'
import { RunFileError } from '../store/run-file.js'
import { RunAliveError } from '../store/run-lock.js'
import { recoverRun } from './recover-run.js'
import type { RecoveryReport } from './report.js'

/** The one task of a live run's recovery thread. */
export interface RecoverTask {
  readonly runDirs: readonly string[]
  /** Gets lines for the log; any message from it says "stop after this batch". */
  readonly port: MessagePort
}

export interface RecoverTaskResult {
  /** Something may be completed later. */
  readonly left: boolean
}

const RETRIES = 3

/** Completes one run after the other. Never rejects for what one of them is like. */
export async function recoverMany({ runDirs, port }: RecoverTask): Promise<RecoverTaskResult> {
  yieldToTraining()
  const stop = new AbortController()
  port.on('message', () => stop.abort())
  port.unref()
  let left = false
  for (const runDir of runDirs) {
    if (stop.signal.aborted) break
    try {
      const report = await recoverRun(runDir, { signal: stop.signal, retries: RETRIES })
      port.postMessage(describe(report, stop.signal.aborted))
      left ||= !report.complete && Object.values(report.failed).some(({ action }) => action !== 'pause')
    } catch (error) {
      // Somebody else is at it, or has removed it: their affair.
      if (error instanceof RunAliveError || error instanceof RunFileError) continue
      port.postMessage(`${runDir}: not completed: ${(error as Error).message}`)
      left = true
    }
  }
  return { left }
}

function describe({ id, status, journaled, failed, complete }: RecoveryReport, stopped: boolean): string {
  if (complete) return `Completed the earlier run ${id} (${status}): ${journaled} records are at every sink.`
  const why = Object.entries(failed).map(([sink, { message }]) => `${sink}: ${message}`)
  if (why.length > 0) return `The earlier run ${id} (${status}) is not complete: ${why.join('; ')}`
  return stopped
    ? `The earlier run ${id} (${status}) is not complete yet: this run ended first.`
    : `The earlier run ${id} (${status}) is not complete yet.`
}
