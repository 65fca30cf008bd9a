import { acquireLock } from '../recovery/acquire-lock.js'
import { pause } from '../recovery/sink-catch-up.js'
import { RunAliveError, type RunLock } from '../store/run-lock.js'
import { ResumeError } from './types.js'

/** How long a process that delivers what the dead one left may take: another run recovers those around it. */
const PATIENCE_MS = 30_000
const POLL_MS = 20

/** Takes the lock of a run that is to go on. Waits for a recovery of it. Rejects with a ResumeError where its process lives. */
export async function lockOf(runDir: string, nonce: string): Promise<RunLock> {
  const { signal } = new AbortController()
  const until = performance.now() + PATIENCE_MS
  for (;;) {
    try {
      return await acquireLock(runDir, { role: 'run', nonce, signal })
    } catch (error) {
      if (!(error instanceof RunAliveError)) throw error
      const { owner, message } = error
      if (owner?.role === 'run' || performance.now() >= until)
        throw new ResumeError(`${message}: a run can be resumed when its process has ended`, error)
    }
    await pause(POLL_MS, signal)
  }
}
