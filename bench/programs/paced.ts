/**
 * Latency of log calls at a steady rate, from a loop that never returns to its event loop, under a fault.
 * Scalars and rows of ten metrics take turns.
 */
import fs from 'node:fs'
import path from 'node:path'
import { PerformanceObserver } from 'node:perf_hooks'
import { init, type RunOptions, type RunStatusReport } from '../../src/index.js'
import type { LiveRun } from '../../src/run/live-run.js'
import { Histogram } from '../histogram.js'
import type { Fault } from '../paced/faults.js'
import { tenMetrics } from './rows.js'
import { assertCounts, inDirectory, parameters, report, waitSync } from './support.js'

const { dir, baseUrl, fault, seconds, rate } = parameters<{
  dir: string
  baseUrl: string
  fault: Fault
  seconds: number
  rate: number
}>()

const files = ['jsonl', 'csv', 'tensorboard'] as const
/** Its thread is ended, and the sink tried again, several times in a run. */
const broken = (name: string) => ({
  module: new URL(`../sinks/${name}.js`, import.meta.url),
  name,
  timeoutMs: 2000,
})

const networked: RunOptions = {
  sinks: [...files, { type: 'wandb', baseUrl, apiKey: '0'.repeat(40), silent: true }],
  recover: false,
}

const OPTIONS: { readonly [fault in Fault]: RunOptions } = {
  none: { sinks: files },
  // Full after a quarter of the time or less, so that most calls meet a full ring.
  'disk-full': {
    sinks: files,
    ring: { capacityBytes: 2 ** Math.floor(Math.log2(seconds * rate * 92 * 0.25)) },
  },
  'server-silent': networked,
  'server-gone': networked,
  'server-busy': networked,
  'sink-hangs': { sinks: [...files, broken('hanging')] },
  'sink-spins': { sinks: [...files, broken('spinning')] },
  'drain-killed': { sinks: files },
  'other-cores-taken': { sinks: files },
  'all-cores-taken': { sinks: files },
}

let busy = 1
let collections = 0
let longestCollectionMs = 0
new PerformanceObserver((list) => {
  for (const { duration } of list.getEntries()) {
    collections++
    longestCollectionMs = Math.max(longestCollectionMs, duration)
  }
}).observe({ entryTypes: ['gc'] })

const run = init(inDirectory(dir, OPTIONS[fault])) as LiveRun
const handle = run.scalar('train/loss')
warmUp()
if (fault === 'disk-full') fill(dir)

const total = Math.round(seconds * rate)
// One store each, and the histograms afterwards: to count a latency there would cost the next call some of its cache.
const clockMs = new Float64Array(total).fill(0)
const callMs = new Float64Array(total).fill(0)
const start = performance.now()
for (let i = 0; i < total; i++) {
  if (fault === 'drain-killed' && i % rate === rate >> 1) run.post({ type: 'kill-thread', pool: 'drain' })
  const due = start + (i * 1000) / rate
  while (performance.now() < due) spin()
  const values = tenMetrics(i * 0.1)
  const before = performance.now()
  const begin = performance.now()
  if ((i & 1) === 0) handle.log(i * 0.1, i)
  else run.log(values, i)
  const end = performance.now()
  clockMs[i] = begin - before
  callMs[i] = end - begin
}
const { dropped, ...atEnd } = run.status()

if (fault === 'disk-full') fs.rmSync(filler(dir), { force: true })
await new Promise((resolve) => setTimeout(resolve, 50))
report({
  clock: Histogram.of(clockMs).summary(),
  scalar: Histogram.of(callMs.filter((_, i) => (i & 1) === 0)).summary(),
  row: Histogram.of(callMs.filter((_, i) => (i & 1) === 1)).summary(),
  dropped: dropped.total,
  collections,
  longestCollectionMs,
  trouble: troubleOf(atEnd),
  alive: busy !== 0,
})
assertCounts(await run.finish({ timeoutMs: 1000 }))

/**
 * Some microseconds of work: a thread that slept would pay for waking up, and one that only read the clock
 * would collect garbage all the time (each read makes a number on the heap).
 */
function spin(): void {
  for (let i = 0; i < 1000; i++) busy = (busy * 1_664_525 + 1_013_904_223) | 0
}

/** Has both paths compiled, and the journal begun, before anything is measured or breaks. */
function warmUp(): void {
  for (let i = 0; i < 20_000; i++) {
    handle.log(i * 0.1, i)
    run.log(tenMetrics(i * 0.1), i)
    if (i % 1000 === 0) waitSync(run, ({ inRing }) => inRing === 0, 5000)
  }
  waitSync(run, ({ journaled }) => journaled >= 40_000, 5000)
  // Those sinks that can deliver have done so by then.
  waitSync(run, ({ sinks }) => Object.values(sinks).every(({ pending }) => pending === 0), 1000)
}

function filler(directory: string): string {
  return path.join(directory, 'filler')
}

/** Takes the last byte of a file system of which `directory` is the root. */
function fill(directory: string): void {
  const fd = fs.openSync(filler(directory), 'w')
  for (let bytes = 2 ** 20; bytes >= 1; bytes /= 2) {
    try {
      for (;;) fs.writeSync(fd, Buffer.alloc(bytes, 1))
    } catch {
      // Full for a write of this size.
    }
  }
  fs.closeSync(fd)
}

/** That the fault was there, in the tracker's own words. */
function troubleOf({ inRing, sinks }: Pick<RunStatusReport, 'inRing' | 'sinks'>): string {
  const names = new Map<string, string[]>()
  for (const [name, { state, delivered, attempts, lastError }] of Object.entries(sinks)) {
    if (attempts === 0 && lastError === null && delivered > 0) continue
    const what = `${state}, ${lastError ?? (delivered === 0 ? 'nothing delivered' : 'an attempt failed')}`
    names.set(what, [...(names.get(what) ?? []), name])
  }
  const told = [...names].map(([what, who]) => `${who.join(', ')}: ${what}`)
  return [...(inRing > rate ? [`${inRing} rows in the ring at the end`] : []), ...told].join('; ')
}
