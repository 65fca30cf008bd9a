/** Rows at a steady rate, a small burst each millisecond, from a thread that never returns to its event loop. */
import { stat } from 'node:fs/promises'
import { init, type SinkOption } from '../../src/index.js'
import { cpuByRole, threadTimes } from '../threads.js'
import { logTen, tenMetrics } from './rows.js'
import { assertCounts, inDirectory, parameters, report, sleepSync } from './support.js'

const { dir, sinks, seconds, rate } = parameters<{
  dir: string
  sinks: SinkOption[]
  seconds: number
  rate: number
}>()

// Node's own file threads exist before ours do, so that what is started later is ours.
await Promise.all(Array.from({ length: 8 }, () => stat('.')))
const own = threadTimes()
// The caller's own garbage, the rows' literals, has filled the young generation before memory is compared.
let kept = tenMetrics(0)
for (let row = 0; row < 20 * rate; row++) kept = tenMetrics(row * 0.001)
const bareRss = process.memoryUsage.rss()
const run = init(inDirectory(dir, { sinks }))
logTen(run, 0, 0)
await run.flush({ level: 'delivered', timeoutMs: 10_000 })

const rss: number[] = []
const pending: number[] = []
const before = threadTimes()
const start = performance.now()
const total = seconds * rate
for (let row = 0; row < total; ) {
  const elapsed = performance.now() - start
  for (const due = Math.min(total, Math.trunc((elapsed * rate) / 1000)); row < due; row++)
    logTen(run, row * 0.001, row)
  if (elapsed > (rss.length + 1) * 1000) {
    rss.push(process.memoryUsage.rss())
    pending.push(Math.max(...Object.values(run.status().sinks).map((sink) => sink.pending)))
  }
  sleepSync(1)
}
const { sinks: atEnd } = run.status()
const cpu = cpuByRole(before, own)
const seenMs = performance.now() - start
const caughtUp = await run.flush({ level: 'delivered', timeoutMs: 120_000 })
const status = await run.finish({ timeoutMs: 60_000 })
assertCounts(status)
report({
  accepted: status.accepted,
  dropped: status.dropped.total,
  rss,
  bareRss,
  pending,
  backlog: Object.fromEntries(Object.entries(atEnd).map(([name, sink]) => [name, sink.pending])),
  catchUpMs: caughtUp.reached ? caughtUp.elapsedMs : null,
  seenMs,
  cpu,
  alive: kept !== null,
})
