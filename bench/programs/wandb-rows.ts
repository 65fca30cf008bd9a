/**
 * Rows of ten scalars as fast as the journal takes them, to W&B; then `finish()`. With `outage`, the server is away
 * until this program has said "journaled", and memory is watched from there on.
 */
import { init } from '../../src/index.js'
import { logTen } from './rows.js'
import { assertCounts, inDirectory, parameters, report } from './support.js'

const { dir, rows, finishMs, outage } = parameters<{
  dir: string
  rows: number
  finishMs: number
  outage: boolean
}>()

const start = performance.now()
const ring = { whenFull: 'block', maxBlockMs: 60_000 } as const
const run = init(inDirectory(dir, { sinks: ['wandb'], recover: false, ring }))
for (let row = 0; row < rows; row++) logTen(run, row * 0.001, row)
await run.flush({ level: 'journaled', timeoutMs: 60_000 })
const journaledMs = performance.now() - start
const rss: number[] = [process.memoryUsage.rss()]
if (outage) await replay()
const finishing = performance.now()
const result = await run.finish({ timeoutMs: finishMs })
const end = performance.now()
assertCounts(result)
report({
  journaledMs,
  totalMs: end - start,
  finishMs: end - finishing,
  reached: result.reached,
  dropped: result.dropped.total,
  rss,
})
// A request that is never answered would keep the process.
process.exit()

async function replay(): Promise<void> {
  process.send?.('journaled')
  const watch = setInterval(() => rss.push(process.memoryUsage.rss()), 100)
  await run.flush({ level: 'delivered', timeoutMs: 540_000 })
  clearInterval(watch)
}
