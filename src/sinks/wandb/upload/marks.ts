/**
 * The logs that the offline sink has written of a run, and the marks by which `wandb sync` knows which of them are
 * uploaded: a file `.synced` beside each.
 */
import { existsSync } from 'node:fs'
import { readCursor } from '../../../delivery/cursor.js'
import { SinkError } from '../../errors.js'
import { directoryName, isUploaded, logPath, markUploaded } from '../offline/run-directory.js'
import { type OfflineState, restoreState } from '../offline/state.js'

/** The mode that the run's sink "wandb" has begun in; undefined where it has not taken a row. Blocks. */
export function modeOf(runDir: string): string | undefined {
  const mode = readCursor(runDir, 'wandb').state?.mode
  return typeof mode === 'string' ? mode : undefined
}

/** Where the offline sink of the run in this directory stands; null where it has not taken a row. Blocks. */
export function offlineState(runDir: string): OfflineState | null {
  const { mode, ...state } = readCursor(runDir, 'wandb').state ?? {}
  if (mode !== 'offline') return null
  try {
    return restoreState(state)
  } catch (error) {
    // A cursor that cannot be read: the log is written again, and was then not uploaded either.
    if (error instanceof SinkError) return null
    throw error
  }
}

/** `startTime`: of the run, in milliseconds since the epoch. Blocks. */
function logsOf(runDir: string, { root, runId, part }: OfflineState, startTime: number): string[] {
  const parts = Array.from({ length: part + 1 }, (_, index) => directoryName(runId, startTime, index))
  return parts.map((directory) => logPath(root ?? runDir, directory, runId)).filter((log) => existsSync(log))
}

/** True where `wandb sync` has uploaded a part of the run at least. Blocks. */
export function isPartMarked(runDir: string, startTime: number): boolean {
  const state = offlineState(runDir)
  return state !== null && logsOf(runDir, state, startTime).some(isUploaded)
}

/** True where `wandb sync` has uploaded all that the offline sink has written. Blocks. */
export function isWholeMarked(runDir: string, startTime: number): boolean {
  const state = offlineState(runDir)
  const logs = state === null ? [] : logsOf(runDir, state, startTime)
  return logs.length > 0 && logs.every(isUploaded)
}

/** From now on `wandb sync` leaves the run out: it would append rows that W&B has. Blocks. */
export function markAll(runDir: string, startTime: number): void {
  const state = offlineState(runDir)
  if (state !== null) for (const log of logsOf(runDir, state, startTime)) markUploaded(log)
}
