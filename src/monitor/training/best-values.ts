import { type Goal, goalOf } from '../../sinks/summary/goal.js'
import type { BestValue } from './types.js'

/** Names of validation metrics: `val_loss`, `val/loss`, `eval_accuracy`, `valAccuracy`, `test/f1`. */
const VALIDATION = /^(val|valid|validation|eval|test)(?=[_/.:-]|[A-Z])[_/.:-]?/
/** A name that is built from a counter must not fill the memory. */
const MAX_METRICS = 1000
/** How much of a new training value its mean takes in. */
const WEIGHT = 0.1

/** A metric that is not looked at: its running mean, since it may be the training metric of one that is. */
interface Other {
  mean: number
}

interface Tracked {
  readonly name: string
  readonly goal: Goal
  /** Names that the training metric beside it may have. */
  readonly partners: readonly string[]
  best: number | null
  bestStep: number
  last: number
}

export interface BestOptions {
  readonly names?: readonly string[] | undefined
  readonly goals?: { readonly [metric: string]: Goal } | undefined
}

/**
 * The best value of each metric that is looked at, how long ago that was, and how much worse a validation metric is
 * than its training metric. NaN and infinities are no values here.
 */
export class BestValues {
  readonly #options: BestOptions
  readonly #metrics = new Map<string, Tracked | Other>()
  readonly #changed = new Set<Tracked>()
  #step = 0

  constructor(options: BestOptions) {
    this.#options = options
  }

  get changed(): boolean {
    return this.#changed.size > 0
  }

  /** One value of a row. Cheap: one lookup. */
  see(name: string, value: number, step: number): void {
    if (!Number.isFinite(value)) return
    const metric = this.#metrics.get(name) ?? this.#look(name, value)
    if ('goal' in metric) this.#take(metric, value, step)
    else metric.mean += WEIGHT * (value - metric.mean)
  }

  #take(tracked: Tracked, value: number, step: number): void {
    this.#step = step
    tracked.last = value
    const better = tracked.goal === 'maximize' ? value > tracked.best! : value < tracked.best!
    if (tracked.best === null || better) Object.assign(tracked, { best: value, bestStep: step })
    this.#changed.add(tracked)
  }

  /** Metrics of the monitor for what has changed since the last time. */
  take(): { [name: string]: number } {
    const row: { [name: string]: number } = {}
    for (const tracked of this.#changed) {
      const { name, best, bestStep } = tracked
      row[`best/${name}`] = best!
      row[`best_step/${name}`] = bestStep
      row[`steps_since_best/${name}`] = Math.max(0, this.#step - bestStep)
      const gap = this.#gap(tracked)
      if (gap !== null) row[`generalization_gap/${name}`] = gap
    }
    this.#changed.clear()
    return row
  }

  all(): { [metric: string]: BestValue } {
    const seen = [...this.#metrics.values()].filter((metric) => 'goal' in metric && metric.best !== null)
    return Object.fromEntries(
      (seen as Tracked[]).map(({ name, best, bestStep }) => [name, { value: best!, step: bestStep }]),
    )
  }

  /** As a part of the training metric; above 0: the validation metric is worse. */
  #gap({ goal, last, partners }: Tracked): number | null {
    for (const name of partners) {
      const partner = this.#metrics.get(name)
      if (partner === undefined || 'goal' in partner) continue
      const worse = goal === 'maximize' ? partner.mean - last : last - partner.mean
      return partner.mean === 0 ? null : worse / Math.abs(partner.mean)
    }
    return null
  }

  #look(name: string, value: number): Tracked | Other {
    const { names, goals } = this.#options
    const goal = goals?.[name] ?? goalOf(name)
    const wanted = names?.includes(name) ?? (goal !== undefined && VALIDATION.test(name))
    const metric: Tracked | Other = wanted
      ? { name, goal: goal ?? 'minimize', partners: partnersOf(name), best: null, bestStep: 0, last: 0 }
      : { mean: value }
    if (this.#metrics.size < MAX_METRICS) this.#metrics.set(name, metric)
    return metric
  }
}

/** `val_loss` beside `loss`, `train_loss`, `train/loss`. */
function partnersOf(name: string): string[] {
  const rest = name.replace(VALIDATION, '')
  if (rest === name) return []
  const plain = rest.charAt(0).toLowerCase() + rest.slice(1)
  return [`train/${plain}`, `train_${plain}`, `train${rest}`, plain]
}
