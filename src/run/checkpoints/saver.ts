import { CheckpointMemory } from '../../checkpoint/capture/memory.js'
import type { Capturable, Captured } from '../../checkpoint/capture/types.js'
import type { CheckpointError } from '../../checkpoint/errors.js'
import type { CheckpointRequest } from '../../checkpoint/request.js'
import type { CheckpointTaskResult } from '../../checkpoint/save-task.js'
import type { PostedCheckpoint } from '../../daemon/messages.js'
import { lazyModule } from '../../lazy-module.js'
import type { ResolvedOptions } from '../../options/options.js'
import type { JsonObject } from '../../record/json.js'
import { toJson } from '../../record/to-json.js'
import type { Control } from '../../ring/control.js'
import { errorText } from '../read-back.js'
import { describeValue, type Warn } from '../warnings.js'
import { Schedule } from './schedule.js'
import type { SaveOptions, SaveResult } from './types.js'

/** Runs that save nothing do not load it. */
const capturing = lazyModule<typeof import('../../checkpoint/capture/capture.js')>(
  'checkpoint/capture/capture.js',
)

const KEEP_ALIVE_MS = 60_000
/** A daemon that has given no sign of life for so long is dead: its successor begins when the event loop turns. */
const SILENT_MS = 5000
const LOOK_MS = 250

export interface SaverSetup {
  readonly control: Control
  readonly options: ResolvedOptions['checkpoints']
  readonly warn: Warn
  readonly post: (message: PostedCheckpoint) => void
}

interface InFlight {
  readonly step: number
  readonly captured: Captured
  readonly request: CheckpointRequest
  readonly resolve: (result: SaveResult) => void
  /** Counts saves that were posted; null while a device is being read. */
  index: number | null
}

/** The saves of one run, on the thread that owns it. Nothing here throws into the training loop. */
export class CheckpointSaver {
  readonly schedule: Schedule
  readonly #setup: SaverSetup
  readonly #memory = new CheckpointMemory()
  readonly #inFlight = new Set<InFlight>()
  /** While a save is on its way: the tracker's own threads keep no process alive. */
  #keepAlive: NodeJS.Timeout | undefined
  #posted = 0
  #closed = false
  /** The last sign of life of a daemon that was given up. */
  #lastPulse: string | null = null

  constructor(setup: SaverSetup) {
    this.#setup = setup
    this.schedule = new Schedule(setup.options.every)
  }

  save(step: number, what: Capturable, options: SaveOptions = {}): Promise<SaveResult> {
    const problem = this.#problem(step) ?? this.#makeRoom()
    if (problem !== null) return Promise.resolve(this.#refused(step, problem))
    let captured: Captured | undefined
    try {
      const about = aboutOf(step, options)
      captured = capturing().capture(what, this.#memory)
      this.schedule.saved(step, options.epoch)
      return this.#send(captured, { ...about, content: captured.content })
    } catch (error) {
      captured?.dispose()
      return Promise.resolve(this.#refused(step, problemOf(error)))
    }
  }

  /** Saves that the daemon's successor has not heard of. */
  sendAgain(): void {
    for (const { index, request } of this.#inFlight) if (index !== null) this.#post(index, request)
  }

  heard(index: number, result: CheckpointTaskResult): void {
    for (const save of this.#inFlight) {
      if (save.index !== index) continue
      const { step } = save
      if ('saved' in result) this.#end(save, { saved: true, step, checkpoint: result.saved })
      else this.#end(save, { saved: false, step, problem: result.problem })
    }
  }

  /** Resolves when nothing waits for a device. */
  async whenRead(): Promise<void> {
    await Promise.allSettled([...this.#inFlight].map(({ captured }) => captured.ready))
  }

  /** Reads what waits for a device now: the process is about to end. No save is taken from here on. */
  readAllNow(): void {
    this.#closed = true
    for (const save of this.#inFlight) {
      if (save.index !== null) continue
      try {
        save.captured.readNow()
        this.#isReady(save)
      } catch (error) {
        this.#end(save, this.#refused(save.step, problemOf(error)))
      }
    }
  }

  /** The run has ended: what was not heard of by now was not saved. */
  close(): void {
    this.#closed = true
    for (const save of this.#inFlight) {
      this.#end(save, { saved: false, step: save.step, problem: 'the run ended before it was written' })
    }
  }

  #problem(step: unknown): string | null {
    if (this.#closed) return 'the run has ended'
    if (Number.isSafeInteger(step) && (step as number) >= 0) return null
    return `its step is ${describeValue(step)}: give a whole number from 0 on`
  }

  /** Null where one more may be on its way. */
  #makeRoom(): string | null {
    const { options } = this.#setup
    const open = this.#open()
    if (open.length < options.maxInFlight) return null
    const full = `${open.length} checkpoints are on their way`
    if (options.whenFull === 'skip') return `${full}: it is left out (checkpoints.whenFull)`
    const [oldest] = open
    // What waits for a device is read when the event loop turns: to wait for that here would be for ever.
    if (oldest!.index !== null && this.#waitFor(oldest!.index)) {
      this.#open()
      return null
    }
    return `${full}, and none was done in time: it is left out`
  }

  /** Blocks until a save is done, as long as there is time and somebody who may do it. */
  #waitFor(index: number): boolean {
    const { control, options } = this.#setup
    const deadline = performance.now() + options.maxWaitMs
    let { pulse } = control
    if (pulse === this.#lastPulse) return false
    for (let movedAt = performance.now(); ; ) {
      const left = deadline - performance.now()
      if (control.waitCheckpoints(index + 1, Math.min(left, LOOK_MS))) return true
      const now = performance.now()
      if (now >= deadline) return false
      if (control.pulse !== pulse) {
        pulse = control.pulse
        movedAt = now
      } else if (control.isStarted && now - movedAt > SILENT_MS) {
        this.#lastPulse = pulse
        return false
      }
    }
  }

  /** Oldest first. The memory of those that are done is free, though no message has said yet what became of them. */
  #open(): InFlight[] {
    const done = this.#setup.control.checkpointsDone
    const open: InFlight[] = []
    for (const save of this.#inFlight) {
      if (save.index !== null && save.index < done) save.captured.dispose()
      else open.push(save)
    }
    return open
  }

  #send(captured: Captured, request: CheckpointRequest): Promise<SaveResult> {
    return new Promise((resolve) => {
      const save: InFlight = { step: request.step, captured, request, resolve, index: null }
      this.#inFlight.add(save)
      this.#keepAlive ??= setInterval(() => {}, KEEP_ALIVE_MS)
      if (captured.ready === null) this.#isReady(save)
      else {
        captured.ready.then(
          () => this.#isReady(save),
          (error) => this.#end(save, this.#refused(save.step, problemOf(error))),
        )
      }
    })
  }

  #isReady(save: InFlight): void {
    if (save.index !== null || !this.#inFlight.has(save)) return
    save.index = this.#posted++
    this.#post(save.index, save.request)
  }

  #post(index: number, request: CheckpointRequest): void {
    this.#setup.post({ type: 'checkpoint', index, request })
  }

  #end(save: InFlight, result: SaveResult): void {
    this.#inFlight.delete(save)
    if (this.#inFlight.size === 0) {
      clearInterval(this.#keepAlive)
      this.#keepAlive = undefined
    }
    save.captured.dispose()
    save.resolve(result)
  }

  #refused(step: number, problem: string): SaveResult {
    this.#setup.warn('checkpoint', `The checkpoint of step ${step} was not saved: ${problem}`)
    return { saved: false, step, problem }
  }
}

function problemOf(error: unknown): string {
  // By its code: its class belongs to what is loaded when it is used.
  const { code, message } = error as Partial<CheckpointError>
  if (code === 'OFFSTEP_CHECKPOINT') return message!
  if (error instanceof RangeError && /stack/.test(error.message)) {
    return 'the state or the metadata contain themselves: give plain values'
  }
  return errorText(error)
}

/** Throws where something of it is no JSON. */
function aboutOf(step: number, options: SaveOptions): Omit<CheckpointRequest, 'content'> {
  const { metrics = {}, epoch = null, isBest = null, metadata = {}, state = null } = options
  return {
    step,
    time: Date.now(),
    epoch,
    metrics: { ...metrics },
    isBest,
    metadata: toJson(metadata) as JsonObject,
    state: toJson(state),
    // The daemon knows them.
    configSha256: null,
    gitCommit: null,
    attempt: 0,
  }
}
