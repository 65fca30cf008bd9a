import { StepHistogram } from './step-histogram.js'
import type { StepTimes } from './types.js'

/** Sums since the last report, or of the whole training. */
export interface Timed {
  steps: number
  ms: number
  dataMs: number
}

/** Before so many steps nobody knows what is usual. */
const USUAL_FROM = 10

const nothing = (): Timed => ({ steps: 0, ms: 0, dataMs: 0 })

/**
 * Where the time of the steps goes: from one `step()` to the next, less what is left out. The first call only starts
 * the clock, since what came before it is not a step. `now`: milliseconds by a clock that no one sets.
 */
export class StepClock {
  readonly #now: () => number
  readonly #stallFactor: number
  readonly #interval = new StepHistogram()
  readonly #all = new StepHistogram()
  #since = nothing()
  readonly #total = nothing()
  #lastAt = Number.NaN
  #leftOutMs = 0
  #dataAt = Number.NaN
  #usualMs = 0
  #stalls = 0
  #toldData = false

  constructor(now: () => number, stallFactor: number) {
    this.#now = now
    this.#stallFactor = stallFactor
  }

  get stalls(): number {
    return this.#stalls
  }

  /** Somebody has told what loading data took. */
  get knowsData(): boolean {
    return this.#toldData
  }

  get steps(): number {
    return this.#since.steps
  }

  /** `steps` have been made since the last call. Allocates nothing. */
  step(steps: number): void {
    const now = this.#now()
    // NaN at the first call, and so is every comparison with it.
    const ms = (now - this.#lastAt - this.#leftOutMs) / steps
    this.#lastAt = now
    this.#leftOutMs = 0
    if (!(ms >= 0)) {
      this.#since.dataMs = 0
      return
    }
    this.#interval.add(ms)
    this.#since.steps += steps
    this.#since.ms += ms * steps
    if (this.#usualMs > 0 && ms > this.#usualMs * this.#stallFactor) this.#stalls++
  }

  dataBegins(): void {
    this.#dataAt = this.#now()
  }

  /** Without a beginning it does nothing. */
  dataEnds(): void {
    const ms = this.#now() - this.#dataAt
    this.#dataAt = Number.NaN
    if (!(ms >= 0)) return
    this.#toldData = true
    this.#since.dataMs += ms
  }

  leaveOut(ms: number): void {
    this.#leftOutMs += ms
  }

  /** What was timed since the last time, which begins anew. Null where that is nothing. */
  take(): { readonly timed: Timed; readonly times: StepTimes } | null {
    const times = this.#interval.times()
    if (times === null) return null
    const timed = this.#since
    this.#since = nothing()
    for (const key of ['steps', 'ms', 'dataMs'] as const) this.#total[key] += timed[key]
    this.#all.absorb(this.#interval)
    if (this.#all.count >= USUAL_FROM) this.#usualMs = this.#all.percentile(0.5)
    return { timed, times }
  }

  /** Of the whole training, as far as it was taken. */
  total(): { readonly timed: Timed; readonly times: StepTimes | null } {
    return { timed: this.#total, times: this.#all.times() }
  }
}
