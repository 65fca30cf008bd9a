/**
 * The process that delivers what is left of a run after `finish({ detach: true })`: `node agent.js <run dir>`,
 * with the run's sinks as JSON on stdin (run.json leaves their secrets out). Tries until everything is delivered
 * or only a person can help; ends by itself after a day.
 */
import { json } from 'node:stream/consumers'
import { openDiagnostics } from '../daemon/diagnostics.js'
import type { ResolvedSink } from '../options/options.js'
import { recoverRun } from './recover-run.js'

const MAX_LIFE_MS = 24 * 3600 * 1000

process.title = 'offstep-agent'
const runDir = process.argv[2]!
const log = openDiagnostics(runDir)
try {
  const { sinks } = (await json(process.stdin)) as { sinks: readonly ResolvedSink[] }
  const signal = AbortSignal.timeout(MAX_LIFE_MS)
  const report = await recoverRun(runDir, { role: 'agent', sinks, retries: Number.POSITIVE_INFINITY, signal })
  const why = Object.entries(report.failed).map(([sink, { message }]) => `${sink}: ${message}`)
  if (report.complete) log.training.info({ journaled: report.journaled }, 'everything is delivered')
  else log.training.warn({ failed: why }, `not everything is delivered: offstep sync ${runDir}`)
} catch (error) {
  log.training.error(`The agent that delivers the rest has ended: ${(error as Error).message}`)
  process.exitCode = 1
} finally {
  log.close()
}
