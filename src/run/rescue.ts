import { createRequire } from 'node:module'
import type { DaemonSetup, FinalStatus, FinishRequest } from '../daemon/messages.js'

type RescueModule = typeof import('../daemon/rescue.js')

/**
 * Writes what is left in the rings from this thread, where the daemon is dead and the process ends. Loaded only
 * then: the training thread's modules hold no file code.
 */
export function rescue(
  setup: DaemonSetup,
  status: FinalStatus,
  about: Pick<FinishRequest, 'exitCode' | 'error'>,
): void {
  load().rescueRun(setup, status, about)
}

/** Marks a run that has finished as failed after all. */
export function markFailed(runDir: string, about: Pick<FinishRequest, 'exitCode' | 'error'>): void {
  load().markFailed(runDir, about)
}

function load(): RescueModule {
  return createRequire(import.meta.url)('../daemon/rescue.js') as RescueModule
}
