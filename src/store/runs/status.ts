import type { RunStatus } from '../../sinks/sink.js'
import type { RunFile } from '../run-file.js'
import { readLock } from '../run-lock.js'

export interface RunState {
  /** `crashed`, where run.json says `running` and its process is gone. */
  readonly status: RunStatus
  /** Its process lives, as far as can be seen from here. */
  readonly live: boolean
  /** Its process is on another machine, or in another container, and has given no sign for some time. */
  readonly silent: boolean
}

/** Blocks: some file calls where run.json says `running`. */
export function stateOf(runDir: string, { status }: RunFile): RunState {
  if (status !== 'running') return { status, live: false, silent: false }
  const { owner, state } = readLock(runDir)
  // Another's lock: whoever completes a run that died does so after it.
  const own = state !== 'free' && (owner === null || owner.role === 'run')
  return {
    status: own ? status : 'crashed',
    live: own && state === 'alive',
    silent: own && state === 'silent',
  }
}
