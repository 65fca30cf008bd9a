import { type LockRole, RunAliveError, RunLock, readLock } from '../store/run-lock.js'
import { pause } from './sink-catch-up.js'

/** An owner elsewhere that has fallen silent is watched for a while: this often. */
const WATCH_INTERVAL_MS = 500

export interface LockWanted {
  readonly role: LockRole
  readonly nonce?: string
  readonly signal: AbortSignal
}

/** Takes a run's lock, after its owner has been watched where nobody can see whether it lives. Throws RunAliveError. */
export async function acquireLock(runDir: string, { role, nonce, signal }: LockWanted): Promise<RunLock> {
  for (;;) {
    try {
      return RunLock.acquire(runDir, { role, ...(nonce === undefined ? {} : { nonce }) })
    } catch (error) {
      if (!(error instanceof RunAliveError) || signal.aborted) throw error
      if (readLock(runDir).state !== 'silent') throw error
    }
    await pause(WATCH_INTERVAL_MS, signal)
  }
}
