import type { StoredRun } from '../../store/runs/stored-run.js'
import type { RunSummary } from '../../store/runs/types.js'

/** With the last rows of a run that lives or has crashed: summary.json of another one is complete. */
export const lastValues = (run: StoredRun): RunSummary =>
  run.summary({ current: run.file.delivered !== true })
