/** A script for @wandb/sdk, run with it or with offstep/wandb in its place. */
import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { Run, SDK } from '../../src/compat/wandb/index.js'
import { quantile } from '../statistics.js'
import { tenMetrics } from './rows.js'
import { parameters, report } from './support.js'

const { client, rows, everyMs, restMs, kill } = parameters<{
  /** A package, or a file beside this one. */
  client: string
  rows: number
  everyMs: number
  restMs: number
  kill: boolean
}>()

const rest = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

const { default: wandb } = (await import(client)) as { default: Pick<SDK, 'init' | 'log' | 'finish'> }
const run: Partial<Run> = await wandb.init({ project: 'bench' })
const delay = monitorEventLoopDelay({ resolution: 1 })
delay.enable()
const calls: number[] = []
for (let row = 0; row < rows; row++) {
  const values = tenMetrics(row)
  const start = performance.now()
  wandb.log(values)
  calls.push((performance.now() - start) * 1000)
  if (everyMs > 0) await rest(everyMs)
}
if (kill) process.kill(process.pid, 'SIGKILL')
await rest(restMs)
const start = performance.now()
await wandb.finish()
delay.disable()
report({
  callUs: { p50: quantile(calls, 0.5), p99: quantile(calls, 0.99) },
  stallMs: delay.max / 1e6,
  finishMs: performance.now() - start,
  delivered: run.offstep?.status().sinks.wandb?.delivered ?? 0,
})
