import { threadId } from 'node:worker_threads'
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
    nonce: resumed?.nonce ?? uniqueName(),
    resumed: attempt === 0 ? null : { attempt, rewoundTo },
    cwd: process.cwd(),
    argv: process.argv,
    execArgv: process.execArgv,
  }
}

/**
 * Unlike that of any other run, and no secret. Not `randomUUID()`, whose module takes a tenth of the time that
 * `import 'offstep'` does; nor `Math.random()`, which a program may have replaced by numbers that it can repeat.
 */
function uniqueName(): string {
  const numbers = [process.pid, threadId, Date.now(), process.hrtime.bigint()]
  return numbers.map((number) => number.toString(36)).join('-')
}
