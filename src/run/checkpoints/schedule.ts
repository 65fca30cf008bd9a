import type { ResolvedOptions } from '../../options/options.js'

type Every = ResolvedOptions['checkpoints']['every']

const MINUTE_MS = 60_000

/** When a checkpoint is due: by steps, by minutes, by epochs, whichever comes first. */
export class Schedule {
  readonly #every: Every
  readonly #now: () => number
  #savedAtMs: number
  #savedEpoch = 0
  #savedStep = Number.NaN

  /** `now`: milliseconds of a clock that nobody sets. */
  constructor(every: Every, now: () => number = () => performance.now()) {
    this.#every = every
    this.#now = now
    this.#savedAtMs = now()
  }

  isDue(step: number, epoch: number | undefined): boolean {
    const { steps, minutes, epochs } = this.#every
    if (step === this.#savedStep) return false
    if (steps > 0 && step > 0 && step % steps === 0) return true
    if (minutes > 0 && this.#now() - this.#savedAtMs >= minutes * MINUTE_MS) return true
    return (
      epochs > 0 && epoch !== undefined && epoch !== this.#savedEpoch && epoch > 0 && epoch % epochs === 0
    )
  }

  saved(step: number, epoch: number | undefined): void {
    this.#savedAtMs = this.#now()
    this.#savedStep = step
    if (epoch !== undefined) this.#savedEpoch = epoch
  }
}
