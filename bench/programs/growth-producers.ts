/** Threads that log rows of ten to one run: rows a second in all, and what a call costs where all log at once. */
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { init } from '../../src/index.js'
import { Gate } from '../growth/gate.js'
import { median } from '../statistics.js'
import type { ProducerTask } from './growth-producer.js'
import { assertCounts, inDirectory, parameters, report, waitSync } from './support.js'

const { dir, producers, rows, bursts } = parameters<{
  dir: string
  producers: number
  /** Of all threads, in the flood. */
  rows: number
  bursts: number
}>()

/** A burst of 2,000 rows is far below half of its ring: no call waits, and none wakes the drain. */
const GROUPS = 100
const PER_GROUP = 20
const TIMEOUT_MS = 60_000

const run = init(inDirectory(dir, { sinks: [], ring: { whenFull: 'block', maxBlockMs: TIMEOUT_MS } }))
const gate = new Gate()
const rowsEach = Math.ceil(rows / producers)
const shared = { gate: gate.buffer, rows: rowsEach, bursts, groups: GROUPS, perGroup: PER_GROUP }
gate.open()
const told = Array.from({ length: producers }, async () => {
  const task: ProducerTask = { handle: run.producer(), ...shared }
  const worker = new Worker(new URL('./growth-producer.js', import.meta.url), { workerData: task })
  const [ns] = (await once(worker, 'message')) as [number[]]
  return ns
})

settle()
const start = performance.now()
gate.open()
settle()
const floodMs = performance.now() - start
for (let burst = 0; burst < bursts; burst++) {
  gate.open()
  settle()
}
const ns = (await Promise.all(told)).flat()
const status = await run.finish()
assertCounts(status)
if (status.dropped.total > 0) throw new Error(`${status.dropped.total} rows were dropped`)
report({ callNs: median(ns), rowsPerSecond: (rowsEach * producers * 1000) / floodMs })

/** All threads have done their part, and the journal has it. */
function settle(): void {
  if (!gate.all(producers, TIMEOUT_MS)) throw new Error('A producer did not come to the gate')
  if (!waitSync(run, ({ inRing }) => inRing === 0, TIMEOUT_MS)) throw new Error('The ring was not emptied')
}
