import type { Worker } from 'node:worker_threads'
import { hasAlerts } from '../alerts/sink-names.js'
import type { DaemonMessage, FinalStatus, NamedRing, OwnerMessage } from '../daemon/messages.js'
import type { SystemSnapshot } from '../monitor/system/shared-memory.js'
import type { ResolvedOptions } from '../options/options.js'
import { countersOf } from '../ring/account.js'
import { Control } from '../ring/control.js'
import { F64 } from '../ring/layout.js'
import { Checkpoints } from './checkpoints/checkpoints.js'
import { CheckpointSaver } from './checkpoints/saver.js'
import { emitWarning, type ProducerHandle } from './connect.js'
import { ConsoleCapture, type TakeLines } from './console-capture.js'
import { DaemonThread } from './daemon-thread.js'
import { type About, RunEnding } from './ending.js'
import { forgetRun, rememberEnded, rememberRun } from './exit.js'
import { flushTargets } from './flush-targets.js'
import type { MediaInput } from './media/input.js'
import { poll } from './poll.js'
import { Producer } from './producer.js'
import type { ResumedFrom, ResumedRun } from './resumed.js'
import { RunRings } from './rings.js'
import type { FinishOptions, FlushOptions, FlushResult, Run } from './run.js'
import { setupOf } from './setup.js'
import { type RunStatusReport, readStatus } from './status.js'
import { SystemProbe } from './system/probe.js'
import { rememberProbe } from './system/probe-of.js'
import { warnOnce } from './warnings.js'

const LOCATE_TIMEOUT_MS = 2000
/** The longest that setTimeout() takes; more than this fires at once. */
const MAX_TIMER_MS = 2 ** 31 - 1

/** A run with a daemon: the producer of the thread that made it, and what only the owner may do. */
export class LiveRun extends Producer implements Run {
  readonly options: ResolvedOptions
  readonly resumed: ResumedFrom | null
  readonly checkpoints: Checkpoints
  readonly #saver: CheckpointSaver
  readonly #stop = new AbortController()
  readonly stopSignal: AbortSignal = this.#stop.signal
  readonly #control: Control
  readonly #rings: RunRings
  readonly #capture: ConsoleCapture | null
  readonly #onFlush: (() => void)[] = []
  readonly #sinkNames: readonly string[]
  readonly #nonce: string
  readonly #daemon: DaemonThread
  readonly #ending: RunEnding
  #probe: SystemProbe | null = null
  #finished: Promise<FlushResult> | null = null

  /** `resumed`: a run that another process has begun, and whose lock this one holds. */
  constructor(options: ResolvedOptions, resumed: ResumedRun | null = null) {
    const control = new Control()
    const added = (ring: NamedRing) => this.post({ type: 'ring', ring })
    const rings = new RunRings(options.ring, control, added, resumed?.producers)
    if (resumed !== null) control.locate({ id: resumed.id, dir: resumed.dir }, true)
    // The daemon's own records go that way.
    if (options.monitor.systemMs > 0 || hasAlerts(options)) rings.openMediaRing(false)
    const tell = warnOnce((kind, message) => {
      emitWarning(kind, message)
      this.post({ type: 'warning', kind, message })
    })
    super({
      ring: rings.list[0]!.ring,
      control,
      limits: options.limits,
      warn: tell,
      keys: resumed?.producers[0]?.keys,
      sendMedia: (posted, transfer) => {
        rings.openMediaRing()
        this.#daemon.post(posted, transfer)
      },
    })
    this.options = options
    this.#control = control
    this.#rings = rings
    this.#sinkNames = [...options.sinks.map(({ name }) => name), 'summary']
    const setup = { ...setupOf(options, control, resumed), system: this.#startProbe() }
    this.#nonce = setup.nonce
    this.#daemon = new DaemonThread(
      () => ({ ...setup, rings: rings.list }),
      options.workerUrl,
      () => control.finished,
      (error) => tell('daemon-failed', `The tracker's thread failed: ${error}`),
      () => {
        this.media.outbox.sendAgain()
        this.#saver.sendAgain()
      },
      (message) => this.#hear(message),
    )
    this.#saver = new CheckpointSaver({
      control,
      options: options.checkpoints,
      warn: tell,
      post: (message) => {
        // The daemon's record of it goes that way.
        rings.openMediaRing()
        this.post(message)
      },
    })
    const from = resumed?.checkpoint ?? null
    if (from !== null) this.#saver.schedule.saved(from.step, from.epoch ?? undefined)
    this.checkpoints = new Checkpoints({
      saver: this.#saver,
      dir: () => this.dir,
      resumed: from,
      warn: tell,
    })
    this.#ending = new RunEnding({
      control,
      daemon: this.#daemon,
      rings,
      setup,
      warn: tell,
      status: () => this.status(),
      readBackFor: (timeoutMs) => this.#readBackFor(timeoutMs),
      readAllNow: () => this.#readAllNow(),
      over: () => {
        forgetRun(this)
        this.#saver.close()
      },
    })
    this.#capture = options.captureConsole ? new ConsoleCapture((...printed) => this.#keep(...printed)) : null
    rememberRun(this)
    this.resumed = (resumed?.attempt ?? 0) > 0 ? resumed : null
    const { problems = [] } = resumed ?? {}
    if (problems.length > 0) tell('checkpoint-damaged', problems.join(' '))
    if (resumed !== null) this.#goOn(resumed)
  }

  /** The first record of this process says that there is a new one. */
  #goOn({ step, rewoundTo, attempt }: ResumedRun): void {
    if (attempt === 0) return
    // Before any other thread is given its ring.
    if (step !== null) for (const ring of this.#rings.buffers) countersOf(ring)[F64.LAST_STEP] = step
    const fill = (input: MediaInput) => void input.set('rewoundTo', rewoundTo).set('attempt', attempt)
    this.media.log({ kind: 'resume', name: 'resume', step: step ?? 0, fill })
  }

  #hear(message: OwnerMessage): void {
    if (message.type === 'stop') this.#stop.abort()
    else this.#saver.heard(message.index, message.result)
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
    const { named, keys } = this.#rings.addProducer(name)
    this.#rings.openMediaRing()
    const { maxMetrics, maxNameBytes } = this.options.limits
    return {
      offstep: 'producer',
      ...named,
      keys,
      control: this.#control.buffer,
      limits: { maxMetrics, maxNameBytes },
      media: this.#nonce,
    }
  }

  override hparams(values: { readonly [name: string]: unknown } = this.options.config): void {
    super.hparams(values)
  }

  /** Calls `action`, which must not throw, before the run is flushed and before it ends: for what gathers calls. */
  onFlush(action: () => void): void {
    this.#onFlush.push(action)
  }

  #keep(...[stream, lines]: Parameters<TakeLines>): void {
    const fill = (input: MediaInput) => {
      input.set('stream', stream).set('lines', lines)
      for (const { text } of lines) input.bytes += 2 * text.length
    }
    this.media.log({ kind: 'console', name: 'console', step: undefined, fill })
  }

  #startProbe(): SharedArrayBuffer | null {
    const { systemMs, systemGc } = this.options.monitor
    if (systemMs === 0) return null
    this.#probe = new SystemProbe({ gc: systemGc })
    rememberProbe(this, this.#probe)
    return this.#probe.memory.buffer
  }

  system(): SystemSnapshot | null {
    return this.#probe?.latest() ?? null
  }

  status(): RunStatusReport {
    return readStatus(this.#control, this.#rings.buffers, this.#sinkNames)
  }

  async flush({ level = 'journaled', timeoutMs = 5000 }: FlushOptions = {}): Promise<FlushResult> {
    const start = performance.now()
    const deadline = start + timeoutMs
    this.#capture?.flush()
    for (const action of this.#onFlush) action()
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
    if (this.#finished === null) {
      this.#probe?.stop()
      this.#finished = this.#ending.finish(options, about)
    }
    return this.#finished
  }

  /** See RunEnding. */
  finishNow(status: FinalStatus, about: About, timeoutMs = this.options.exitTimeoutMs): () => void {
    return this.#ending.finishNow(status, about, timeoutMs)
  }

  /** Gives tensors time to arrive from their device. */
  async #readBackFor(timeoutMs: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, Math.min(Math.max(0, timeoutMs), MAX_TIMER_MS)).unref()
    })
    await Promise.race([
      Promise.all([this.readBack.whenIdle(), this.media.outbox.whenIdle(), this.#saver.whenRead()]),
      late,
    ])
    clearTimeout(timer)
  }

  #readAllNow(): void {
    this.#capture?.stop()
    for (const action of this.#onFlush) action()
    this.readBack.readAllNow()
    this.media.outbox.readAllNow()
    this.#saver.readAllNow()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const open = this.#finished === null
    await this.finish()
    if (open) rememberEnded(this.dir)
  }
}
