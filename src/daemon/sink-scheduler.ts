import { backoffMs } from '../delivery/backoff.js'
import type { DeliveredRun, Slice, SliceError, SliceResult } from '../delivery/deliver.js'
import type { ResolvedSink } from '../options/options.js'
import type { Control } from '../ring/control.js'
import type { SinkSlot } from '../ring/sink-slot.js'
import type { RunOutcome } from '../sinks/sink.js'
import { sleep } from './clock.js'
import type { ThreadPool } from './pools.js'

export interface SchedulerSetup {
  readonly pool: ThreadPool
  readonly control: Control
  readonly run: DeliveredRun
  readonly sink: ResolvedSink
  readonly index: number
  readonly producers: { [producer: string]: string }
  readonly warn: (kind: string, message: string) => void
  /** Called after each slice. */
  readonly sliceEnded: () => void
}

/** A sink that keeps up gets a slice this often: few cursor commits, and files that are never far behind. */
const SLICE_INTERVAL_MS = 250
/** More journal than this waiting: the next slice comes at once. */
const BUSY_BYTES = 256 * 1024
const DEFAULT_TIMEOUT_MS = 60_000
/** A slice that does not end this long after its time-out loses its thread. */
const GRACE_MS = 1000

/** When one sink gets its next slice: one in flight, back-off after errors, a pause where a person is needed. */
export class SinkScheduler {
  readonly name: string
  readonly #setup: SchedulerSetup
  readonly #slot: SinkSlot
  readonly #timeoutMs: number
  #lease = 0
  #position = -1
  #failures = 0
  #notBefore = 0
  #paused = false
  #inFlight: Promise<void> | null = null

  constructor(setup: SchedulerSetup) {
    this.#setup = setup
    this.name = setup.sink.name
    this.#slot = setup.control.sink(setup.index)
    const { timeoutMs } = setup.sink.options
    this.#timeoutMs = typeof timeoutMs === 'number' ? timeoutMs : DEFAULT_TIMEOUT_MS
  }

  /** A built-in sink of files; all of them run on one thread. */
  get sharesThread(): boolean {
    return this.#setup.sink.module === null
  }

  get busy(): boolean {
    return this.#inFlight !== null
  }

  get pending(): boolean {
    return this.#position < this.#setup.control.journalEnd
  }

  /** Starts a slice where one is due. `urgent`: do not wait for the interval (a back-off still holds). */
  poke(now: number, urgent = false): void {
    if (this.#inFlight !== null || this.#paused || !this.pending) return
    const busy = this.#setup.control.journalEnd - this.#position > BUSY_BYTES
    if (now < this.#notBefore && (this.#failures > 0 || !(urgent || busy))) return
    this.#start(null)
  }

  /** Delivers what is left and closes the sink, or gives up at the deadline. True where all was delivered. */
  async finish(outcome: RunOutcome, deadline: number): Promise<boolean> {
    while (performance.now() < deadline && !this.#paused && (this.#inFlight !== null || this.pending)) {
      if (this.#inFlight === null) {
        if (this.#failures > 0) await sleep(Math.min(this.#notBefore, deadline) - performance.now())
        this.#start(null)
      }
      await Promise.race([this.#inFlight, sleep(deadline - performance.now())])
    }
    if (this.#inFlight !== null || this.#paused || this.pending) return false
    this.#start(outcome)
    await Promise.race([this.#inFlight, sleep(deadline - performance.now())])
    return this.#inFlight === null
  }

  #start(close: RunOutcome | null): void {
    this.#slot.state = 'delivering'
    this.#inFlight = this.#runSlice(close).finally(() => {
      this.#inFlight = null
      this.#setup.sliceEnded()
    })
  }

  async #runSlice(close: RunOutcome | null): Promise<void> {
    const { pool, control, run, sink, index, producers, warn } = this.#setup
    const slice: Slice = {
      run,
      sink,
      producers,
      slot: { control: control.buffer, index },
      end: control.journalEnd,
      lease: this.#lease++,
      timeoutMs: this.#timeoutMs,
      live: true,
      close,
    }
    const abort = new AbortController()
    const timer = setTimeout(() => abort.abort(), this.#timeoutMs + GRACE_MS)
    let result: SliceResult
    try {
      result = (await pool.run(slice, { signal: abort.signal })) as SliceResult
    } catch (error) {
      const message = abort.signal.aborted
        ? `no answer within ${this.#timeoutMs} ms; its thread was ended`
        : `its thread ended: ${(error as Error).message}`
      result = { position: this.#position, caughtUp: false, warnings: [], error: retry(message) }
    } finally {
      clearTimeout(timer)
    }
    for (const { kind, message } of result.warnings) warn(`${this.name}/${kind}`, `${this.name}: ${message}`)
    if (result.position >= 0) this.#position = result.position
    if (result.error === null) this.#succeeded(close)
    else this.#failed(result.error)
  }

  #succeeded(close: RunOutcome | null): void {
    if (this.#failures > 0) this.#setup.warn(`${this.name}/recovered`, `${this.name}: delivering again`)
    this.#failures = 0
    this.#notBefore = performance.now() + SLICE_INTERVAL_MS
    this.#slot.state = close === null ? 'idle' : 'closed'
  }

  #failed({ action, code, message, retryAfterMs }: SliceError): void {
    this.#failures++
    this.#slot.attempts = this.#failures
    this.#slot.lastError = message
    this.#paused = action === 'pause'
    this.#slot.state = this.#paused ? 'paused' : 'backing-off'
    this.#notBefore = performance.now() + backoffMs(this.#failures - 1, retryAfterMs)
    const next = this.#paused ? 'paused, the journal keeps everything' : 'trying again'
    this.#setup.warn(`${this.name}/${code}`, `${this.name}: ${message} (${code}; ${next})`)
  }
}

const retry = (message: string): SliceError => ({ action: 'retry', code: 'THREAD', message, retryAfterMs: 0 })
