import { type DiskSpace, isNoRoom } from '../store/disk-space.js'

export interface DiskPressureSetup {
  /** `disk.minFreeBytes`; 0: no floor. */
  readonly minFreeBytes: number
  /** Null where the system does not tell. */
  readonly space: () => DiskSpace | null
  /** Rows that were dropped so far. */
  readonly dropped: () => number
  /** `first`: for the first time at this level, and so for stderr too. */
  readonly tell: (message: string, first: boolean) => void
  /** For each episode, told or not; for the log that we read. */
  readonly note: (message: string) => void
}

/** Sinks whose whole content the journal holds: built in, and on the run's own disk. */
const REBUILDABLE = new Set(['jsonl', 'csv', 'tensorboard', 'log', 'summary'])

export const isRebuildable = (sink: { readonly name: string; readonly module: string | null }): boolean =>
  sink.module === null && REBUILDABLE.has(sink.name)

/** In place of an errno: the drain holds because too little is free. */
export const BELOW_FLOOR = 'BELOW_FLOOR'
/** The journal stops below `HOLD * floor`, and goes on from `RELEASE * floor`. */
const HOLD = 0.5
const RELEASE = 0.6
/** The sinks stop below the floor, and go on from a tenth above. */
const RESUME = 1.1
/** Without a floor: the sinks go on when this much is free, or this part of a small disk. */
const HEADROOM_BYTES = 16 * 2 ** 20
const HEADROOM_PART = 0.02

const LOOK_INTERVAL_MS = 1000
/** Room must be there for so long, and the journal have been written for so long, before the sinks go on. */
const SETTLE_MS = 1000
const MIN_TRIAL_MS = 1000
const MAX_TRIAL_MS = 30_000
/** An episode that begins sooner after the last goes on with its back-off; and is not told of. */
const QUIET_MS = 60_000

/** Whether the journal must leave the disk alone, by what is free; `held`: it does already. */
export const mustHold = (freeBytes: number, minFreeBytes: number, held: boolean): boolean =>
  freeBytes < minFreeBytes * (held ? RELEASE : HOLD)

/**
 * - `plenty`: everything runs
 * - `scarce`: sinks that can be rebuilt wait, so that the journal has the rest of the disk
 * - `full`: the journal waits too, and the rings fill
 */
export type PressureLevel = 'plenty' | 'scarce' | 'full'

/**
 * Who may write to the disk when it runs out of room. Decides by what is told of failed and successful writes
 * and, only where there is a floor or while an episode lasts, by what statfs(2) says, once a second. A quota is
 * invisible to statfs: whether there is room is then tried, with back-off (1 s to 30 s), by one slice of one sink.
 * All times are `performance.now()` of the daemon's thread.
 */
export class DiskPressure {
  readonly #setup: DiskPressureSetup
  #level: PressureLevel = 'plenty'
  /** An errno, or BELOW_FLOOR. */
  #cause = ''
  #since = 0
  #endedAt = Number.NEGATIVE_INFINITY
  #lookAt = 0
  /** Since when statfs says that there is room; null: it says that there is none. */
  #roomSince: number | null = null
  #trialAt = 0
  #trialMs = MIN_TRIAL_MS
  /** Since when the sinks are allowed to try. */
  #tryingSince: number | null = null
  /** The sink that tries. */
  #trying: string | null = null
  /** What the user was told in this episode. */
  #told: PressureLevel = 'plenty'
  readonly #everTold = new Set<PressureLevel>()
  #toldAt = Number.NEGATIVE_INFINITY
  /** Rows dropped when the first episode began that the user has not been told the end of. */
  #droppedBefore: number | null = null
  #untold = 0

  constructor(setup: DiskPressureSetup) {
    this.#setup = setup
  }

  get level(): PressureLevel {
    return this.#level
  }

  /** A write of ours, other than the journal's, failed. True where that is for want of room. */
  failed(code: string | undefined, now: number): boolean {
    if (!isNoRoom(code)) return false
    if (this.#level === 'plenty') this.#begin(code!, now)
    else if (this.#tryingSince !== null) this.#backOff(now)
    return true
  }

  /** The drain cannot write: `code` is its errno, or BELOW_FLOOR. True where that is for want of room. */
  journalFailed(code: string, now: number): boolean {
    if (!isNoRoom(code) && code !== BELOW_FLOOR) return false
    if (this.#level === 'plenty') this.#begin(code, now, 'full')
    this.#level = 'full'
    this.#cause = code
    this.#stopTrying()
    this.#announce(now)
    return true
  }

  /**
   * The drain writes again. The rings come first: the sinks follow when they have had time to empty. True where it
   * had been for want of room.
   */
  journalWrites(now: number): boolean {
    if (this.#level !== 'full') return false
    this.#level = 'scarce'
    this.#trialAt = Math.max(this.#trialAt, now + SETTLE_MS)
    this.#lookAt = now
    return true
  }

  /** Whether a rebuildable sink that has something to write may do so. It then tells what came of it. */
  mayWrite(sink: string, now: number): boolean {
    this.tick(now)
    if (this.#level === 'plenty') return true
    if (this.#tryingSince === null) return false
    this.#trying ??= sink
    return this.#trying === sink
  }

  /** A rebuildable sink's slice went through, or failed. True where it failed for want of room. */
  sliceEnded(sink: string, code: string | null, now: number): boolean {
    if (code !== null && this.failed(code, now)) return true
    if (this.#trying !== sink) return false
    this.#trying = null
    if (code === null) this.#end(now)
    return false
  }

  /** What only time and the disk can tell. Cheap: looks at the disk once a second at most. */
  tick(now: number): void {
    if (now >= this.#lookAt) this.#look(now)
    if (this.#level !== 'scarce') return
    const settled = this.#roomSince !== null && now - this.#roomSince >= SETTLE_MS
    if (!settled || now < this.#trialAt) return
    this.#tryingSince ??= now
    // No sink has anything to try with.
    if (this.#trying === null && now - this.#tryingSince >= SETTLE_MS) this.#end(now)
  }

  #look(now: number): void {
    const { minFreeBytes, space } = this.#setup
    if (this.#level === 'plenty' && minFreeBytes === 0) return
    this.#lookAt = now + LOOK_INTERVAL_MS
    const found = space()
    if (this.#level === 'plenty') {
      if (found === null || found.freeBytes >= minFreeBytes) return
      this.#begin(BELOW_FLOOR, now)
    }
    this.#announce(now)
    if (found !== null && found.freeBytes < this.#resumeBytes(found)) {
      this.#roomSince = null
      this.#stopTrying()
      // What is missing can be seen: no need to wait any longer once it is there.
      this.#trialAt = now
      this.#trialMs = MIN_TRIAL_MS
    } else this.#roomSince ??= now
  }

  #resumeBytes({ totalBytes }: DiskSpace): number {
    const { minFreeBytes } = this.#setup
    return minFreeBytes > 0 ? minFreeBytes * RESUME : Math.min(HEADROOM_BYTES, totalBytes * HEADROOM_PART)
  }

  #begin(cause: string, now: number, level: PressureLevel = 'scarce'): void {
    this.#level = level
    this.#cause = cause
    this.#since = now
    this.#roomSince = null
    this.#lookAt = now
    this.#told = 'plenty'
    this.#untold++
    this.#droppedBefore ??= this.#setup.dropped()
    if (now - this.#endedAt > QUIET_MS) this.#trialMs = MIN_TRIAL_MS
    this.#setup.note(`disk pressure begins: ${cause}`)
    this.#backOff(now)
    this.#announce(now)
  }

  #backOff(now: number): void {
    this.#stopTrying()
    this.#trialAt = now + this.#trialMs
    this.#trialMs = Math.min(this.#trialMs * 2, MAX_TRIAL_MS)
  }

  #stopTrying(): void {
    this.#tryingSince = null
    this.#trying = null
  }

  #end(now: number): void {
    const seconds = ((now - this.#since) / 1000).toFixed(1)
    this.#level = 'plenty'
    this.#endedAt = now
    this.#stopTrying()
    this.#setup.note(`disk pressure ends after ${seconds} s`)
    if (this.#told === 'plenty') return
    const dropped = this.#setup.dropped() - (this.#droppedBefore ?? 0)
    const times = this.#untold > 1 ? ` (${this.#untold} times since it was last told)` : ''
    this.#setup.tell(
      `There is room on the disk again after ${seconds} s${times}: the sinks catch up by themselves. ${dropped} records were dropped meanwhile.`,
      false,
    )
    this.#droppedBefore = null
    this.#untold = 0
  }

  /** Once an episode and level; and for episodes that follow each other, once a minute. */
  #announce(now: number): void {
    if (this.#told === this.#level || this.#told === 'full') return
    if (this.#told === 'plenty' && now - this.#toldAt < QUIET_MS) return
    const first = !this.#everTold.has(this.#level)
    this.#everTold.add(this.#level)
    this.#told = this.#level
    this.#toldAt = now
    const what =
      this.#level === 'full'
        ? 'the journal cannot be written. Records wait in memory, and those that do not fit there are dropped and counted'
        : 'the sinks that can be rebuilt wait, so that the journal has what is left. Nothing is lost'
    this.#setup.tell(`${this.#why()}: ${what}. Free some space: all goes on by itself then.`, first)
  }

  #why(): string {
    if (this.#cause === 'EDQUOT') return 'The disk quota is used up (EDQUOT)'
    if (this.#cause === 'ENOSPC') return 'The disk is full (ENOSPC)'
    return `Less than disk.minFreeBytes (${this.#setup.minFreeBytes} bytes) is free on the disk`
  }
}
