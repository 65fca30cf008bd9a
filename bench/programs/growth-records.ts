/** Records of one scalar, from the first call until the journal has the last; then `finish()`; and the most memory. */
import { init } from '../../src/index.js'
import { assertCounts, inDirectory, parameters, report } from './support.js'

const { dir, records } = parameters<{ dir: string; records: number }>()

const WARM_UP = 20_000
const TIMEOUT_MS = 300_000
/** The longest that a ring takes. */
const MAX_BLOCK_MS = 60_000

const bareRss = process.memoryUsage.rss()
const ring = { whenFull: 'block', maxBlockMs: MAX_BLOCK_MS } as const
// Plots, which a run of more than a minute has, would read all of it once more.
const run = init(inDirectory(dir, { sinks: [], plots: false, ring }))
const handle = run.scalar('train/loss')
for (let i = 0; i < WARM_UP; i++) handle.log(i * 0.1, i)
await journaled()

const start = performance.now()
for (let i = 0; i < records; i++) handle.log(i * 0.1, WARM_UP + i)
await journaled()
const end = performance.now()
const status = await run.finish({ timeoutMs: TIMEOUT_MS })
const finished = performance.now()
assertCounts(status)
if (!status.reached || status.dropped.total > 0) throw new Error(`Not complete: ${JSON.stringify(status)}`)
report({
  totalMs: end - start,
  finishMs: finished - end,
  memoryBytes: process.resourceUsage().maxRSS * 1024 - bareRss,
})

async function journaled(): Promise<void> {
  const { reached } = await run.flush({ level: 'journaled', timeoutMs: TIMEOUT_MS })
  if (!reached) throw new Error('The records did not reach the journal')
}
