import { mediaValue } from '../media/value.js'
import type { ResolvedSink } from '../options/options.js'
import { MEDIA_PRODUCER, type MediaRecord } from '../record/media.js'
import { Control } from '../ring/control.js'
import { outcomeOf } from '../sinks/outcome.js'
import { writeToTerminal } from '../store/terminal.js'
import { callsOfThreads } from './calls-of-threads.js'
import { CheckpointDesk } from './checkpoint-desk.js'
import { sleep } from './clock.js'
import { collectContext } from './context/index.js'
import { Deliveries } from './deliveries.js'
import { leaveToAgent } from './detach.js'
import type { DiskPressure } from './disk-pressure.js'
import type { DrainReport } from './drain-messages.js'
import { DrainSupervisor } from './drain-supervisor.js'
import type { DaemonEntries } from './entries.js'
import { identify, type RunIdentity } from './identity.js'
import { MediaDesk } from './media-desk.js'
import type { DaemonMessage, DaemonSetup, FinishRequest, NamedRing, OwnerMessage } from './messages.js'
import { OwnFiles } from './own-files.js'
import { Ownership } from './ownership.js'
import { ThreadPool } from './pools.js'
import { Reporter } from './reporter.js'
import { countRecords, isUsed, RunRecord, sinksOf } from './run-record.js'
import { SideWork } from './side-work.js'
import { watchDisk } from './watch-disk.js'

const CONTEXT_PATIENCE_MS = 1000
/** A full disk may take run.json a moment later. */
const SAVE_RETRY_MS = 50

/**
 * The daemon of one run: supervises the drain, schedules the sinks, keeps run.json. It does no risky work
 * itself and owns no data, so that it can restart what does, and be restarted itself. It is a thread of its own
 * because the training thread may not return to its event loop for minutes.
 */
export class Daemon {
  readonly #setup: DaemonSetup
  readonly #control: Control
  readonly #entries: DaemonEntries
  readonly #tellOwner: (message: OwnerMessage) => void
  readonly #rings: NamedRing[]
  readonly #producers: Record<string, string> = {}
  readonly #sinks: readonly ResolvedSink[]
  readonly #reporter = new Reporter()
  #record: RunRecord | null = null
  #identity: RunIdentity | null = null
  #drainPool: ThreadPool | null = null
  #drain: DrainSupervisor | null = null
  #pressure: DiskPressure | null = null
  #deliveries: Deliveries | null = null
  #ownership: Ownership | null = null
  #side: SideWork | null = null
  readonly #media: MediaDesk
  readonly #checkpoints: CheckpointDesk
  readonly #files: OwnFiles
  #finishing: FinishRequest | null = null
  #finishedAt = 0
  #started: Promise<void> | null = null

  constructor(setup: DaemonSetup, entries: DaemonEntries, tellOwner: (message: OwnerMessage) => void) {
    this.#setup = setup
    this.#tellOwner = tellOwner
    this.#entries = entries
    this.#control = new Control(setup.control)
    this.#rings = [...setup.rings]
    this.#sinks = sinksOf(setup.options)
    this.#media = new MediaDesk({
      rings: this.#rings,
      control: this.#control,
      nonce: setup.nonce,
      entry: entries.media,
      warn: (kind, message) => this.#reporter.warn(kind, message),
      begun: () => this.#beginMedia(),
      publishing: (record) => this.#heed(record),
    })
    this.#checkpoints = new CheckpointDesk({
      control: this.#control,
      rings: this.#rings,
      options: setup.options,
      entry: entries.checkpoint,
      warn: (kind, message) => this.#reporter.warn(kind, message),
      tellOwner,
      about: () => this.#record!.about,
      publish: (record, step, time) => this.#media.add(record, step, time),
    })
    this.#files = new OwnFiles({
      owns: () => this.#ownership?.held === true,
      // An ending process did not wait for this thread, and has written the end itself (rescue.ts).
      over: () => this.#control.finished,
      reporter: this.#reporter,
      pressure: () => this.#pressure,
    })
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
      writeToTerminal,
      () => this.#finishing !== null && performance.now() > this.#deadline(),
    )
    if (this.#identity === null) return
    const { id, dir } = this.#identity
    this.#reporter.open(dir)
    this.#record = new RunRecord(dir, id, this.#setup)
    for (const ring of this.#rings) this.#introduce(ring)
    this.#pressure = watchDisk(this.#setup.options.disk.minFreeBytes, dir, this.#rings, this.#reporter)
    this.#own(dir)
    const { segmentBytes, syncIntervalMs } = this.#setup.options.journal
    this.#drain = new DrainSupervisor(
      {
        pool: this.#drainPool,
        control: this.#control,
        runDir: dir,
        runId: id,
        segmentBytes,
        syncIntervalMs,
        minFreeBytes: this.#setup.options.disk.minFreeBytes,
        report: (report) => this.#hearDrain(report),
      },
      this.#rings.map(({ ring }) => ring),
    )
    this.#media.start(dir)
    this.#checkpoints.start(dir)
    this.#side = this.#beginSideWork(dir)
    this.#deliveries = this.#deliver(this.#identity)
    this.#reporter.info('run started', { run: id, dir, sinks: this.#sinks.map(({ name }) => name) })
    this.#deliveries.start()
    await this.#describe()
    if (this.#finishing === null) this.#side.recoverOthers()
  }

  #deliver({ id, dir }: RunIdentity): Deliveries {
    const { options, startTime } = this.#setup
    return new Deliveries({
      entry: this.#entries.deliver,
      control: this.#control,
      run: { id, dir, startTime, project: options.project, name: options.name },
      sinks: this.#sinks,
      pressure: this.#pressure!,
      producers: this.#producers,
      callsOfThreads: () => callsOfThreads(this.#rings),
      warn: (kind, message) => this.#reporter.warn(kind, message),
      allowed: () => this.#ownership?.lost !== true,
      stopRequested: () => this.#tellOwner({ type: 'stop' }),
      urlKnown: (url) => this.#note((record) => record.setUrl(url)),
    })
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
    this.#note((record) => record.describe(context))
  }

  /** What a record means for the run itself. */
  #heed(record: MediaRecord): void {
    if (record.kind !== 'config') return
    this.#note((file) => file.updateConfig(mediaValue(this.#identity!.dir, record).values))
  }

  /** Changes run.json. */
  #note(change: (record: RunRecord) => void): void {
    change(this.#record!)
    this.#files.save(() => this.#record!.write())
  }

  #hearDrain({ kind, code, message }: DrainReport): void {
    const now = performance.now()
    const pressure = this.#pressure!
    const forWantOfRoom =
      kind === 'recovered' ? pressure.journalWrites(now) : pressure.journalFailed(code, now)
    if (forWantOfRoom) this.#reporter.note(message, { code })
    else this.#reporter.warn(`drain/${kind}/${code}`, message)
  }

  #own(dir: string): void {
    this.#ownership = new Ownership({
      dir,
      nonce: this.#setup.nonce,
      // Before the first record is journaled, or nobody could recover it; on the disk, since the journal will be.
      taken: () => this.#files.write(() => this.#record!.writeFirst()),
      lost: (message) => this.#reporter.warn('taken-over', message),
      failed: (error) => this.#files.failed('The run cannot be locked', error),
      over: () => this.#control.finished,
    })
    this.#ownership.start()
  }

  #beginSideWork(runDir: string): SideWork {
    const { options, system = null } = this.#setup
    const [rings, media, reporter, entries] = [this.#rings, this.#media, this.#reporter, this.#entries]
    const control = this.#control
    return new SideWork({ runDir, options, control, system, rings, media, reporter, entries })
  }

  receive(message: DaemonMessage): void {
    switch (message.type) {
      case 'ring':
        this.#rings.push(message.ring)
        if (this.#record !== null) this.#note(() => this.#introduce(message.ring))
        this.#drain?.addRing(message.ring.ring)
        this.#media.ringAdded()
        return
      case 'media':
        this.#media.accept(message)
        return
      case 'checkpoint':
        this.#checkpoints.accept(message)
        return
      case 'deliver':
        this.#deliveries?.tick(true)
        return
      case 'warning':
        this.#reporter.warn(message.kind, message.message)
        return
      case 'finish':
        void this.#finish(message)
        return
      case 'kill-thread':
        if (message.pool === 'drain') this.#drainPool?.killThread()
        else if (message.pool === 'media') this.#media.killThread()
        else if (message.pool === 'checkpoint') this.#checkpoints.killThread()
        else this.#deliveries?.killThread(message.pool)
    }
  }

  #beginMedia(): void {
    const ring = this.#rings.find(({ id }) => id === MEDIA_PRODUCER)!
    if (!(MEDIA_PRODUCER in this.#producers)) this.#note(() => this.#introduce(ring))
  }

  #introduce(ring: NamedRing): void {
    // The ring for media is there as soon as other threads log; its producer is, when one has logged media.
    if (!isUsed(ring, this.#rings)) return
    this.#producers[ring.id] = ring.name
    this.#record!.addProducer(ring)
  }

  #deadline(): number {
    return this.#finishedAt + (this.#finishing?.timeoutMs ?? 0)
  }

  async #finish(request: FinishRequest): Promise<void> {
    if (this.#finishing !== null) return
    this.#finishing = request
    this.#finishedAt = performance.now()
    this.#deliveries?.end()
    const deadline = this.#deadline()
    await Promise.race([this.#started, this.#untilDraining(deadline)])
    if (this.#deliveries !== null) await this.#end(request, deadline)
    this.#control.setFinished()
    // Ends this thread and the pools with it: all their work is done, or out of time.
    setImmediate(() => process.exit())
  }

  async #end(request: FinishRequest, deadline: number): Promise<void> {
    const now = this.#record!.now
    this.#side!.stopMonitor()
    await this.#checkpoints.finish(deadline)
    await this.#media.finish(deadline)
    await Promise.all([this.#drain!.stop(deadline), this.#side!.stop(deadline)])
    const deliveries = this.#deliveries!
    deliveries.end()
    const left = request.detach === true && deliveries.unfinished
    const delivered = !left && (await deliveries.finish(outcomeOf(request, now.time), deadline))
    if (left) await deliveries.stop()
    this.#side!.endAlerts()
    // A run of a few milliseconds still gets its git commit and hardware, where there is time.
    await Promise.race([this.#started, sleep(Math.min(deadline - performance.now(), CONTEXT_PATIENCE_MS))])
    const records = countRecords(this.#rings)
    this.#record!.end(request, records, { ...now, delivered })
    // Without it the run would count as crashed: tried again while there is time, on a full disk say.
    const written = () => this.#files.save(() => this.#record!.write(true)) || this.#ownership!.lost
    while (!written() && performance.now() < deadline) await sleep(SAVE_RETRY_MS)
    if (request.plots === true && !left) await this.#side!.drawPlots(request.status, now.ageMs, deadline)
    this.#files.write(() => this.#ownership!.release())
    if (left) await leaveToAgent(this.#identity!.dir, this.#sinks, this.#reporter)
    this.#reporter.info('run ended', { status: request.status, ...records })
    this.#reporter.close()
  }

  async #untilDraining(deadline: number): Promise<void> {
    while (this.#deliveries === null && performance.now() < deadline) await sleep(5)
  }
}
