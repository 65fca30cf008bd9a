import { randomUUID } from 'node:crypto'
import type { DaemonSetup } from '../daemon/messages.js'
import type { ResolvedOptions } from '../options/options.js'
import type { Control } from '../ring/control.js'
import type { ResumedRun } from './resumed.js'

/** What a run's daemon is started with, but for the rings. */
export function setupOf(
  options: ResolvedOptions,
  control: Control,
  resumed: ResumedRun | null,
): Omit<DaemonSetup, 'rings'> {
  const { attempt, rewoundTo } = resumed ?? { attempt: 0, rewoundTo: null }
  return {
    options,
    control: control.buffer,
    startTime: resumed?.startTime ?? Date.now(),
    startMonotonicMs: Number(process.hrtime.bigint()) / 1e6 - (resumed?.durationMs ?? 0),
    nonce: resumed?.nonce ?? randomUUID(),
    resumed: attempt === 0 ? null : { attempt, rewoundTo },
    cwd: process.cwd(),
    argv: process.argv,
    execArgv: process.execArgv,
  }
}
