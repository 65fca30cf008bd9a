import { RENEW_INTERVAL_MS, RunAliveError, RunLock } from '../store/run-lock.js'

export interface OwnershipSetup {
  readonly dir: string
  /** The same for a daemon that replaces a dead one. */
  readonly nonce: string
  /** Called once the lock is held, and whenever it had to be taken again. */
  readonly taken: () => void
  /** Another process has the run: it must not be delivered from here any more. */
  readonly lost: (message: string) => void
  readonly failed: (error: unknown) => void
  /** The run has ended, and its lock has been released by the thread that ended it. */
  readonly over: () => boolean
}

/** A live run's hold on its directory: taken before run.json is written, renewed while it lives. */
export class Ownership {
  readonly #setup: OwnershipSetup
  #lock: RunLock | null = null
  #timer: NodeJS.Timeout | undefined
  lost = false

  constructor(setup: OwnershipSetup) {
    this.#setup = setup
  }

  get held(): boolean {
    return this.#lock !== null && !this.lost
  }

  start(): void {
    this.#beat()
    this.#timer = setInterval(() => this.#beat(), RENEW_INTERVAL_MS)
  }

  /** Ends it, so that what is left may be delivered by another process. Throws the file system's error. */
  release(): void {
    clearInterval(this.#timer)
    this.#lock?.release()
    this.#lock = null
  }

  #beat(): void {
    const { dir, nonce, taken, lost, failed, over } = this.#setup
    if (this.lost || over()) return
    try {
      if (this.#lock?.renew()) return
      this.#lock = RunLock.acquire(dir, { role: 'run', nonce })
      taken()
    } catch (error) {
      if (error instanceof RunAliveError) {
        this.lost = true
        lost(`${error.message}. This process goes on writing its journal, and delivers nothing more.`)
      } else {
        failed(error)
      }
    }
  }
}
