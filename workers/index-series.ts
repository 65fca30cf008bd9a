/** Entry of the thread that indexes the metrics of runs: see src/store/series/index-ahead.ts. */
import { workerData } from 'node:worker_threads'
import { SeriesIndex } from '../src/store/series/series-index.js'

for (const runDir of workerData as readonly string[]) {
  const index = new SeriesIndex(runDir)
  index.update()
  index.close()
}
