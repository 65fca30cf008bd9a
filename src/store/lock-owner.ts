import fs from 'node:fs'
import { type ProcessIdentity, stateOf } from './process-identity.js'

/** An owner renews its lock this often. */
export const RENEW_INTERVAL_MS = 5000
/** An owner that cannot be seen is given up after this long without a sign. */
export const SILENT_MS = 4 * RENEW_INTERVAL_MS

export type LockRole = 'run' | 'recovery' | 'sync' | 'repair' | 'agent'

/** What a lock file holds. */
export interface LockOwner extends ProcessIdentity {
  readonly role: LockRole
  readonly nonce: string
  /** Of the run directory: a copy of it is not locked by the owner of the original. */
  readonly inode: string
  /** Milliseconds since the epoch: when the lock was taken, and when it was last renewed. */
  readonly since: number
  readonly beat: number
  readonly released: boolean
}

/** Somebody else writes or delivers the run. */
export class RunAliveError extends Error {
  readonly code = 'OFFSTEP_RUN_ALIVE'
  readonly retryable = true
  readonly owner: LockOwner | null

  constructor(runDir: string, owner: LockOwner | null) {
    super(`The run in ${runDir} is in use by ${describeOwner(owner)}: wait until that has ended`)
    this.name = 'RunAliveError'
    this.owner = owner
  }
}

export function describeOwner(owner: LockOwner | null): string {
  if (owner === null) return 'another process'
  const what = owner.role === 'run' ? 'its own process' : `a process (${owner.role})`
  return `${what}, pid ${owner.pid} on ${owner.host}, since ${new Date(owner.since).toISOString()}`
}

/** Whether a run has a living owner; `silent`: an owner elsewhere that gave no sign for long, by the wall clock. */
export type LockState = 'free' | 'alive' | 'silent'

export function stateOfOwner(runDir: string, owner: LockOwner | null): LockState {
  if (owner === null) return 'silent'
  if (owner.released || owner.inode !== inodeOf(runDir)) return 'free'
  const state = stateOf(owner)
  if (state === 'dead') return 'free'
  return state === 'alive' || Date.now() - owner.beat < SILENT_MS ? 'alive' : 'silent'
}

export const inodeOf = (runDir: string): string => fs.statSync(runDir, { bigint: true }).ino.toString()
