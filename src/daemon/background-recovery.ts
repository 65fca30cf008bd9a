import { statSync } from 'node:fs'
import { join } from 'node:path'
import { MessageChannel, type MessagePort, receiveMessageOnPort } from 'node:worker_threads'
import { type FoundRun, walkRuns } from '../recovery/find-runs.js'
import type { RecoverTask, RecoverTaskResult } from '../recovery/recover-many.js'
import { RUN_FILE_NAME } from '../store/run-file.js'
import { sleep } from './clock.js'
import { ThreadPool } from './pools.js'

export interface BackgroundRecoverySetup {
  /** Where runs are: `root/project/id`. */
  readonly root: string
  /** The run that is living here, which is not to be recovered. */
  readonly ownDir: string
  /** The pool thread's entry. */
  readonly entry: string
  readonly report: (message: string) => void
}

/**
 * What could not be completed, or still has an owner (who may be a container that was killed), is looked at again
 * after this long; later where there are so many runs that looking takes long.
 */
const RETRY_MS = 30_000
const REST_PER_SCAN = 200
/** The daemon has a heartbeat to keep: it looks at a few runs at a time. */
const SCAN_MS = 4
const STOP_MS = 500

/**
 * Completes what earlier processes left behind, beside a live run: runs that died, and runs that ended before
 * everything was delivered. The work is done on a thread of its own, which exists only as long as there is some,
 * and gives way to training.
 */
export class BackgroundRecovery {
  readonly #setup: BackgroundRecoverySetup
  #port: MessagePort | null = null
  #working: Promise<void> | null = null
  #stopped = false
  #scanMs = 0
  /** Runs were seen that another process writes or delivers. */
  #othersAlive = false

  constructor(setup: BackgroundRecoverySetup) {
    this.#setup = setup
  }

  start(): void {
    this.#working ??= this.#work()
  }

  /** Ends it after the batch in hand. Resolves when nothing of it runs any more, or at the deadline. */
  async stop(deadline: number): Promise<void> {
    this.#stopped = true
    this.#port?.postMessage('stop')
    await Promise.race([this.#working, sleep(Math.min(deadline - performance.now(), STOP_MS))])
  }

  async #work(): Promise<void> {
    try {
      for (;;) {
        const left = await this.#once()
        if (this.#stopped || !(left || this.#othersAlive)) return
        await sleep(Math.max(RETRY_MS, this.#scanMs * REST_PER_SCAN))
        if (this.#stopped) return
      }
    } catch (error) {
      this.#setup.report(`Earlier runs could not be completed: ${(error as Error).message}`)
    }
  }

  /** True where something is left that may be completed later. */
  async #once(): Promise<boolean> {
    const runDirs = await this.#unfinished()
    if (runDirs.length === 0 || this.#stopped) return false
    const pool = new ThreadPool(this.#setup.entry, { maxThreads: 1, youngGenerationMb: 4 })
    const { port1, port2 } = new MessageChannel()
    this.#port = port1
    port1.on('message', this.#setup.report)
    port1.unref()
    const task: RecoverTask = { runDirs, port: port2 }
    try {
      const { left } = (await pool.run(task, { transferList: [port2] })) as RecoverTaskResult
      return left
    } finally {
      this.#port = null
      // What it said last has arrived, but the loop has not turned yet.
      for (let line = receiveMessageOnPort(port1); line; line = receiveMessageOnPort(port1)) {
        this.#setup.report(line.message as string)
      }
      port1.close()
      await pool.close()
    }
  }

  async #unfinished(): Promise<string[]> {
    const { root, ownDir } = this.#setup
    const found: FoundRun[] = []
    this.#scanMs = 0
    this.#othersAlive = false
    let began = performance.now()
    for (const run of walkRuns(root)) {
      if (run.dir !== ownDir && !run.delivered && isOurs(run)) {
        if (run.alive) this.#othersAlive = true
        else found.push(run)
      }
      const took = performance.now() - began
      if (took < SCAN_MS) continue
      this.#scanMs += took
      await new Promise((resolve) => setImmediate(resolve))
      if (this.#stopped) return []
      began = performance.now()
    }
    found.sort((a, b) => Date.parse(a.file.startTime) - Date.parse(b.file.startTime))
    return found.map(({ dir }) => dir)
  }
}

/** A run.json names modules that are loaded: what another user wrote is not run unasked. */
function isOurs({ dir }: FoundRun): boolean {
  const owner = statSync(join(dir, RUN_FILE_NAME), { throwIfNoEntry: false })?.uid
  return process.getuid === undefined || owner === process.getuid()
}
