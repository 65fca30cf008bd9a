/**
 * Who writes or delivers a run: one process at a time.
 *
 *     lock/000001.json  {"pid":4711,"started":"88123","boot":"...","role":"run","beat":...}
 *
 * The file with the highest number says who owns the run. An owner that is dead is followed by making the next
 * number, which the file system grants to one process only; nobody ever removes a lock that another might have
 * just taken. An owner renews its file while it works, and marks it released in the end.
 *
 * A dead owner is told from a living one by pid, start time, boot and pid namespace, so neither a reused pid nor
 * a container that was started again with the same pid keeps a run locked. Where its processes cannot be seen
 * (another machine or container), an owner counts as dead when its file has not changed for `SILENT_MS`, watched
 * by our own clock: clocks that differ or jump do not matter.
 */
import { randomUUID } from 'node:crypto'
import {
  createLockFile,
  type LockFile,
  readNewest,
  removeLockFile,
  removeOlder,
  replaceLockFile,
} from './lock-files.js'
import {
  inodeOf,
  type LockOwner,
  type LockRole,
  type LockState,
  RunAliveError,
  SILENT_MS,
  stateOfOwner,
} from './lock-owner.js'
import { stateOf, thisProcess } from './process-identity.js'

export {
  describeOwner,
  type LockOwner,
  type LockRole,
  type LockState,
  RENEW_INTERVAL_MS,
  RunAliveError,
  SILENT_MS,
} from './lock-owner.js'

export function readLock(runDir: string): { owner: LockOwner | null; state: LockState } {
  const newest = readNewest(runDir)
  if (newest === null) return { owner: null, state: 'free' }
  return { owner: newest.owner, state: stateOfOwner(runDir, newest.owner) }
}

export class RunLock {
  readonly #runDir: string
  #owner: LockOwner
  readonly #number: number

  private constructor(runDir: string, number: number, owner: LockOwner) {
    this.#runDir = runDir
    this.#number = number
    this.#owner = owner
  }

  /**
   * Takes the lock, or throws RunAliveError. `nonce`: a lock with this nonce is the caller's own already (a
   * thread that replaces a dead one). Synchronous file calls; throws the file system's errors.
   */
  static acquire(
    runDir: string,
    { role, nonce = randomUUID() }: { role: LockRole; nonce?: string },
  ): RunLock {
    const newest = readNewest(runDir)
    if (newest?.owner?.nonce === nonce && !newest.owner.released) {
      return new RunLock(runDir, newest.number, newest.owner)
    }
    if (newest !== null && !isOver(runDir, newest)) throw new RunAliveError(runDir, newest.owner)
    const number = (newest?.number ?? 0) + 1
    const now = Date.now()
    const inode = inodeOf(runDir)
    const owner: LockOwner = {
      ...thisProcess(),
      role,
      nonce,
      inode,
      since: now,
      beat: now,
      released: false,
    }
    if (!createLockFile(runDir, number, owner)) {
      throw new RunAliveError(runDir, readNewest(runDir)?.owner ?? null)
    }
    // One who had read an old directory may have made a number that was there before and is gone again.
    const after = readNewest(runDir)
    if (after === null || after.number !== number || after.owner?.nonce !== nonce) {
      removeLockFile(runDir, number)
      throw new RunAliveError(runDir, after?.owner ?? null)
    }
    watched.delete(runDir)
    removeOlder(runDir, number)
    return new RunLock(runDir, number, owner)
  }

  get owner(): LockOwner {
    return this.#owner
  }

  /** False once another process has taken the run over: it had no sign of this one for too long. */
  get held(): boolean {
    const newest = readNewest(this.#runDir)
    return newest !== null && newest.number === this.#number && newest.owner?.nonce === this.#owner.nonce
  }

  /** Gives a sign of life. False where the lock is another's by now; then nothing is written. */
  renew(): boolean {
    if (!this.held) return false
    this.#write({ ...this.#owner, beat: Date.now() })
    return true
  }

  release(): void {
    if (this.held) this.#write({ ...this.#owner, beat: Date.now(), released: true })
  }

  #write(owner: LockOwner): void {
    replaceLockFile(this.#runDir, this.#number, owner)
    this.#owner = owner
  }
}

/** Lock files of owners that cannot be seen: what they said, and since when they have said nothing else. */
const watched = new Map<string, { text: string; since: number }>()

/** True where the owner is gone for certain, or was watched to be silent for long enough. */
function isOver(runDir: string, { owner, text }: LockFile): boolean {
  const state = stateOfOwner(runDir, owner)
  if (state === 'free') return true
  if (state === 'alive' && owner !== null && stateOf(owner) === 'alive') return false
  const seen = watched.get(runDir)
  if (seen?.text !== text) {
    watched.set(runDir, { text, since: performance.now() })
    return false
  }
  return performance.now() - seen.since >= SILENT_MS
}
