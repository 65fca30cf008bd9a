/** The beginning and the end of a run, in a process that does both for the first time. */
import { inDirectory, parameters, report } from './support.js'

const { dir } = parameters<{ dir: string }>()

const begin = performance.now()
const { init } = await import('../../src/index.js')
const imported = performance.now()
const run = init(inDirectory(dir))
const started = performance.now()
for (let step = 0; step < 1000; step++) run.log({ 'train/loss': 1 / (step + 1) }, step)
await run.flush({ level: 'delivered', timeoutMs: 10_000 })
const flushed = performance.now()
const { reached } = await run.finish()
const finished = performance.now()
report({
  importMs: imported - begin,
  initMs: started - imported,
  firstDeliveryMs: flushed - started,
  finishMs: finished - flushed,
  reached,
})
