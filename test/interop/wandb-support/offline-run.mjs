/**
 * A run with an offline log, in a process of its own, that logs until it is killed. usage: offline-run.mjs DIRECTORY
 * Prints the run directory, and then how many rows the log has. Row n has the step n and the value n.
 */
import { init } from '../../../dist/src/index.js'

const [dir] = process.argv.slice(2)
// Nothing but what it logs.
const quiet = { captureConsole: false, monitor: { system: false } }
const sink = { type: 'wandb', mode: 'offline', id: 'killed' }
const config = { lr: 0.1, layers: [{ units: 8 }, null] }
const run = init({
  project: 'interop',
  name: 'killed',
  dir,
  config,
  tags: ['a-tag'],
  sinks: [sink],
  ...quiet,
})
for (let step = 0; ; step++) {
  run.log({ value: step }, step)
  if (step % 10 > 0) continue
  await new Promise((resolve) => setTimeout(resolve, 1))
  console.log(JSON.stringify({ runDir: run.dir, ...run.status().sinks.wandb }))
}
