/** What a row of many keys costs its caller, beside reading the same object by name; nanoseconds per row. */
import { init } from '../../src/index.js'
import { timeGroups } from '../growth/groups.js'
import { median } from '../statistics.js'
import { assertCounts, inDirectory, parameters, report, waitSync } from './support.js'

const { dir, keys, bursts } = parameters<{ dir: string; keys: number; bursts: number }>()

/** About 5 us of work, so that the clock is a small part of it. */
const PER_GROUP = Math.max(1, Math.round(200 / (10 + keys)))
/** A burst stays below half of the ring, at which a caller has to wake the drain. */
const BURST_BYTES = 2 ** 21
const ROW_BYTES = 24 + 12 * keys
const WARM_UP = 10
const GROUPS = Math.min(200, Math.floor(BURST_BYTES / ROW_BYTES / PER_GROUP))

const values: Record<string, number> = Object.fromEntries(
  Array.from({ length: keys }, (_, key) => [`layer-${key}/norm`, key * 0.1]),
)
let sum = 0
const run = init(inDirectory(dir, { sinks: [] }))
const log = (row: number) => run.log(values, row)
const read = () => {
  for (const name in values) sum += values[name]!
}

const logNs: number[] = []
const readNs: number[] = []
let row = 0
function burst(): void {
  timeGroups(log, row, GROUPS, PER_GROUP, logNs)
  row += GROUPS * PER_GROUP
  waitSync(run, ({ inRing }) => inRing === 0, 10_000)
  timeGroups(read, 0, GROUPS, PER_GROUP, readNs)
}

for (let i = 0; i < WARM_UP; i++) burst()
logNs.length = 0
readNs.length = 0
for (let i = 0; i < bursts; i++) burst()
const status = await run.finish()
assertCounts(status)
if (status.dropped.total > 0) throw new Error(`${status.dropped.total} rows were dropped, which costs less`)
report({ logNs: median(logNs), readNs: median(readNs), alive: sum > 0 })
