import type { KnownRun } from '../state.js'

/** Where people see a run. */
export const runUrl = ({ trackingUri, experimentId, runId }: KnownRun): string =>
  `${trackingUri}/#/experiments/${encodeURIComponent(experimentId)}/runs/${encodeURIComponent(runId)}`
