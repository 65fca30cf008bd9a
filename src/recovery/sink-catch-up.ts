import { backoffMs } from '../delivery/backoff.js'
import { deliver, type Slice, type SliceError } from '../delivery/deliver.js'
import type { SinkSlot } from '../ring/sink-slot.js'
import { isLocal } from '../sinks/local.js'
import type { RunOutcome } from '../sinks/sink.js'
import type { RecoveryProgress } from './report.js'

/** What is the same for all slices of a sink. */
export type CatchUpSlice = Omit<Slice, 'lease' | 'close'>

export interface CatchUpSetup {
  readonly slice: CatchUpSlice
  readonly slot: SinkSlot
  readonly outcome: RunOutcome
  /** The sink was closed with all rows before: it is closed again only if something is delivered now. */
  readonly closed: boolean
  readonly retries: number
  readonly progress: (state: RecoveryProgress['state'], catchUp: SinkCatchUp) => void
}

/** Brings one sink from its cursor to the end of a journal that grows no more, a batch a step. */
export class SinkCatchUp {
  readonly #setup: CatchUpSetup
  #lease = 0
  #failures = 0
  #rebuilt = false
  #caughtUp = false
  /** Something was delivered, so the sink must be closed. */
  #touched = false
  /** By `performance.now()`: no step before. */
  notBefore = 0
  position = 0
  error: SliceError | null = null
  /** Nothing more is to be done: all is delivered, or `error` says why not. */
  over = false

  constructor(setup: CatchUpSetup) {
    this.#setup = setup
  }

  get name(): string {
    return this.#setup.slice.sink.name
  }

  /** A built-in sink of files: these share decoded batches, and none of them waits for a network. */
  get local(): boolean {
    return isLocal(this.#setup.slice.sink)
  }

  get slot(): SinkSlot {
    return this.#setup.slot
  }

  /** One batch, or the closing. Never rejects. */
  async step(): Promise<void> {
    const { slice, outcome } = this.#setup
    const close = this.#caughtUp ? outcome : null
    const { position, caughtUp, error } = await deliver({ ...slice, lease: this.#lease++, close })
    if (position >= 0) this.position = position
    if (error === null) this.#succeeded(caughtUp, close !== null)
    else this.#failed(error)
  }

  #succeeded(caughtUp: boolean, closed: boolean): void {
    this.#failures = 0
    this.error = null
    if (!caughtUp) this.#touched = true
    this.#caughtUp = caughtUp
    const untouched = caughtUp && this.#setup.closed && !this.#touched
    if (closed || untouched) this.#end('done')
    else this.#setup.progress('delivering', this)
  }

  #failed(error: SliceError): void {
    this.error = error
    this.#caughtUp = false
    if (error.action === 'rebuild' && !this.#rebuilt) {
      this.#rebuilt = true
      this.#touched = true
      return
    }
    this.#failures++
    const waitingHelps = error.action === 'retry' || error.action === 'split'
    if (!waitingHelps || this.#failures > this.#setup.retries) {
      this.#end('failed')
      return
    }
    this.notBefore = performance.now() + backoffMs(this.#failures - 1, error.retryAfterMs)
    this.#setup.progress('backing-off', this)
  }

  #end(state: 'done' | 'failed'): void {
    this.over = true
    this.#setup.progress(state, this)
  }
}

/**
 * Turns of several sinks on one thread, a batch each, until all are over or `signal` is aborted. Sinks that
 * stand at the same place share the decoded batch; one that backs off holds up no other.
 */
export async function catchUpTogether(sinks: readonly SinkCatchUp[], signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const open = sinks.filter(({ over }) => !over)
    if (open.length === 0) return
    const now = performance.now()
    const due = open.filter(({ notBefore }) => notBefore <= now)
    if (due.length === 0) await pause(Math.min(...open.map(({ notBefore }) => notBefore)) - now, signal)
    for (const sink of due) if (!signal.aborted) await sink.step()
    // Sinks of files never wait: timers, signals and messages get their turn here.
    await new Promise((resolve) => setImmediate(resolve))
  }
}

/** Resolves after `ms`, or at the abort. Keeps the process alive. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', end)
      resolve()
    }
    const timer = setTimeout(end, Math.min(Math.max(ms, 0), 2 ** 31 - 1))
    if (signal.aborted) end()
    else signal.addEventListener('abort', end)
  })
}
