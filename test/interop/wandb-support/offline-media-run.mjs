/**
 * As offline-run.mjs; each tenth step has a picture of its own too, and its number is a parameter.
 */
import { init } from '../../../dist/src/index.js'

const [dir] = process.argv.slice(2)
// Nothing but what it logs.
const quiet = { git: false, captureConsole: false, monitor: { system: false } }
const sink = { type: 'wandb', mode: 'offline', id: 'killed' }
const run = init({ project: 'interop', name: 'killed', dir, sinks: [sink], ...quiet })
for (let step = 0; ; step++) {
  run.log({ value: step }, step)
  if (step % 10 > 0) continue
  const data = new Uint8Array(64 * 3).fill(step % 251)
  run.image('picture', { width: 8, height: 8, channels: 3, data }, step)
  run.updateConfig({ newest: step })
  await run.flush({ level: 'journaled' })
  console.log(JSON.stringify({ runDir: run.dir, ...run.status().sinks.wandb }))
}
