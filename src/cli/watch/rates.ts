const WINDOW_MS = 10_000
/** Over less than this a rate is noise: rows come to the journal in groups. */
const LEAST_MS = 900

export interface Rates {
  readonly stepsPerSecond: number
  readonly rowsPerSecond: number
  /** Of the last seconds; else of the whole run. */
  readonly recent: boolean
}

interface Look {
  readonly time: number
  readonly steps: number
  readonly rows: number
}

/** How fast a run goes: over the last ten seconds, as far as it has been looked at. */
export class RateMeter {
  #looks: Look[] = []

  /** `durationSeconds`: of the run, for the first look. Null where there is nothing to measure. */
  add(look: Look, durationSeconds: number | null): Rates | null {
    this.#looks = [...this.#looks.filter(({ time }) => look.time - time <= WINDOW_MS), look]
    const [first] = this.#looks
    const ms = look.time - first!.time
    if (ms >= LEAST_MS) return rates(look.steps - first!.steps, look.rows - first!.rows, ms / 1000, true)
    return durationSeconds === null || durationSeconds <= 0
      ? null
      : rates(look.steps, look.rows, durationSeconds, false)
  }
}

const rates = (steps: number, rows: number, seconds: number, recent: boolean): Rates => ({
  stepsPerSecond: steps / seconds,
  rowsPerSecond: rows / seconds,
  recent,
})
