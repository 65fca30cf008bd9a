import { renameSync, rmSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { RunLock } from '../store/run-lock.js'

/**
 * Removes a run directory for good. It is gone from all lists at once, before its files are. Takes the run's lock:
 * throws RunAliveError where the run lives, and the file system's errors. Blocks.
 */
export function removeRun(runDir: string): void {
  // Whoever would start to deliver or repair it now finds it taken.
  const lock = RunLock.acquire(runDir, { role: 'repair' })
  const hidden = join(dirname(runDir), `.removed-${process.pid}-${basename(runDir)}`)
  try {
    renameSync(runDir, hidden)
  } catch (error) {
    lock.release()
    throw error
  }
  rmSync(hidden, { recursive: true, force: true })
}
