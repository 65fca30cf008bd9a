import type { CheckpointRequest } from '../checkpoint/request.js'
import type { CheckpointTask, CheckpointTaskResult } from '../checkpoint/save-task.js'
import type { CheckpointInfo } from '../checkpoint/types.js'
import type { ResolvedOptions } from '../options/options.js'
import type { MediaRecord } from '../record/media.js'
import type { Control } from '../ring/control.js'
import { sleep } from './clock.js'
import { loggedBefore } from './logged-before.js'
import type { NamedRing, OwnerMessage, PostedCheckpoint } from './messages.js'
import { ThreadPool } from './pools.js'

export interface CheckpointDeskSetup {
  readonly control: Control
  /** Of all producers; grows while the run lives. */
  readonly rings: readonly NamedRing[]
  readonly options: ResolvedOptions
  /** The pool thread's entry. */
  readonly entry: string
  readonly warn: (kind: string, message: string) => void
  readonly tellOwner: (message: OwnerMessage) => void
  /** What the daemon knows of the run at that moment. */
  readonly about: () => Pick<CheckpointRequest, 'configSha256' | 'gitCommit' | 'attempt'>
  /** False where there is no room for a record now. */
  readonly publish: (record: MediaRecord, step: number, time: number) => boolean
}

/** Compression makes buffers that live long. */
const YOUNG_MB = 8
/** A save whose thread dies so often is what kills it. */
const MAX_DEATHS = 3
const ROOM_POLL_MS = 10
/** How long a checkpoint waits for the rows that were logged before it. */
const ROWS_PATIENCE_MS = 10_000

/**
 * Takes saves from the run's owner, one after the other, and has each written on a pool thread. What it cannot write it
 * says at once: the next save tries again.
 */
export class CheckpointDesk {
  readonly #setup: CheckpointDeskSetup
  readonly #queue: PostedCheckpoint[] = []
  #runDir: string | null = null
  #pool: ThreadPool | null = null
  #working = false
  #closed = false

  constructor(setup: CheckpointDeskSetup) {
    this.#setup = setup
  }

  /** The run has a directory. */
  start(runDir: string): void {
    this.#runDir = runDir
    void this.#work()
  }

  accept(posted: PostedCheckpoint): void {
    if (posted.index < this.#setup.control.checkpointsDone) return
    if (this.#queue.some(({ index }) => index === posted.index)) return
    this.#queue.push(posted)
    void this.#work()
  }

  /** Writes what was posted as long as there is time; what is left then is not saved. */
  async finish(deadline: number): Promise<void> {
    while ((this.#working || this.#queue.length > 0) && performance.now() < deadline)
      await sleep(ROOM_POLL_MS)
    this.#closed = true
    const left = this.#queue.length
    if (left > 0)
      this.#setup.warn('checkpoints-late', `${left} checkpoints could not be written before the run ended`)
    await this.#pool?.close()
  }

  /** Ends the thread as a crash would; for the tests. */
  killThread(): void {
    this.#pool?.killThread()
  }

  async #work(): Promise<void> {
    if (this.#working || this.#runDir === null) return
    this.#working = true
    for (let next = this.#queue[0]; next !== undefined && !this.#closed; next = this.#queue[0]) {
      const result = await this.#save(next.request)
      if (this.#closed) break
      if ('saved' in result) await this.#note(result.saved)
      else
        this.#setup.warn(
          'checkpoint',
          `The checkpoint of step ${next.request.step} was not saved: ${result.problem}`,
        )
      this.#queue.shift()
      this.#setup.tellOwner({ type: 'checkpoint', index: next.index, result })
      this.#setup.control.checkpointsDone = next.index + 1
    }
    this.#working = false
  }

  async #save(request: CheckpointRequest): Promise<CheckpointTaskResult> {
    const { entry, options, about, warn } = this.#setup
    this.#pool ??= new ThreadPool(entry, { maxThreads: 1, youngGenerationMb: YOUNG_MB })
    const task: CheckpointTask = {
      runDir: this.#runDir!,
      request: { ...request, ...about() },
      options: options.checkpoints,
      goals: options.goals,
    }
    // Who resumes from the checkpoint has the rows up to it, whatever happens to this process.
    const { rings, control } = this.#setup
    if (!(await loggedBefore(rings, control, ROWS_PATIENCE_MS))) {
      warn(
        'checkpoint-early',
        `The checkpoint of step ${request.step} is saved before all rows that were logged before it`,
      )
    }
    for (let deaths = 1; ; deaths++) {
      try {
        const result = (await this.#pool.run(task)) as CheckpointTaskResult
        if ('saved' in result) for (const problem of result.problems) warn('checkpoint-kept', problem)
        return result
      } catch (error) {
        const problem = `its thread ended: ${(error as Error).message}`
        if (deaths >= MAX_DEATHS || this.#closed) return { problem }
        warn('checkpoint-thread', `A thread ended over the checkpoint of step ${request.step}: trying again`)
      }
    }
  }

  /** The run has a record of each checkpoint. */
  async #note({ step, epoch, bytes, metrics, isBest, time }: CheckpointInfo): Promise<void> {
    const value = { step, epoch, path: `checkpoints/step_${step}`, bytes, metrics, isBest }
    const record = { kind: 'checkpoint', name: 'checkpoint', producer: 0, value } as const
    while (!this.#closed && !this.#setup.publish(record, step, time)) await sleep(ROOM_POLL_MS)
  }
}
