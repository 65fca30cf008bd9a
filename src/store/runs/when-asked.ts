import { lazyModule } from '../../lazy-module.js'

// What a list of runs has no use for is loaded for those that ask for it: half of the files.

export const artifactReading = lazyModule<typeof import('../../artifact/read.js')>('artifact/read.js')
export const checkpointReading = lazyModule<typeof import('../../checkpoint/read/checkpoints.js')>(
  'checkpoint/read/checkpoints.js',
)
export const rowReading = lazyModule<typeof import('./read-rows.js')>('store/runs/read-rows.js')
export const seriesReading = lazyModule<typeof import('../series/read-series.js')>(
  'store/series/read-series.js',
)
export const seriesIndexing = lazyModule<typeof import('../series/series-index.js')>(
  'store/series/series-index.js',
)
export const journalSummary = lazyModule<typeof import('./summary-journal.js')>(
  'store/runs/summary-journal.js',
)
