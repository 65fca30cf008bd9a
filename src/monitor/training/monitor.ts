import { emitWarning } from '../../run/connect.js'
import type { MetricLogger, MetricValues } from '../../run/values.js'
import { BestValues } from './best-values.js'
import { type MonitorSettings, settingsOf } from './options.js'
import { StepClock } from './step-clock.js'
import type { TrainingMonitorOptions, TrainingSummary } from './types.js'

/** How much of the newest interval the estimate of the remaining time takes in. */
const ETA_WEIGHT = 0.3

/**
 * Measures a training from its loop: throughput, step times, loading of data, progress, best values. All calls are for
 * the thread of the loop; they are as cheap as a log call, block nothing, and never throw by themselves. Its own
 * metrics are rows of the run, every `every` steps, at the step of the loop.
 */
export class TrainingMonitor {
  readonly #run: MetricLogger
  readonly #settings: MonitorSettings
  readonly #clock: StepClock
  readonly #best: BestValues
  readonly #now: () => number
  /** Of the last call of `step()`. */
  #step: number | null = null
  #calls = 0
  #msPerStep: number | null = null

  /** `now`: milliseconds by a clock that no one sets. */
  constructor(run: MetricLogger, options: TrainingMonitorOptions = {}, now = () => performance.now()) {
    this.#run = run
    this.#settings = settingsOf(options, (message) => emitWarning('training-monitor', message))
    this.#now = now
    this.#clock = new StepClock(now, this.#settings.stallFactor)
    this.#best = new BestValues({ names: options.best, goals: options.goals })
  }

  /**
   * A training step is done: logs its values as `run.log()` does, and times it. Without `step`, steps count on by 1.
   * A `step` that is higher by more counts as that many steps.
   */
  step(values: MetricValues = {}, step: number = (this.#step ?? -1) + 1): void {
    const before = this.#step
    const made = before === null || !(step > before) ? 1 : step - before
    this.#clock.step(made)
    if (Number.isFinite(step)) this.#step = step
    this.#see(values, step)
    this.#run.log(values, step)
    this.#calls++
    if (this.#calls % this.#settings.every === 0) this.#report()
  }

  /** Logs values that are of no step of their own, those of a validation say, and keeps the best ones. */
  log(values: MetricValues, step: number = this.#step ?? 0): void {
    this.#see(values, step)
    this.#run.log(values, step)
    if (this.#best.changed) this.#run.log(this.#best.take(), step)
  }

  /** From here until `endData()` the loop waits for data. */
  startData(): void {
    this.#clock.dataBegins()
  }

  endData(): void {
    this.#clock.dataEnds()
  }

  /** Calls `load`, and counts the time until its result is there as loading. Throws and rejects as `load` does. */
  data<T>(load: () => T): T {
    this.#clock.dataBegins()
    return settled(load, () => this.#clock.dataEnds())
  }

  /** Goes through batches, and counts the wait for each as loading. */
  async *batches<T>(source: AsyncIterable<T> | Iterable<T>): AsyncGenerator<T, void, undefined> {
    this.#clock.dataBegins()
    for await (const batch of source) {
      this.#clock.dataEnds()
      yield batch
      this.#clock.dataBegins()
    }
    this.#clock.dataEnds()
  }

  /** Calls `work` (a validation, a checkpoint), whose time is of no step. Throws and rejects as `work` does. */
  untimed<T>(work: () => T): T {
    const begun = this.#now()
    return settled(work, () => this.#clock.leaveOut(this.#now() - begun))
  }

  /** What the training has come to until now. */
  summary(): TrainingSummary {
    this.#report()
    const { timed, times } = this.#clock.total()
    const { batchSize, tokensPerStep } = this.#settings
    const perSecond = timed.ms > 0 ? (timed.steps / timed.ms) * 1000 : null
    const rate = (of: number | null) => (of === null || perSecond === null ? null : perSecond * of)
    return {
      steps: timed.steps,
      seconds: timed.ms / 1000,
      stepsPerSecond: perSecond,
      samplesPerSecond: rate(batchSize),
      tokensPerSecond: rate(tokensPerStep),
      stepMs: times,
      dataShare: this.#clock.knowsData && timed.ms > 0 ? share(timed.dataMs, timed.ms) : null,
      stalls: this.#clock.stalls,
      best: this.#best.all(),
    }
  }

  /** Puts the whole training's throughput into the run's summary, by the names of Hugging Face's Trainer. */
  finish(): TrainingSummary {
    const summary = this.summary()
    this.#run.updateSummary({
      train_runtime: summary.seconds,
      train_steps_per_second: summary.stepsPerSecond ?? undefined,
      train_samples_per_second: summary.samplesPerSecond ?? undefined,
      train_tokens_per_second: summary.tokensPerSecond ?? undefined,
    })
    return summary
  }

  #see(values: MetricValues, step: number): void {
    try {
      for (const name in values) {
        const value = values[name]
        if (typeof value === 'number') this.#best.see(name, value, step)
      }
    } catch {
      // A getter of the user's that throws: run.log() tells of it.
    }
  }

  #report(): void {
    const taken = this.#clock.take()
    const step = this.#step ?? 0
    const row = this.#best.take()
    if (taken !== null) Object.assign(row, this.#timing(taken), this.#progress(step))
    if (Object.keys(row).length > 0) this.#run.log(row, step)
  }

  #timing({ timed, times }: NonNullable<ReturnType<StepClock['take']>>): { [name: string]: number } {
    const { batchSize, tokensPerStep } = this.#settings
    const mean = timed.ms / timed.steps
    this.#msPerStep =
      this.#msPerStep === null ? mean : this.#msPerStep + ETA_WEIGHT * (mean - this.#msPerStep)
    // A clock of whole milliseconds may have measured none.
    const perSecond = timed.ms > 0 ? 1000 / mean : null
    return {
      ...(perSecond !== null && { 'throughput/steps_per_sec': perSecond }),
      ...(perSecond !== null &&
        batchSize !== null && { 'throughput/samples_per_sec': perSecond * batchSize }),
      ...(perSecond !== null &&
        tokensPerStep !== null && { 'throughput/tokens_per_sec': perSecond * tokensPerStep }),
      'time/step_ms_p50': times.p50,
      'time/step_ms_p90': times.p90,
      'time/step_ms_p99': times.p99,
      'time/step_ms_max': times.max,
      'time/stalls': this.#clock.stalls,
      ...(this.#clock.knowsData && timed.ms > 0 && { 'time/data_share': share(timed.dataMs, timed.ms) }),
    }
  }

  /** `step`: the one that is done, from 0. */
  #progress(step: number): { [name: string]: number } {
    const { totalSteps, stepsPerEpoch } = this.#settings
    const done = step + 1
    const epoch = stepsPerEpoch === null ? {} : { 'progress/epoch': done / stepsPerEpoch }
    if (totalSteps === null) return epoch
    const left = Math.max(0, totalSteps - done)
    return {
      ...epoch,
      'progress/percent': Math.min(100, (done / totalSteps) * 100),
      'progress/eta_s': (left * this.#msPerStep!) / 1000,
    }
  }
}

const share = (part: number, whole: number): number => Math.min(1, part / whole)

/** Calls `work`, and `done` when it is over, however it ends. */
function settled<T>(work: () => T, done: () => void): T {
  let result: T
  try {
    result = work()
  } catch (error) {
    done()
    throw error
  }
  if (!isThenable(result)) {
    done()
    return result
  }
  return result.then(
    (value) => {
      done()
      return value
    },
    (error: unknown) => {
      done()
      throw error
    },
  ) as T
}

const isThenable = (value: unknown): value is PromiseLike<unknown> =>
  typeof (value as PromiseLike<unknown> | null | undefined)?.then === 'function'

/** A monitor for the training that logs to `run`. */
export const trainingMonitor = (run: MetricLogger, options?: TrainingMonitorOptions): TrainingMonitor =>
  new TrainingMonitor(run, options)
