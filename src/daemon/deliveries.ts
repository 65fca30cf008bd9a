import type { DeliveredRun } from '../delivery/deliver.js'
import type { ResolvedSink } from '../options/options.js'
import type { Control } from '../ring/control.js'
import { isLocal } from '../sinks/local.js'
import type { RunOutcome } from '../sinks/sink.js'
import { sleep } from './clock.js'
import type { DiskPressure } from './disk-pressure.js'
import { ThreadPool } from './pools.js'
import { SinkScheduler } from './sink-scheduler.js'

const TICK_MS = 50
/** Slower after a second without a row, and again after ten: a wake-up costs some 60 us, and being idle nothing. */
const IDLE_AFTER_TICKS = 20
const IDLE_TICK_MS = 500
const QUIET_AFTER_TICKS = 40
const QUIET_TICK_MS = 1000
/** Measured: 16 costs 30 MiB more at 100,000 rows a second, and no less time. */
const DELIVER_YOUNG_MB = 6
/** What a slice in flight gets to end by itself before its thread is ended. */
const STOP_PATIENCE_MS = 250

export interface DeliveriesSetup {
  /** The pool threads' entry. */
  readonly entry: string
  readonly control: Control
  readonly run: DeliveredRun
  readonly sinks: readonly ResolvedSink[]
  readonly pressure: DiskPressure
  /** Names of the producers; grows while the run lives. */
  readonly producers: { [producer: string]: string }
  /** Grows with each call of a thread of the user's. */
  readonly callsOfThreads: () => number
  readonly warn: (kind: string, message: string) => void
  /** False once the run is another's to deliver. */
  readonly allowed: () => boolean
  /** Called once, when a sink has heard that the run is to be stopped. */
  readonly stopRequested: () => void
  /** Called when a sink knows where the run can be seen in a browser. */
  readonly urlKnown: (url: string) => void
}

/** All sinks of a live run: which gets a slice when, on which thread. */
export class Deliveries {
  readonly #setup: DeliveriesSetup
  /** The first is one thread for all sinks that write files. */
  readonly #pools: ThreadPool[] = []
  readonly #schedulers: readonly SinkScheduler[]
  #idleTicks = 0
  #callsOfThreads = 0
  #timer: NodeJS.Timeout | undefined
  #ending = false
  #toldStop = false
  #url: string | null = null

  constructor(setup: DeliveriesSetup) {
    this.#setup = setup
    const { control, run, sinks, pressure, producers, warn } = setup
    const shared = this.#createPool()
    control.sinkCount = sinks.length
    this.#schedulers = sinks.map(
      (sink, index) =>
        new SinkScheduler({
          // A sink that may wait for something else has a pool of its own. One pool of several threads would
          // hand slices around, and each thread would have to open the sink anew.
          pool: isLocal(sink) ? shared : this.#createPool(),
          control,
          run,
          sink,
          index,
          pressure,
          producers,
          warn,
          sliceEnded: () => this.tick(),
        }),
    )
  }

  /** Ticks from now on; slower while no thread logs and there is nothing to deliver. */
  start(): void {
    this.tick()
    this.#idleTicks = this.#isIdle() ? this.#idleTicks + 1 : 0
    this.#tickIn(tickMs(this.#idleTicks))
  }

  #tickIn(ms: number): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.start(), ms)
  }

  /** A record of the daemon's own, as a sample of the machine in an idle run, is no reason to tick more often. */
  #isIdle(): boolean {
    const calls = this.#setup.callsOfThreads()
    const more = calls !== this.#callsOfThreads
    this.#callsOfThreads = calls
    if (more) return false
    return !this.unfinished || this.#idleTicks > IDLE_AFTER_TICKS
  }

  /** A sink has not everything yet, or is being written to. */
  get unfinished(): boolean {
    return this.#schedulers.some(({ busy, pending }) => busy || pending)
  }

  /**
   * Starts what is due. The sinks that share the thread for files begin together, when all have ended: they move
   * in step, and share each decoded batch. The others have threads of their own.
   */
  tick(urgent = false): void {
    if (urgent) {
      // Somebody waits for what this tick leaves.
      this.#idleTicks = 0
      this.#tickIn(TICK_MS)
    }
    const { control, pressure, allowed } = this.#setup
    const now = performance.now()
    control.beatDaemon()
    pressure.tick(now)
    this.#passOn()
    if (this.#ending || !allowed()) return
    const fileSinksBusy = this.#schedulers.some(({ busy, sharesThread }) => busy && sharesThread)
    for (const scheduler of this.#schedulers) {
      if (!(fileSinksBusy && scheduler.sharesThread)) scheduler.poke(now, urgent)
    }
  }

  /** What sinks have left in shared memory for the run. */
  #passOn(): void {
    const { control, stopRequested, urlKnown } = this.#setup
    if (control.stopRequested && !this.#toldStop) {
      this.#toldStop = true
      stopRequested()
    }
    const { url } = control
    if (url === null || url === this.#url) return
    this.#url = url
    urlKnown(url)
  }

  /** From here on no slice begins by itself: the run ends. */
  end(): void {
    this.#ending = true
  }

  /** Delivers the rest and closes the sinks. True where every sink has everything by the deadline. */
  async finish(outcome: RunOutcome, deadline: number): Promise<boolean> {
    if (!this.#setup.allowed()) return false
    const closed = await Promise.all(this.#schedulers.map((scheduler) => scheduler.finish(outcome, deadline)))
    this.#passOn()
    return closed.every(Boolean)
  }

  /** Leaves the rest to another process: no slice and no thread is left when this resolves. */
  async stop(): Promise<void> {
    const until = performance.now() + STOP_PATIENCE_MS
    while (this.#schedulers.some(({ busy }) => busy) && performance.now() < until) await sleep(2)
    await Promise.all(this.#pools.map((pool) => pool.close()))
  }

  /** Ends the thread of the file sinks, or of the first custom sink, as a crash would; for the tests. */
  killThread(pool: 'deliver' | 'custom'): void {
    this.#pools[pool === 'deliver' ? 0 : 1]?.killThread()
  }

  #createPool(): ThreadPool {
    const pool = new ThreadPool(this.#setup.entry, { maxThreads: 1, youngGenerationMb: DELIVER_YOUNG_MB })
    this.#pools.push(pool)
    return pool
  }
}

function tickMs(idleTicks: number): number {
  if (idleTicks <= IDLE_AFTER_TICKS) return TICK_MS
  return idleTicks <= QUIET_AFTER_TICKS ? IDLE_TICK_MS : QUIET_TICK_MS
}
