/** A rate over this long tells what a destination takes now, and does not jump from batch to batch. */
const WINDOW_MS = 5000

/** Rows a second over the last seconds. Time is a parameter (monotonic milliseconds). */
export class Rate {
  readonly #samples: { readonly at: number; readonly rows: number }[] = []

  add(rows: number, at: number): void {
    // Counts go back where a sink begins again from the first record: what was before tells nothing.
    if (rows < (this.#samples.at(-1)?.rows ?? 0)) this.#samples.length = 0
    this.#samples.push({ at, rows })
    while (this.#samples.length > 2 && this.#samples[1]!.at <= at - WINDOW_MS) this.#samples.shift()
  }

  /** Null until there is something to tell. */
  perSecond(now: number): number | null {
    const [first, last] = [this.#samples[0], this.#samples.at(-1)]
    if (first === undefined || last === undefined || last.at <= first.at) return null
    return ((last.rows - first.rows) / Math.max(now - first.at, 1)) * 1000
  }
}
