import fs from 'node:fs'
import type { ResolvedSink } from '../options/options.js'
import { Control } from '../ring/control.js'
import { HEARTBEAT_INTERVAL_MS, removeHeartbeat, writeHeartbeat } from '../store/heartbeat.js'
import { sleep } from './clock.js'
import { collectContext } from './context/index.js'
import { type Diagnostics, openDiagnostics } from './diagnostics.js'
import { DrainSupervisor } from './drain-supervisor.js'
import { identify, type RunIdentity } from './identity.js'
import type { DaemonMessage, DaemonSetup, FinishRequest, NamedRing } from './messages.js'
import { ThreadPool } from './pools.js'
import { countRecords, RunRecord, sinksOf } from './run-record.js'
import { SinkScheduler } from './sink-scheduler.js'

const TICK_MS = 50
/** After a second in which every sink had what there is: a wake-up costs some 60 us, and being idle nothing. */
const IDLE_AFTER_TICKS = 20
const IDLE_TICK_MS = 500
/** Measured: 16 costs 30 MiB more at 100,000 rows a second, and no less time. */
const DELIVER_YOUNG_MB = 6
const CONTEXT_PATIENCE_MS = 1000

/** Where the entries of the pool threads are; bundlers see literals only. */
export interface DaemonEntries {
  readonly drain: string
  readonly deliver: string
}

/**
 * The daemon of one run: supervises the drain, schedules the sinks, keeps run.json. It does no risky work
 * itself and owns no data, so that it can restart what does, and be restarted itself. It is a thread of its own
 * because the training thread may not return to its event loop for minutes.
 */
export class Daemon {
  readonly #setup: DaemonSetup
  readonly #control: Control
  readonly #entries: DaemonEntries
  readonly #rings: NamedRing[]
  readonly #producers: Record<string, string> = {}
  readonly #sinks: readonly ResolvedSink[]
  readonly #warned = new Set<string>()
  #diagnostics: Diagnostics | null = null
  #record: RunRecord | null = null
  #identity: RunIdentity | null = null
  #drainPool: ThreadPool | null = null
  /** One thread for all sinks that write files. */
  #deliverPool: ThreadPool | null = null
  #drain: DrainSupervisor | null = null
  #schedulers: SinkScheduler[] = []
  #finishing: FinishRequest | null = null
  #idleTicks = 0
  #started: Promise<void> | null = null

  constructor(setup: DaemonSetup, entries: DaemonEntries) {
    this.#setup = setup
    this.#entries = entries
    this.#control = new Control(setup.control)
    this.#rings = [...setup.rings]
    this.#sinks = sinksOf(setup.options)
  }

  start(): void {
    this.#started = this.#start()
  }

  async #start(): Promise<void> {
    // The drain's thread starts while the directory is made.
    this.#drainPool = new ThreadPool(this.#entries.drain, { maxThreads: 1, youngGenerationMb: 4 })
    this.#identity = await identify(
      this.#setup,
      this.#control,
      (message) => writeToTerminal(message),
      () => this.#finishing !== null && performance.now() > this.#deadline(),
    )
    if (this.#identity === null) return
    const { id, dir } = this.#identity
    this.#diagnostics = openDiagnostics(dir)
    this.#record = new RunRecord(dir, id, this.#setup.startTime, this.#setup.options, this.#sinks)
    for (const ring of this.#rings) this.#introduce(ring)
    // Before the first record is journaled: without it, nobody could recover the run.
    this.#write(() => this.#record!.write())
    this.#beat(dir)
    const { segmentBytes, syncIntervalMs } = this.#setup.options.journal
    this.#drain = new DrainSupervisor(
      {
        pool: this.#drainPool,
        control: this.#control,
        runDir: dir,
        runId: id,
        segmentBytes,
        syncIntervalMs,
        report: ({ kind, message }) => this.#warn(`drain/${kind}`, message),
      },
      this.#rings.map(({ ring }) => ring),
    )
    this.#startSinks(this.#identity)
    this.#diagnostics.training.info(
      { run: id, dir, sinks: this.#sinks.map(({ name }) => name) },
      'run started',
    )
    this.#tickFromNowOn()
    await this.#describe()
  }

  #startSinks({ id, dir }: RunIdentity): void {
    const { options, startTime } = this.#setup
    const createDeliverPool = () =>
      new ThreadPool(this.#entries.deliver, { maxThreads: 1, youngGenerationMb: DELIVER_YOUNG_MB })
    this.#deliverPool = createDeliverPool()
    const run = { id, dir, startTime, project: options.project, name: options.name }
    this.#control.sinkCount = this.#sinks.length
    this.#schedulers = this.#sinks.map(
      (sink, index) =>
        new SinkScheduler({
          // A sink that may wait for something else has a pool of its own. One pool of several threads would
          // hand slices around, and each thread would have to open the sink anew.
          pool: sink.module === null ? this.#deliverPool! : createDeliverPool(),
          control: this.#control,
          run,
          sink,
          index,
          producers: this.#producers,
          warn: (kind, message) => this.#warn(kind, message),
          sliceEnded: () => this.#tick(),
        }),
    )
  }

  async #describe(): Promise<void> {
    const { options, cwd, argv, execArgv } = this.#setup
    const context = await collectContext({
      cwd,
      argv,
      execArgv,
      pid: process.pid,
      env: process.env,
      config: options.config,
      git: options.git,
    })
    if (this.#control.finished) return
    this.#write(() => this.#record!.describe(context))
  }

  #beat(dir: string): void {
    const beat = () => this.#write(() => writeHeartbeat(dir))
    beat()
    setInterval(beat, HEARTBEAT_INTERVAL_MS)
  }

  #tickFromNowOn(): void {
    this.#tick()
    const idle = this.#schedulers.every(({ busy, pending }) => !busy && !pending)
    this.#idleTicks = idle ? this.#idleTicks + 1 : 0
    setTimeout(() => this.#tickFromNowOn(), this.#idleTicks > IDLE_AFTER_TICKS ? IDLE_TICK_MS : TICK_MS)
  }

  /**
   * Starts what is due. The sinks that share the thread for files begin together, when all have ended: they move
   * in step, and share each decoded batch. The others have threads of their own.
   */
  #tick(urgent = false): void {
    this.#control.beatDaemon()
    if (this.#finishing !== null) return
    const now = performance.now()
    const fileSinksBusy = this.#schedulers.some(({ busy, sharesThread }) => busy && sharesThread)
    for (const scheduler of this.#schedulers) {
      if (!(fileSinksBusy && scheduler.sharesThread)) scheduler.poke(now, urgent)
    }
  }

  receive(message: DaemonMessage): void {
    switch (message.type) {
      case 'ring':
        this.#rings.push(message.ring)
        if (this.#record !== null) this.#introduce(message.ring)
        this.#drain?.addRing(message.ring.ring)
        if (this.#record !== null) this.#write(() => this.#record!.write())
        return
      case 'deliver':
        this.#tick(true)
        return
      case 'warning':
        this.#warn(message.kind, message.message)
        return
      case 'finish':
        void this.#finish(message)
        return
      case 'kill-thread':
        ;(message.pool === 'drain' ? this.#drainPool : this.#deliverPool)?.killThread()
    }
  }

  #introduce(ring: NamedRing): void {
    this.#producers[ring.id] = ring.name
    this.#record!.addProducer(ring)
  }

  #deadline(): number {
    return this.#finishedAt + (this.#finishing?.timeoutMs ?? 0)
  }

  #finishedAt = 0

  async #finish(request: FinishRequest): Promise<void> {
    if (this.#finishing !== null) return
    this.#finishing = request
    this.#finishedAt = performance.now()
    const deadline = this.#deadline()
    await Promise.race([this.#started, this.#untilDraining(deadline)])
    if (this.#drain !== null) {
      const endTime = Date.now()
      await this.#drain.stop(deadline)
      const outcome = { status: request.status, endTime }
      await Promise.all(this.#schedulers.map((scheduler) => scheduler.finish(outcome, deadline)))
      // A run of a few milliseconds still gets its git commit and hardware, where there is time.
      await Promise.race([this.#started, sleep(Math.min(deadline - performance.now(), CONTEXT_PATIENCE_MS))])
      const records = countRecords(this.#rings)
      this.#write(() => this.#record!.end(request, endTime, records))
      this.#write(() => removeHeartbeat(this.#identity!.dir))
      this.#diagnostics!.training.info({ status: request.status, ...records }, 'run ended')
      this.#diagnostics!.close()
    }
    this.#control.setFinished()
    // Ends this thread and the pools with it: all their work is done, or out of time.
    setImmediate(() => process.exit())
  }

  async #untilDraining(deadline: number): Promise<void> {
    while (this.#drain === null && performance.now() < deadline) await sleep(5)
  }

  #warn(kind: string, message: string): void {
    if (this.#warned.has(kind)) return
    this.#warned.add(kind)
    this.#diagnostics?.daemon.warn({ kind }, message)
    this.#diagnostics?.training.warn(message)
  }

  /** Files of ours that are no part of the record: a disk that fails must not end the daemon. */
  #write(action: () => void): void {
    try {
      action()
    } catch (error) {
      this.#warn('run-file', `Could not write to the run directory: ${(error as Error).message}`)
    }
  }
}

function writeToTerminal(message: string): void {
  try {
    fs.writeSync(2, `offstep: ${message}\n`)
  } catch {
    // A closed stderr: there is nobody to tell.
  }
}
