/**
 * A run of ours, online, in a process of its own. usage: online-run.mjs DIRECTORY ID RESUME FIRST COUNT
 * Row n has the value n, without a step of its own; a line is printed for each. WANDB_* say where it goes. The run ends
 * when somebody asks for that at W&B.
 */
import { init } from '../../../dist/src/index.js'

const [dir, id, resume, first, count] = process.argv.slice(2)
const run = init({
  project: 'interop',
  dir,
  config: { ours: true },
  git: false,
  recover: false,
  captureConsole: true,
  monitor: { system: { everyMs: 100 } },
  sinks: [{ type: 'wandb', id, resume }],
})
for (let row = Number(first); row < Number(first) + Number(count); row++) {
  console.log(`ours ${row}`)
  run.log({ value: row })
}
while (!run.stopRequested) await new Promise((resolve) => setTimeout(resolve, 10))
const report = await run.finish({ timeoutMs: 20_000 })
if (!report.reached) throw new Error(JSON.stringify(report))
