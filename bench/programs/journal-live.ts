/** Scalars per second from log calls into the journal of a live run. The producer waits where the ring is full. */
import { init } from '../../src/index.js'
import { logTen } from './rows.js'
import { assertCounts, inDirectory, parameters, report, waitSync } from './support.js'

const { dir, metrics, scalars } = parameters<{ dir: string; metrics: 1 | 10; scalars: number }>()

const run = init(inDirectory(dir, { sinks: [], ring: { whenFull: 'block', maxBlockMs: 60_000 } }))
const handle = run.scalar('train/loss')
const rows = scalars / metrics

function log(count: number): void {
  if (metrics === 1) for (let i = 0; i < count; i++) handle.log(i * 0.1, i)
  else for (let i = 0; i < count; i++) logTen(run, i * 0.1, i)
}

log(50_000)
waitSync(run, ({ inRing }) => inRing === 0, 10_000)
const start = performance.now()
log(rows)
const logged = performance.now()
waitSync(run, ({ inRing }) => inRing === 0, 60_000)
const end = performance.now()
const status = await run.finish()
assertCounts(status)
report({
  perSecond: (scalars * 1000) / (end - start),
  loggedMs: logged - start,
  ms: end - start,
  dropped: status.dropped.total,
})
