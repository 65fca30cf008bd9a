import { backoffMs, MAX_RETRY_AFTER_MS } from '../delivery/backoff.js'
import type { DeliveredRun, Slice, SliceError, SliceResult } from '../delivery/deliver.js'
import type { ResolvedSink } from '../options/options.js'
import type { Control } from '../ring/control.js'
import type { SinkSlot } from '../ring/sink-slot.js'
import { isLocal } from '../sinks/local.js'
import type { RunOutcome } from '../sinks/sink.js'
import { isNoRoom } from '../store/disk-space.js'
import { writeToTerminal } from '../store/terminal.js'
import { sleep } from './clock.js'
import { type DiskPressure, isRebuildable } from './disk-pressure.js'
import type { ThreadPool } from './pools.js'

export interface SchedulerSetup {
  readonly pool: ThreadPool
  readonly control: Control
  readonly run: DeliveredRun
  readonly sink: ResolvedSink
  readonly index: number
  readonly pressure: DiskPressure
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
/** The most that a sink waits which needs no more than room for its cursor. */
const MAX_NO_ROOM_MS = 5000
/** A sink of files is closed until it works: all that can be in its way is a full disk. Others so often. */
const CLOSE_TRIES = 4
/** Of a sink that is not to be delivered to while the run lives. */
const OFFLINE = 'OFFLINE'
const PAUSED_RETRY_MS = 60_000
/** How often the end of a run looks whether there is room. */
const LOOK_MS = 50

/**
 * When one sink gets its next slice: one in flight, back-off after errors, a pause where a person is needed. A
 * sink that can be rebuilt from the journal waits while the disk has no room (see DiskPressure).
 */
export class SinkScheduler {
  readonly name: string
  readonly #setup: SchedulerSetup
  readonly #slot: SinkSlot
  readonly #timeoutMs: number
  readonly #rebuildable: boolean
  #lease = 0
  #position = -1
  #failures = 0
  #notBefore = 0
  #paused = false
  /** What it was paused for, as long as nothing else was heard of it. */
  #pausedFor: string | null = null
  /** What a person has been told of, by code. */
  readonly #told = new Set<string>()
  #inFlight: Promise<void> | null = null

  constructor(setup: SchedulerSetup) {
    this.#setup = setup
    this.name = setup.sink.name
    this.#slot = setup.control.sink(setup.index)
    this.#rebuildable = isRebuildable(setup.sink)
    const { timeoutMs } = setup.sink.options
    this.#timeoutMs = typeof timeoutMs === 'number' ? timeoutMs : DEFAULT_TIMEOUT_MS
  }

  /** A built-in sink of files; all of them run on one thread. */
  get sharesThread(): boolean {
    return isLocal(this.#setup.sink)
  }

  get busy(): boolean {
    return this.#inFlight !== null
  }

  get pending(): boolean {
    return this.#position < this.#setup.control.journalEnd
  }

  /** Starts a slice where one is due. `urgent`: do not wait for the interval (a back-off still holds). */
  poke(now: number, urgent = false): void {
    if (this.#inFlight !== null) return
    const behind = this.#setup.control.journalEnd - this.#position
    const early = now < this.#notBefore && (this.#failures > 0 || !(urgent || behind > BUSY_BYTES))
    const due = behind > 0 && !early
    if (this.#mayWrite(now, due) && due) this.#start(null)
  }

  /** Delivers what is left and closes the sink, or gives up at the deadline. True where all was delivered. */
  async finish(outcome: RunOutcome, deadline: number): Promise<boolean> {
    // A person may have acted by now: once more.
    if (this.#paused && this.#inFlight === null) this.#notBefore = 0
    this.#paused = false
    for (let closing = false; ; ) {
      if (this.#inFlight !== null) await Promise.race([this.#inFlight, sleep(deadline - performance.now())])
      if (this.#paused) return false
      // A sink whose close failed does not tell how the run ended: it is closed again, and filled before where it
      // has found itself incomplete.
      if (closing && this.#inFlight === null && !this.pending) {
        if (this.#failures === 0) return true
        if (!this.#rebuildable && this.#failures >= CLOSE_TRIES) return false
      }
      const now = performance.now()
      if (now >= deadline) return false
      if (this.#failures > 0 && now < this.#notBefore) {
        await sleep(Math.min(this.#notBefore, deadline) - now)
      } else if (!this.#mayWrite(now, true)) {
        await sleep(Math.min(LOOK_MS, deadline - now))
      } else {
        closing = !this.pending
        this.#start(closing ? outcome : null)
      }
    }
  }

  /** `wanted`: it has something to write, with which it may try whether there is room. */
  #mayWrite(now: number, wanted: boolean): boolean {
    const { pressure } = this.#setup
    if (!this.#rebuildable) return true
    if (wanted ? pressure.mayWrite(this.name, now) : pressure.level === 'plenty') {
      if (this.#slot.state === 'disk-full') this.#slot.state = 'idle'
      return true
    }
    this.#slot.state = 'disk-full'
    return false
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
    const { error } = result
    const noRoom =
      this.#rebuildable && this.#setup.pressure.sliceEnded(this.name, error?.code ?? null, performance.now())
    if (error === null) this.#succeeded(close)
    else if (noRoom) this.#waitForRoom(error)
    else this.#failed(error)
  }

  #succeeded(close: RunOutcome | null): void {
    if (this.#failures > 0) this.#setup.warn(`${this.name}/recovered`, `${this.name}: delivering again`)
    this.#failures = 0
    this.#paused = false
    this.#pausedFor = null
    this.#notBefore = performance.now() + SLICE_INTERVAL_MS
    this.#slot.state = close === null ? 'idle' : 'closed'
  }

  #waitForRoom({ message }: SliceError): void {
    this.#failures++
    this.#slot.attempts = this.#failures
    this.#slot.lastError = message
    this.#slot.state = 'disk-full'
    this.#notBefore = performance.now()
  }

  #failed({ action, code, message, retryAfterMs }: SliceError): void {
    this.#failures++
    this.#slot.attempts = this.#failures
    this.#slot.lastError = message
    this.#paused = action === 'pause'
    this.#slot.state = this.#paused ? 'paused' : 'backing-off'
    // What a person mends (a key that has expired) is not told to us: it is tried now and then.
    const waitMs = this.#paused ? pausedMs(retryAfterMs) : backoffMs(this.#failures - 1, retryAfterMs)
    this.#notBefore = performance.now() + (isNoRoom(code) ? Math.min(waitMs, MAX_NO_ROOM_MS) : waitMs)
    const next = this.#paused ? 'paused, the journal keeps everything' : 'trying again'
    // Asked again each minute, it says the same again.
    if (this.#paused && this.#pausedFor === code) return
    this.#pausedFor = this.#paused ? code : null
    this.#setup.warn(`${this.name}/${code}`, `${this.name}: ${message} (${code}; ${next})`)
    if (this.#paused) this.#tellPerson(code, message)
  }

  /** Nobody reads the log of a run that seems to be well. Who has asked for "offline" knows it. */
  #tellPerson(code: string, message: string): void {
    if (code === OFFLINE || this.#told.has(code)) return
    this.#told.add(code)
    writeToTerminal(`${this.name} gets nothing until this is mended: ${message}`)
  }
}

/** A time that makes no sense counts as none. */
const pausedMs = (retryAfterMs: number): number =>
  retryAfterMs > 0 ? Math.min(retryAfterMs, MAX_RETRY_AFTER_MS) : PAUSED_RETRY_MS

const retry = (message: string): SliceError => ({ action: 'retry', code: 'THREAD', message, retryAfterMs: 0 })
