/** Keeps something that takes long on some machines to a share of the time. */
export class Pace {
  readonly #share: number
  readonly #now: () => number
  #next = Number.NEGATIVE_INFINITY

  /** `share`: 0.05 for at most one second in twenty. `now`: a clock in ms. */
  constructor(share: number, now: () => number = () => performance.now()) {
    this.#share = share
    this.#now = now
  }

  /** False where the last call took so long that it is not the time for another one. */
  get due(): boolean {
    return this.#now() >= this.#next
  }

  /** What began at `start`, by the same clock, has ended. */
  ended(start: number): void {
    this.#next = start + (this.#now() - start) / this.#share
  }
}
