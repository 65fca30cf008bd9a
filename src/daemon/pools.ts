import { Piscina } from 'piscina'
import { INTERNAL_THREAD } from '../ring/internal-thread.js'

interface PoolOptions {
  readonly minThreads?: number
  readonly maxThreads: number
  /** Young generation of each thread, in MiB: bounds what short-lived strings and buffers may pile up to. */
  readonly youngGenerationMb: number
}

/**
 * A pool of ours. `atomics: 'disabled'`: the default blocks a thread's event loop between tasks, and with it
 * keep-alive sockets and timers. `execArgv: []`: the application's preloads are not for our threads.
 *
 * Piscina (5.3.2) starts no thread any more once one has died while it was starting, and a task that waits for
 * one then waits for ever. Such a pool is replaced, and its tasks are rejected, as those of a dead thread are.
 */
export class ThreadPool {
  readonly #entry: string
  readonly #options: PoolOptions
  #pool: Piscina
  #closed = false

  constructor(entry: string, options: PoolOptions) {
    this.#entry = entry
    this.#options = options
    this.#pool = this.#create()
  }

  /** Runs one task. Rejects where its thread dies or `signal` is aborted, which ends the thread too. */
  run(task: unknown, options: Parameters<Piscina['run']>[1] = {}): Promise<unknown> {
    return this.#pool.run(task, options)
  }

  /** Ends a thread as a crash would; for the tests. */
  killThread(): void {
    void this.#pool.threads[0]?.terminate()
  }

  /** Ends its threads, whatever they do. */
  async close(): Promise<void> {
    const pool = this.#pool
    this.#closed = true
    await pool.destroy()
  }

  #create(): Piscina {
    const { minThreads = 1, maxThreads, youngGenerationMb } = this.#options
    const pool = new Piscina({
      filename: new URL('../../workers/pool.cjs', import.meta.url).href,
      workerData: this.#entry,
      minThreads,
      maxThreads,
      atomics: 'disabled',
      idleTimeout: Number.POSITIVE_INFINITY,
      recordTiming: false,
      execArgv: [],
      env: { ...process.env, [INTERNAL_THREAD]: '1' } as Record<string, string>,
      resourceLimits: { maxYoungGenerationSizeMb: youngGenerationMb },
    })
    // A thread that fails between two tasks fails nothing: the pool has a new one for the next task.
    pool.on('error', () => {})
    // By then Piscina has started the dead thread's successor, if it ever will.
    pool.on('workerDestroy', () => setImmediate(() => this.#replace(pool)))
    return pool
  }

  #replace(pool: Piscina): void {
    if (this.#closed || pool !== this.#pool || pool.threads.length > 0) return
    this.#pool = this.#create()
    void pool.destroy()
  }
}
