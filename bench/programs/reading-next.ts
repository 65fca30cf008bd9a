/** Charts of one run, one after the other, in a process that has drawn one before. Milliseconds each. */
import path from 'node:path'
import { writeMetricPlot } from '../../src/plots/index.js'
import { openStore } from '../../src/store/index.js'
import { tenMetrics } from './rows.js'
import { parameters, report } from './support.js'

const { dir, runDir } = parameters<{ dir: string; runDir: string }>()

const names = Object.keys(tenMetrics(0))
const run = openStore(dir).run(runDir)
const plots: number[] = []
const lookUps: number[] = []
for (const name of names) {
  const start = performance.now()
  const { files } = await writeMetricPlot(runDir, { out: path.join(dir, 'next'), metrics: [name] })
  if (files.length !== 1) throw new Error(`No chart of ${name}`)
  const drawn = performance.now()
  const series = run.series(name, { points: 1000 })
  if (series === null || series.points.length < 2) throw new Error(`No points of ${name}`)
  plots.push(drawn - start)
  lookUps.push(performance.now() - drawn)
}
run.close()
report({ plots: plots.slice(1), series: lookUps.slice(1), memory: process.resourceUsage().maxRSS * 1024 })
