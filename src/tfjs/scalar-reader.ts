import type { MetricLogger, MetricValue } from '../run/values.js'
import type { LateScalar } from './device-read.js'
import type { Problems } from './problems.js'
import { ReadGroup } from './read-group.js'
import type { Tensor, TfCore } from './types.js'

export interface ReaderLimits {
  /** Rows that are read back together. */
  readonly rows: number
  /** The longest that a row waits for others, ms. */
  readonly intervalMs: number
}

/** Told of each row once its numbers are known. */
export type RowObserver = (step: number, values: { readonly [name: string]: number }) => void

interface OpenRow {
  readonly step: number
  readonly values: { readonly [name: string]: number | LateScalar }
}

/** Groups that may be on their way: so far the device may be behind before the loop waits for it. */
const MAX_UNDER_WAY = 4

/**
 * Logs rows whose values are scalars on a device, and reads many rows back at once: one copy and one wait per
 * group instead of one per value. Rows come in the order of their calls.
 */
export class ScalarReader {
  readonly #run: MetricLogger
  readonly #tf: TfCore
  readonly #limits: ReaderLimits
  readonly #problems: Problems
  readonly #observe: RowObserver
  #group: ReadGroup | null = null
  #rows: OpenRow[] = []
  #openedAt = 0
  #timer: NodeJS.Timeout | undefined
  readonly #underWay: Promise<void>[] = []
  /** How many times the device was read. */
  readBacks = 0

  constructor(
    run: MetricLogger,
    tf: TfCore,
    limits: ReaderLimits,
    problems: Problems,
    observe: RowObserver = () => {},
  ) {
    this.#run = run
    this.#tf = tf
    this.#limits = limits
    this.#problems = problems
    this.#observe = observe
  }

  /** Logs one row. Tensors may be disposed right after. Never throws. */
  log(values: { readonly [name: string]: unknown }, step: number): void {
    const taken: Record<string, number | LateScalar> = {}
    let late = false
    for (const name in values) {
      const value = this.#take(name, values[name])
      if (value === undefined) continue
      late ||= typeof value !== 'number'
      taken[name] = value
    }
    // A row of numbers would overtake the rows that still wait for their device.
    if (!late && (this.#group !== null || this.#underWay.length > 0)) this.#hold(taken)
    else if (!late) {
      this.#run.log(taken as Record<string, number>, step)
      this.#problems.catch('observer', 'The guard', () =>
        this.#observe(step, taken as Record<string, number>),
      )
      return
    }
    this.#run.log(taken as Record<string, MetricValue>, step)
    this.#rows.push({ step, values: taken })
    const { rows, intervalMs } = this.#limits
    if (this.#rows.length >= rows || performance.now() - this.#openedAt >= intervalMs) this.read()
  }

  /** Reads what is open now instead of waiting for more. Returns at once. */
  read(): void {
    const group = this.#group
    if (group === null) return
    const rows = this.#rows
    this.#group = null
    this.#rows = []
    clearTimeout(this.#timer)
    this.readBacks++
    const ended = group.done.then(
      (values) => this.#tell(rows, values),
      // Its rows are counted as dropped by the run, which also says why.
      () => {},
    )
    this.#underWay.push(ended)
    void ended.then(() => this.#underWay.splice(this.#underWay.indexOf(ended), 1))
    group.read()
  }

  /** Waits only where the device is several groups behind. */
  async keepUp(): Promise<void> {
    if (this.#underWay.length >= MAX_UNDER_WAY) await this.#underWay[0]
  }

  /** Reads everything and waits for it. */
  async settle(): Promise<void> {
    this.read()
    await Promise.all(this.#underWay)
  }

  /** Undefined where there is nothing to log. */
  #take(name: string, value: unknown): number | LateScalar | undefined {
    if (typeof value === 'number') return value
    if (typeof (value as Tensor | null | undefined)?.clone !== 'function') return undefined
    const tensor = value as Tensor
    if (tensor.size !== 1) {
      this.#problems.add(
        'not-a-scalar',
        `"${name}" is a tensor of ${tensor.size} values: only scalars are logged. Use run.histogram() for it.`,
      )
      return undefined
    }
    return this.#problems.catch('unreadable', `Reading "${name}"`, () => this.#open().add(tensor))
  }

  #open(): ReadGroup {
    if (this.#group === null) {
      this.#group = new ReadGroup(this.#tf)
      this.#openedAt = performance.now()
      // A loop that has ended, or waits for its data, closes no group by itself.
      this.#timer = setTimeout(() => this.read(), this.#limits.intervalMs)
    }
    return this.#group
  }

  /** Makes one number wait with the others. */
  #hold(taken: Record<string, number | LateScalar>): void {
    const name = Object.keys(taken)[0]
    if (name !== undefined) taken[name] = this.#open().addNumber(taken[name] as number)
  }

  #tell(rows: readonly OpenRow[], read: ArrayLike<number>): void {
    for (const { step, values } of rows) {
      const numbers: Record<string, number> = {}
      for (const name in values) {
        const value = values[name]!
        numbers[name] = typeof value === 'number' ? value : value.from(read)
      }
      this.#problems.catch('observer', 'The guard', () => this.#observe(step, numbers))
    }
  }
}
