/**
 * A whole run, from `init()` to `finish()`, in a process of its own. usage: pipeline-run.mjs DIRECTORY ROWS
 * Prints the final status, and the run directory, as one line of JSON.
 */
import { init } from '../../../dist/src/index.js'

const [dir, rows] = process.argv.slice(2)
const run = init({ project: 'interop', name: 'pipeline', dir, sinks: ['jsonl', 'tensorboard'] })
for (let step = 0; step < Number(rows); step++) {
  run.log(
    { 'train/loss': Math.exp(-step / 1000), 'train/accuracy': step / 3, odd: step % 7 ? -step : NaN },
    step,
  )
  if (step % 1000 === 0) await new Promise((resolve) => setTimeout(resolve, 20))
}
const { reached } = await run.finish({ status: 'completed', timeoutMs: 30_000 })
console.log(JSON.stringify({ reached, runDir: run.dir, sink: run.status().sinks.tensorboard }))
