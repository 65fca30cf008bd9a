import { emitWarning } from '../run/connect.js'
import { errorText } from '../run/read-back.js'
import type { MetricLogger, MetricValues } from '../run/values.js'
import { type Warn, warnOnce } from '../run/warnings.js'
import type { BadValues, GuardCounts, GuardEvent, GuardOptions } from './types.js'

/** A metric that is built from a counter must not fill the memory. */
const MAX_NAMES = 10_000
/** A NaN in the weights is soon in everything: the first names tell enough. */
const MAX_TOLD = 8

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

/**
 * Looks for NaN and infinities in what a training logs, by name, and acts on the first ones. All calls are cheap,
 * synchronous, and never throw.
 */
export class Guard {
  readonly #run: MetricLogger
  readonly #options: GuardOptions
  readonly #tell: Warn
  readonly #warn: Warn
  readonly #counts = new Map<string, Mutable<GuardCounts>>()
  #stopped = false
  #firstBadStep: number | null = null
  #badInARow = 0
  #told = 0
  #lastStep: number | null = null
  #stepIsBad = false

  constructor(run: MetricLogger, options: GuardOptions = {}, tell: Warn = emitWarning) {
    this.#run = run
    this.#options = options
    this.#tell = tell
    this.#warn = warnOnce(tell)
  }

  /** True once the action `stop` asks the loop to end. */
  get stopped(): boolean {
    return this.#stopped
  }

  /** The step of the first bad value of any name. */
  get firstBadStep(): number | null {
    return this.#firstBadStep
  }

  /** Counts by name. A copy. */
  get counts(): { readonly [name: string]: GuardCounts } {
    return Object.fromEntries([...this.#counts].map(([name, counts]) => [name, { ...counts }]))
  }

  /**
   * Looks at the numbers of one step. Values that are no numbers, tensors among them, are left out: hand their
   * numbers over when they are read. Returns `stopped`.
   */
  check(values: MetricValues, step: number): boolean {
    for (const name in values) {
      const value = values[name]
      if (typeof value !== 'number') continue
      const nan = Number.isNaN(value) ? 1 : 0
      this.#look(name, step, { nan, infinite: nan === 0 && !Number.isFinite(value) ? 1 : 0 }, 1)
    }
    return this.#stopped
  }

  /** The same for a whole tensor of `size` values, whose bad ones were counted already. */
  checkTensor(name: string, bad: BadValues, step: number, size = 1): boolean {
    this.#look(name, step, bad, size)
    return this.#stopped
  }

  /** Logs a row to the run, and checks it: `run.log()` with a guard. */
  log(values: MetricValues, step: number): boolean {
    this.#run.log(values, step)
    return this.check(values, step)
  }

  #look(name: string, step: number, { nan, infinite }: BadValues, size: number): void {
    if (this.#options.only?.(name) === false) return
    this.#turnTo(step)
    const counts = this.#countsOf(name)
    if (counts === null) return
    counts.checked += size
    if (nan === 0 && infinite === 0) return
    const first = counts.firstBadStep === null
    counts.nan += nan
    counts.infinite += infinite
    counts.firstBadStep ??= step
    counts.lastBadStep = step
    this.#firstBadStep ??= step
    if (!this.#stepIsBad) {
      this.#stepIsBad = true
      this.#badInARow++
    }
    this.#act({ name, step, nan, infinite, first })
  }

  /** Rows of one step may come in several calls. */
  #turnTo(step: number): void {
    if (step === this.#lastStep) return
    if (!this.#stepIsBad) this.#badInARow = 0
    this.#lastStep = step
    this.#stepIsBad = false
  }

  #act(event: GuardEvent): void {
    const { action = 'warn', patience = 1, onEvent } = this.#options
    if (event.first && action !== 'count') this.#tellOf(event)
    if (event.first && action === 'alert') this.#run.text(`alerts/${event.name}`, describe(event), event.step)
    if (action === 'stop' && this.#badInARow >= patience) this.#stopped = true
    try {
      onEvent?.(event)
    } catch (error) {
      this.#warn('guard-callback', `The guard's onEvent threw, and the run goes on: ${errorText(error)}`)
    }
  }

  #tellOf(event: GuardEvent): void {
    this.#told++
    if (this.#told > MAX_TOLD) return
    const last = this.#told === MAX_TOLD ? ' Further names are only counted: see guard.counts.' : ''
    this.#tell('not-finite', describe(event) + last)
  }

  #countsOf(name: string): Mutable<GuardCounts> | null {
    let counts = this.#counts.get(name)
    if (counts === undefined) {
      if (this.#counts.size >= MAX_NAMES) {
        this.#warn(
          'guard-names',
          `The guard looks at ${MAX_NAMES} names: further ones, such as "${name.slice(0, 60)}", are not checked. Name those to watch in \`only\`.`,
        )
        return null
      }
      counts = { checked: 0, nan: 0, infinite: 0, firstBadStep: null, lastBadStep: null }
      this.#counts.set(name, counts)
    }
    return counts
  }
}

function describe({ name, step, nan, infinite }: GuardEvent): string {
  const what = [nan > 0 && `${nan} NaN`, infinite > 0 && `${infinite} infinite`].filter(Boolean).join(' and ')
  return `"${name}" holds ${what} at step ${step}. Later ones are counted, and not told again.`
}

/** A guard for the metrics and tensors of `run`. See `GuardOptions` for what it may do. */
export const guard = (run: MetricLogger, options?: GuardOptions): Guard => new Guard(run, options)
