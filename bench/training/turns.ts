import type { Histogram } from '../histogram.js'
import { median } from '../statistics.js'
import { loggedStep } from './logged-step.js'
import { type OfVariants, type Turn, VARIANTS, type Variant } from './measured.js'
import { Rows } from './row.js'
import type { Tracker } from './trackers.js'
import type { Workload } from './workload.js'

export interface TurnsPlan {
  /** Not timed: what the tracker before has left to other threads is done meanwhile, and this one's own has begun. */
  readonly leadIn: number
  readonly steps: number
  readonly histogramEvery: number
}

/**
 * One training that goes on, and is logged to one tracker after the other, and to none: the same memory and the same
 * compiled code for all, and turns so short that the machine's drift is the same for a whole round.
 */
export class Turns {
  readonly #workload: Workload
  readonly #trackers: OfVariants<Tracker | null>
  readonly #rows: OfVariants<Rows>
  readonly #logged: Record<Variant, number>
  #trained = 0

  constructor(workload: Workload, trackers: OfVariants<Tracker | null>) {
    this.#workload = workload
    this.#trackers = trackers
    this.#rows = Object.fromEntries(VARIANTS.map((name) => [name, new Rows()])) as OfVariants<Rows>
    this.#logged = Object.fromEntries(VARIANTS.map((name) => [name, 0])) as Record<Variant, number>
  }

  /** Every second round goes backwards; then each variant moves on by one place. */
  async round(
    number: number,
    plan: TurnsPlan,
    distributions: OfVariants<Histogram>,
  ): Promise<OfVariants<Turn>> {
    const order = VARIANTS.map((_, i, all) => all[(i + Math.trunc(number / 2)) % all.length]!)
    if (number % 2 === 1) order.reverse()
    const turns: Partial<Record<Variant, Turn>> = {}
    for (const variant of order) turns[variant] = await this.#turn(variant, plan, distributions[variant])
    return turns as OfVariants<Turn>
  }

  async #turn(
    variant: Variant,
    { leadIn, steps, histogramEvery }: TurnsPlan,
    distribution: Histogram,
  ): Promise<Turn> {
    const times: number[] = []
    const callsMs = { rows: 0, histograms: 0 }
    for (let step = 0; step < leadIn + steps; step++) {
      const number = { trained: ++this.#trained, logged: ++this.#logged[variant], histogramEvery }
      const logged = await loggedStep(this.#workload, this.#trackers[variant], this.#rows[variant], number)
      if (step < leadIn) continue
      times.push(logged.ms)
      callsMs[logged.histograms ? 'histograms' : 'rows'] += logged.callsMs
    }
    for (const ms of times) distribution.recordMs(ms)
    return {
      meanMs: times.reduce((sum, ms) => sum + ms, 0) / steps,
      medianMs: median(times),
      histogramCallsMs: callsMs.histograms / steps,
      rowCallsMs: callsMs.rows / steps,
    }
  }
}
