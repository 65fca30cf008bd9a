import { Guard } from '../../guard/guard.js'
import { DISABLED_LOGGER, DisabledRun } from '../../run/disabled-run.js'
import type { MetricLogger } from '../../run/values.js'
import { findCore } from '../find-tf.js'
import { learningRateOf } from '../learning-rate.js'
import { Problems } from '../problems.js'
import type { TfCore } from '../types.js'
import { logArchitecture } from './architecture.js'
import { GradientHook, type Update } from './gradient-hook.js'
import {
  isModel,
  readWatchOptions,
  type WatchOptions,
  type WatchSettings,
  type WatchTarget,
} from './options.js'
import { countParameters, type Parameter, parametersOf } from './parameters.js'
import { Snapshot } from './snapshot.js'

/** What `watch()` returns. */
export interface Watcher {
  /** Updates of the optimizer so far; the step of the last row. */
  readonly step: number
  readonly guard: Guard | null
  /** What went wrong, by kind, and how often. */
  readonly problems: { readonly [kind: string]: number }
  /** Ends the watching: the optimizer is as it was. */
  stop(): void
}

/**
 * Watches the weights and gradients of a model while it is trained, by `model.fit()` or by a loop of your own that
 * calls the optimizer's `minimize()`, or `computeGradients()` and `applyGradients()`.
 *
 * At every `every`-th update: histograms of weights and gradients; their norms, by layer and in total; NaN and
 * infinite values by variable; the gradients' norm before they were clipped, and the ratio; the learning rate. All
 * but the histograms is computed on the device and read back once. At once: the architecture and the size.
 *
 * Throws here, before the training, where an option is wrong; never in the training.
 */
export function watch(run: MetricLogger, target: WatchTarget, options: WatchOptions = {}): Watcher {
  const settings = readWatchOptions(target, options)
  const tf = findCore(options.tf)
  const guard = options.guard === false ? null : (options.guard ?? new Guard(run))
  const watching = new Watching(run, target, settings, tf, guard)
  if (run !== DISABLED_LOGGER && !(run instanceof DisabledRun)) watching.start()
  return watching
}

class Watching implements Watcher {
  readonly guard: Guard | null
  step: number
  readonly #run: MetricLogger
  readonly #target: WatchTarget
  readonly #settings: WatchSettings
  readonly #tf: TfCore
  readonly #problems = new Problems()
  #parameters: readonly Parameter[] = []
  #hook: GradientHook | null = null

  constructor(
    run: MetricLogger,
    target: WatchTarget,
    settings: WatchSettings,
    tf: TfCore,
    guard: Guard | null,
  ) {
    this.#run = run
    this.#target = target
    this.#settings = settings
    this.#tf = tf
    this.guard = guard
    this.step = settings.startStep
  }

  get problems(): { readonly [kind: string]: number } {
    return { ...this.#problems.counts }
  }

  start(): void {
    this.#parameters = parametersOf(this.#target)
    const { optimizer, prefix, every } = this.#settings
    const { total, trainable } = countParameters(this.#parameters)
    this.#run.log(
      { [`${prefix}model/parameters`]: total, [`${prefix}model/trainable_parameters`]: trainable },
      this.step,
    )
    if (isModel(this.#target)) logArchitecture(this.#run, this.#target, prefix, this.#problems)
    const listener = {
      wanted: () => (this.step + 1) % every === 0,
      updated: (update: Update | null) => this.#updated(update),
    }
    this.#hook = new GradientHook(optimizer, this.#tf, listener, this.#problems)
  }

  stop(): void {
    this.#hook?.remove()
    this.#hook = null
  }

  #updated(update: Update | null): void {
    this.step++
    if (update === null) return
    const { weights, gradients, prefix, optimizer } = this.#settings
    const step = this.step
    const snapshot = new Snapshot(
      this.#tf,
      this.#parameters.filter((one) => this.#isThere(one)),
      update,
    )
    const row = { ...snapshot.row(prefix), [`${prefix}optimizer/learning_rate`]: learningRateOf(optimizer) }
    this.#run.log(row, step)
    snapshot.read.start()
    void snapshot.read.done.then(
      (read) => this.#problems.catch('guard', 'The guard', () => this.#check(snapshot, read, step)),
      // The row hears of it too: the run counts it as dropped, and says why.
      () => {},
    )
    if (weights) this.#histograms(`${prefix}weights/`, snapshot.weights, step)
    if (gradients) this.#histograms(`${prefix}gradients/`, snapshot.gradients, step)
  }

  /** Kernels do not check: they make something of a tensor that is disposed. */
  #isThere({ name, read }: Parameter): boolean {
    const there = !read().isDisposed
    if (!there)
      this.#problems.add('unreadable', `The weight "${name}" is disposed: it is not watched any more.`)
    return there
  }

  #histograms(prefix: string, tensors: Snapshot['weights'], step: number): void {
    for (const { name, tensor } of tensors) this.#run.histogram(prefix + name, tensor, step)
  }

  #check(snapshot: Snapshot, read: ArrayLike<number>, step: number): void {
    if (this.guard === null) return
    for (const { name, size, statistics } of snapshot.results(read, this.#settings.prefix)) {
      this.guard.checkTensor(name, statistics, step, size)
    }
    if (this.guard.stopped && isModel(this.#target)) this.#target.stopTraining = true
  }
}
