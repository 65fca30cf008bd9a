/** CPU time and memory of a process that does nothing, with a live run or without one. */
import { init } from '../../src/index.js'
import { inDirectory, parameters, report } from './support.js'

const { dir, live, seconds } = parameters<{ dir: string; live: boolean; seconds: number }>()

const rest = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

await rest(500)
globalThis.gc!()
const bareRss = process.memoryUsage.rss()
const run = live ? init(inDirectory(dir)) : null
for (let step = 0; step < 1000; step++) run?.log({ 'train/loss': 1 / (step + 1) }, step)
await run?.flush({ level: 'delivered', timeoutMs: 10_000 })
// Until nothing is left of the beginning: the drain polls slower and slower, V8 collects when it is idle.
await rest(45_000)
const before = process.cpuUsage()
await rest(seconds * 1000)
const { user, system } = process.cpuUsage(before)
report({ cpuMs: (user + system) / 1000, rss: process.memoryUsage.rss(), bareRss })
await run?.finish()
