/**
 * Bytes that one call leaves on the heap of the training thread. Run with a young generation that holds them
 * all (`--min-semi-space-size`), so that no collection hides any.
 */
import { PerformanceObserver } from 'node:perf_hooks'
import { getHeapStatistics } from 'node:v8'
import { init } from '../../src/index.js'
import { logTen, tenMetrics } from './rows.js'
import { inDirectory, parameters, report, sleepSync, waitSync } from './support.js'

const { dir, calls } = parameters<{ dir: string; calls: number }>()

let collections = 0
new PerformanceObserver((list) => {
  collections += list.getEntries().length
}).observe({ entryTypes: ['gc'] })

const run = init(inDirectory(dir, { sinks: [] }))
const handle = run.scalar('train/loss')
let kept: object | null = null
let clock = 0
/** Numbers that are on the heap already (an array that holds text too keeps them there): no caller boxes them. */
const boxed: readonly unknown[] = ['text', 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8]

const BURST = 10_000
const used = (): number => getHeapStatistics().used_heap_size
const rested = (): boolean => waitSync(run, ({ inRing }) => inRing === 0, 10_000)

/** Heap bytes per call of `burst`, which makes BURST calls. What waiting for the drain allocates is not counted. */
function bytesPerCall(burst: (step: number) => void): number {
  for (let i = 0; i < 20; i++) {
    burst(i * BURST)
    rested()
  }
  globalThis.gc!()
  let bytes = 0
  for (let i = 0; i < calls / BURST; i++) {
    const before = used()
    burst(i * BURST)
    bytes += used() - before
    rested()
    sleepSync(0.1)
  }
  return bytes / calls
}

const empty = bytesPerCall(() => {})
const result = {
  clock: bytesPerCall(() => {
    let last = 0
    for (let i = 0; i < BURST; i++) last = Date.now()
    clock = last
  }),
  handle: bytesPerCall((step) => {
    for (let i = 0; i < BURST; i++) handle.log(boxed[1 + (i & 7)] as number, step + i)
  }),
  row: bytesPerCall((step) => {
    for (let i = 0; i < BURST; i++) logTen(run, i * 0.1, step + i)
  }),
  literal: bytesPerCall(() => {
    for (let i = 0; i < BURST; i++) kept = tenMetrics(i * 0.1)
  }),
}
// Entries of the observer come with a turn of the event loop.
await new Promise((resolve) => setTimeout(resolve, 50))
report({
  clock: result.clock - empty,
  handle: result.handle - empty,
  row: result.row - empty,
  literal: result.literal - empty,
  collections,
  alive: kept !== null && clock > 0,
})
await run.finish()
