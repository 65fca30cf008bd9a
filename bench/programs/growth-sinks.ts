/** Rows of ten in bursts, while sinks are at work: what a call costs, and how fast all sinks have all rows. */
import { init, type SinkOption } from '../../src/index.js'
import { timeGroups } from '../growth/groups.js'
import { median } from '../statistics.js'
import { logTen } from './rows.js'
import { assertCounts, inDirectory, parameters, report, waitSync } from './support.js'

const { dir, sinks, bursts } = parameters<{ dir: string; sinks: SinkOption[]; bursts: number }>()

/** A burst of 2,000 rows is far below half of the ring: no call waits, and none wakes the drain. */
const GROUPS = 100
const PER_GROUP = 20
const WARM_UP = 10
const TIMEOUT_MS = 120_000

const run = init(inDirectory(dir, { sinks }))
const log = (row: number) => logTen(run, row * 0.001, row)
const ns: number[] = []

function burst(number: number): void {
  timeGroups(log, number * GROUPS * PER_GROUP, GROUPS, PER_GROUP, ns)
  if (!waitSync(run, ({ inRing }) => inRing === 0, TIMEOUT_MS)) throw new Error('The ring was not emptied')
}

for (let number = 0; number < WARM_UP; number++) burst(number)
await delivered()
ns.length = 0
const start = performance.now()
for (let number = 0; number < bursts; number++) burst(WARM_UP + number)
await delivered()
const end = performance.now()
const status = await run.finish({ timeoutMs: TIMEOUT_MS })
assertCounts(status)
if (status.dropped.total > 0) throw new Error(`${status.dropped.total} rows were dropped`)
report({ callNs: median(ns), rowsPerSecond: (bursts * GROUPS * PER_GROUP * 1000) / (end - start) })

async function delivered(): Promise<void> {
  const { reached } = await run.flush({ level: 'delivered', timeoutMs: TIMEOUT_MS })
  if (!reached) throw new Error('The rows did not reach every sink')
}
