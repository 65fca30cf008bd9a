/**
 * `offstep/runs`: what is done with runs that have ended, or died: find them, complete them, check and repair
 * them. Apart from `offstep` itself, so that a training program loads nothing of it.
 */
export type { SliceError } from './delivery/deliver.js'
export { type FoundRun, findRuns } from './recovery/find-runs.js'
export { recoverRun } from './recovery/recover-run.js'
export type { RecoverOptions, RecoveryProgress, RecoveryReport, SinkReport } from './recovery/report.js'
export { NoRoomError } from './store/disk-space.js'
export { type RunFile, RunFileError } from './store/run-file.js'
export { type LockOwner, type LockRole, RunAliveError } from './store/run-lock.js'
export {
  type RepairAction,
  type RepairOptions,
  type RepairReport,
  repairRun,
} from './verify/repair-run.js'
export type { VerifyReport } from './verify/report.js'
export { type VerifyOptions, type VerifyProgress, verifyRun } from './verify/verify-run.js'
