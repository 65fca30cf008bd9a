import { randomUUID } from 'node:crypto'
import type { Worker } from 'node:worker_threads'
import type { DaemonMessage, DaemonSetup, FinalStatus, FinishRequest } from '../daemon/messages.js'
import type { ResolvedOptions } from '../options/options.js'
import { Control } from '../ring/control.js'
import { F64 } from '../ring/layout.js'
import { emitWarning, type ProducerHandle } from './connect.js'
import { ConsoleCapture, type TakeLines } from './console-capture.js'
import { DaemonThread } from './daemon-thread.js'
import { forgetRun, rememberEnded, rememberRun } from './exit.js'
import { flushTargets } from './flush-targets.js'
import type { MediaInput } from './media/input.js'
import { after, poll } from './poll.js'
import { Producer } from './producer.js'
import { rescue } from './rescue.js'
import { RunRings } from './rings.js'
import type { FinishOptions, FlushOptions, FlushResult, Run } from './run.js'
import { type RunStatusReport, readStatus } from './status.js'
import { describeThrown } from './thrown.js'
import { type Warn, warnOnce } from './warnings.js'

const LOCATE_TIMEOUT_MS = 2000
/** How much longer than its deadline the daemon may take to say that it has given up. */
const GRACE_MS = 500
/** The longest that setTimeout() takes; more than this fires at once. */
const MAX_TIMER_MS = 2 ** 31 - 1

type About = Pick<FinishRequest, 'exitCode' | 'error'>

/** A run with a daemon: the producer of the thread that made it, and what only the owner may do. */
export class LiveRun extends Producer implements Run {
  readonly options: ResolvedOptions
  readonly #stop = new AbortController()
  readonly stopSignal: AbortSignal = this.#stop.signal
  readonly #control: Control
  readonly #rings: RunRings
  readonly #capture: ConsoleCapture | null
  readonly #sinkNames: readonly string[]
  readonly #setup: Omit<DaemonSetup, 'rings'>
  readonly #tell: Warn
  readonly #daemon: DaemonThread
  #finished: Promise<FlushResult> | null = null

  constructor(options: ResolvedOptions) {
    const control = new Control()
    const rings = new RunRings(options.ring, control, (ring) => this.post({ type: 'ring', ring }))
    // The daemon's own records go that way.
    if (options.monitor.systemMs > 0) rings.openMediaRing(false)
    const tell = warnOnce((kind, message) => {
      emitWarning(kind, message)
      this.post({ type: 'warning', kind, message })
    })
    super({
      ring: rings.list[0]!.ring,
      control,
      limits: options.limits,
      warn: tell,
      sendMedia: (posted, transfer) => {
        rings.openMediaRing()
        this.#daemon.post(posted, transfer)
      },
    })
    this.options = options
    this.#tell = tell
    this.#control = control
    this.#rings = rings
    this.#sinkNames = [...options.sinks.map(({ name }) => name), 'summary']
    this.#setup = {
      options,
      control: control.buffer,
      startTime: Date.now(),
      startMonotonicMs: Number(process.hrtime.bigint()) / 1e6,
      nonce: randomUUID(),
      cwd: process.cwd(),
      argv: process.argv,
      execArgv: process.execArgv,
    }
    this.#daemon = new DaemonThread(
      () => ({ ...this.#setup, rings: rings.list }),
      options.workerUrl,
      () => control.finished,
      (error) => this.#tell('daemon-failed', `The tracker's thread failed: ${error}`),
      () => this.media.outbox.sendAgain(),
      () => this.#stop.abort(),
    )
    this.#capture = options.captureConsole ? new ConsoleCapture((...printed) => this.#keep(...printed)) : null
    rememberRun(this)
  }

  /** The daemon's thread; for the tests, which end it. */
  get worker(): Worker {
    return this.#daemon.worker
  }

  post(message: DaemonMessage): void {
    this.#daemon.post(message)
  }

  get id(): string {
    return this.#control.location(LOCATE_TIMEOUT_MS)?.id ?? 'unknown'
  }

  get dir(): string {
    return this.#control.location(LOCATE_TIMEOUT_MS)?.dir ?? this.options.dir
  }

  get url(): string | null {
    return this.#control.url
  }

  get stopRequested(): boolean {
    return this.#control.stopRequested
  }

  producer({ name }: { readonly name?: string } = {}): ProducerHandle {
    const added = this.#rings.addProducer(name)
    this.#rings.openMediaRing()
    const { maxMetrics, maxNameBytes } = this.options.limits
    return {
      offstep: 'producer',
      ...added,
      control: this.#control.buffer,
      limits: { maxMetrics, maxNameBytes },
      media: this.#setup.nonce,
    }
  }

  override hparams(values: { readonly [name: string]: unknown } = this.options.config): void {
    super.hparams(values)
  }

  #keep(...[stream, lines]: Parameters<TakeLines>): void {
    const fill = (input: MediaInput) => {
      input.set('stream', stream).set('lines', lines)
      for (const { text } of lines) input.bytes += 2 * text.length
    }
    this.media.log({ kind: 'console', name: 'console', step: undefined, fill })
  }

  status(): RunStatusReport {
    return readStatus(this.#control, this.#rings.buffers, this.#sinkNames)
  }

  async flush({ level = 'journaled', timeoutMs = 5000 }: FlushOptions = {}): Promise<FlushResult> {
    const start = performance.now()
    const deadline = start + timeoutMs
    this.#capture?.flush()
    await this.#readBackFor(timeoutMs)
    const targets = flushTargets(this.#rings.buffers)
    const passed = (index: number) => targets.every(({ reached }) => reached(index))
    if (level === 'synced') this.#control.requestSync()
    else this.#control.wake()
    let reached = await poll(() => passed(level === 'synced' ? F64.SYNCED : F64.JOURNALED), deadline)
    if (reached && level === 'delivered') {
      const journaled = targets.reduce((sum, { journaled }) => sum + journaled(), 0)
      this.post({ type: 'deliver' })
      const settled = () =>
        this.#sinkNames.every((_, index) => this.#control.sink(index).settled >= journaled)
      reached = await poll(settled, deadline)
    }
    return { ...this.status(), reached, elapsedMs: performance.now() - start }
  }

  /** `about`: what is known of the end of the process, for run.json. */
  finish(options: FinishOptions = {}, about: About = {}): Promise<FlushResult> {
    this.#finished ??= this.#finish(options, about)
    return this.#finished
  }

  async #finish(
    { status = 'completed', timeoutMs = 30_000, detach = false, error }: FinishOptions,
    about: About,
  ): Promise<FlushResult> {
    if (error !== undefined) about = { ...about, error: describeThrown(error) }
    const start = performance.now()
    const deadline = start + timeoutMs
    await this.#readBackFor(timeoutMs)
    this.#readAllNow()
    this.#rings.close()
    const ask = () =>
      this.#ask({
        type: 'finish',
        status,
        timeoutMs: Math.max(0, deadline - performance.now()),
        detach,
        plots: true,
        ...about,
      })
    let asked = ask()
    await poll(() => {
      // A daemon that died in between is replaced, and its successor is asked again.
      if (asked !== this.worker) asked = ask()
      return this.#control.finished
    }, deadline + GRACE_MS)
    this.#daemon.letGo()
    if (!this.#control.finished) {
      // It does not move. Once it is gone, this thread can save what is left in memory; one that hangs in a file
      // call cannot be ended, and is not waited for.
      await Promise.race([this.worker.terminate(), after(GRACE_MS)])
      rescue({ ...this.#setup, rings: this.#rings.list }, status, about)
      this.#tell(
        'not-delivered',
        `The run ended late. The next run, or \`offstep sync ${this.dir}\`, delivers what is in its journal.`,
      )
    }
    // Only now: a process that ends meanwhile must know that there is something to save.
    forgetRun(this)
    const report = this.status()
    if (report.inRing > 0) {
      this.#tell('records-lost', `${report.inRing} records could not be written before the run's deadline.`)
    }
    const reached = report.inRing === 0 && Object.values(report.sinks).every(({ pending }) => pending === 0)
    return { ...report, reached, elapsedMs: performance.now() - start }
  }

  #ask(request: FinishRequest): Worker {
    this.post(request)
    return this.worker
  }

  /** Gives tensors time to arrive from their device. */
  async #readBackFor(timeoutMs: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, Math.min(Math.max(0, timeoutMs), MAX_TIMER_MS)).unref()
    })
    await Promise.race([Promise.all([this.readBack.whenIdle(), this.media.outbox.whenIdle()]), late])
    clearTimeout(timer)
  }

  #readAllNow(): void {
    this.#capture?.stop()
    this.readBack.readAllNow()
    this.media.outbox.readAllNow()
  }

  /**
   * Ends the run while the process ends: synchronous, since no event loop will turn again. Asks the daemon to do
   * it; the function that this returns waits for that, and what the daemon does not get done it does itself.
   */
  finishNow(status: FinalStatus, about: About, timeoutMs = this.options.exitTimeoutMs): () => void {
    const deadline = performance.now() + timeoutMs
    this.#readAllNow()
    this.#rings.close()
    this.post({ type: 'finish', status, timeoutMs: timeoutMs * 0.8, ...about })
    this.#control.wake()
    return () => {
      const done = this.#waitWhileMoving(deadline, timeoutMs)
      this.#daemon.letGo()
      if (!done || this.status().inRing > 0)
        rescue({ ...this.#setup, rings: this.#rings.list }, status, about)
    }
  }

  /** Waits for the daemon's end as long as it, or the drain, shows a pulse. */
  #waitWhileMoving(deadline: number, timeoutMs: number): boolean {
    const patienceMs = Math.min(500, timeoutMs / 4)
    let pulse = ''
    let movedAt = performance.now()
    for (;;) {
      const now = performance.now()
      if (this.#control.waitFinished(Math.max(1, Math.min(20, deadline - now)))) return true
      if (this.#control.pulse !== pulse) {
        pulse = this.#control.pulse
        movedAt = now
      }
      // A daemon that has not started yet has no pulse: a process that ends at once must wait for it.
      const starting = pulse === '0:0'
      if (now >= deadline || (!starting && now - movedAt > patienceMs)) return false
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const open = this.#finished === null
    await this.finish()
    if (open) rememberEnded(this.dir)
  }
}
