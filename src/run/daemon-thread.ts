import { Worker } from 'node:worker_threads'
import type { DaemonMessage, DaemonSetup, OwnerMessage } from '../daemon/messages.js'
import { INTERNAL_THREAD } from '../ring/internal-thread.js'

/** A daemon that lived shorter than this is replaced later each time: what ends it may end the next one too. */
const SHORT_LIFE_MS = 5000
const MAX_RESTART_MS = 2000
/** It allocates little and slowly: without a bound, garbage fills 16 MiB before anybody looks. */
const YOUNG_GENERATION_MB = 4

/**
 * The daemon's thread, seen from the thread that owns the run: started at once, and replaced when it dies. It
 * never keeps the process alive.
 */
export class DaemonThread {
  readonly #setup: () => DaemonSetup
  readonly #workerUrl: string | null
  readonly #failed: (error: unknown) => void
  readonly #replaced: () => void
  readonly #done: () => boolean
  readonly #heard: (message: OwnerMessage) => void
  #worker: Worker
  #shortLives = 0
  #wanted = true

  /**
   * `setup` is asked for again for each successor: the run may have more producers by then. `done`: the thread
   * has nothing left to do, and may end. `replaced`: what a dead thread was told, its successor was not.
   */
  constructor(
    setup: () => DaemonSetup,
    workerUrl: string | null,
    done: () => boolean,
    failed: (error: unknown) => void,
    replaced: () => void,
    heard: (message: OwnerMessage) => void,
  ) {
    this.#setup = setup
    this.#workerUrl = workerUrl
    this.#done = done
    this.#heard = heard
    this.#failed = failed
    this.#replaced = replaced
    this.#worker = this.#start()
  }

  get worker(): Worker {
    return this.#worker
  }

  post(message: DaemonMessage, transfer: readonly ArrayBuffer[] = []): void {
    this.#worker.postMessage(message, transfer)
  }

  /** From here on, a thread that ends is not replaced. */
  letGo(): void {
    this.#wanted = false
  }

  #start(): Worker {
    const options = {
      workerData: this.#setup(),
      // The application's preloads are not for our threads.
      execArgv: [],
      env: { ...process.env, [INTERNAL_THREAD]: '1' },
      name: 'offstep',
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION_MB },
    }
    // A literal URL, as bundlers want it; the option is for those that move the file.
    const worker =
      this.#workerUrl === null
        ? new Worker(new URL('../../workers/daemon.js', import.meta.url), options)
        : new Worker(new URL(this.#workerUrl), options)
    const startedAt = performance.now()
    worker.on('error', this.#failed)
    worker.on('message', this.#heard)
    // Last: somebody who listens for messages keeps the process alive.
    worker.unref()
    worker.on('exit', () => {
      this.#shortLives = performance.now() - startedAt < SHORT_LIFE_MS ? this.#shortLives + 1 : 0
      const waitMs = this.#shortLives < 3 ? 0 : Math.min(20 * 2 ** this.#shortLives, MAX_RESTART_MS)
      setTimeout(() => this.#replace(), waitMs).unref()
    })
    return worker
  }

  #replace(): void {
    if (!this.#wanted || this.#done()) return
    this.#worker = this.#start()
    this.#replaced()
  }
}
