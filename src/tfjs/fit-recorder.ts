import { setImmediate } from 'node:timers/promises'
import type { Guard } from '../guard/index.js'
import type { MetricLogger } from '../run/values.js'
import type { CallbackSettings } from './callback-options.js'
import { learningRateOf } from './learning-rate.js'
import type { Problems } from './problems.js'
import { type RowObserver, ScalarReader } from './scalar-reader.js'
import type { FitLogs, TfCore, TrainedModel } from './types.js'

/** What tfjs says of a batch beside its metrics. */
const NOT_METRICS = new Set(['batch', 'size', 'num_steps'])

/** Wall time, batches and samples since some moment. */
class Stopwatch {
  #since = performance.now()
  #batches = 0
  #samples = 0

  restart(): void {
    this.#since = performance.now()
    this.#batches = 0
    this.#samples = 0
  }

  count(samples: number): void {
    this.#batches++
    this.#samples += samples
  }

  get ms(): number {
    return performance.now() - this.#since
  }

  get msPerBatch(): number {
    return this.ms / Math.max(1, this.#batches)
  }

  /** Undefined where tfjs did not say how large a batch was. */
  get samplesPerSecond(): number | undefined {
    return this.#samples > 0 ? (this.#samples / this.ms) * 1000 : undefined
  }
}

/** What happens at each event of `model.fit()`. The step is the number of batches trained so far. */
export class FitRecorder {
  /** Null for a disabled run, for which nothing is kept and nothing is read. */
  readonly reader: ScalarReader | null
  step: number
  epochs = 0
  readonly #settings: CallbackSettings
  readonly #guard: Guard | null
  readonly #batch = new Stopwatch()
  readonly #epoch = new Stopwatch()
  #model: TrainedModel | undefined
  #yieldedAt = 0

  constructor(
    run: MetricLogger | null,
    tf: TfCore,
    settings: CallbackSettings,
    problems: Problems,
    guard: Guard | null,
  ) {
    this.#settings = settings
    this.#guard = guard
    this.step = settings.startStep
    const limits = { rows: settings.readEvery, intervalMs: settings.readIntervalMs }
    const observe: RowObserver = (step, values) => this.#check(step, values)
    this.reader = run === null ? null : new ScalarReader(run, tf, limits, problems, observe)
  }

  setModel(model: unknown): void {
    this.#model = model as TrainedModel
  }

  trainBegin(): void {
    this.#yieldedAt = performance.now()
  }

  epochBegin(): void {
    this.#epoch.restart()
    this.#batch.restart()
  }

  async batchEnd(logs: FitLogs = {}): Promise<void> {
    this.step++
    const { logEvery, yieldEveryMs } = this.#settings
    const size = typeof logs.size === 'number' ? logs.size : 0
    this.#batch.count(size)
    this.#epoch.count(size)
    if (logEvery > 0 && this.step % logEvery === 0) {
      this.#log('batch/', logs, this.#batch.msPerBatch, this.#batch.samplesPerSecond)
      this.#batch.restart()
    }
    await this.reader?.keepUp()
    if (performance.now() - this.#yieldedAt >= yieldEveryMs) {
      await setImmediate()
      this.#yieldedAt = performance.now()
    }
  }

  /** The values are kept at once: tfjs changes the object later (tfjs#984). */
  epochEnd(epoch: number, logs: FitLogs = {}): void {
    this.epochs++
    this.#log('epoch/', { epoch, ...logs }, this.#epoch.ms, this.#epoch.samplesPerSecond)
    this.reader?.read()
  }

  async trainEnd(): Promise<void> {
    await this.reader?.settle()
  }

  #log(kind: 'batch/' | 'epoch/', logs: FitLogs, ms: number, samplesPerSecond: number | undefined): void {
    if (this.reader === null) return
    const prefix = this.#settings.prefix + kind
    const row: Record<string, unknown> = {}
    for (const name in logs) if (!NOT_METRICS.has(name)) row[prefix + name] = logs[name]
    row[`${prefix}learning_rate`] = learningRateOf(this.#model?.optimizer)
    row[`${prefix}ms`] = ms
    row[`${prefix}samples_per_second`] = samplesPerSecond
    this.reader.log(row, this.step)
  }

  #check(step: number, values: { readonly [name: string]: number }): void {
    if (this.#guard?.check(values, step) && this.#model !== undefined) this.#model.stopTraining = true
  }
}
