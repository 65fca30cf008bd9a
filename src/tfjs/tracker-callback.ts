import { Guard } from '../guard/guard.js'
import { DISABLED_LOGGER, DisabledRun } from '../run/disabled-run.js'
import type { MetricLogger } from '../run/values.js'
import { readCallbackOptions, type TrackerCallbackOptions } from './callback-options.js'
import { findTf } from './find-tf.js'
import { FitRecorder } from './fit-recorder.js'
import { Problems } from './problems.js'
import type { FitCallback } from './types.js'

/** A tf.Callback that logs to a run. */
export interface TrackerCallback extends FitCallback {
  /** Batches trained so far; the step of the last row. */
  readonly step: number
  readonly guard: Guard | null
  /** How many batches and epochs it saw, how often it read the device, and what went wrong, by kind. */
  readonly counts: {
    readonly batches: number
    readonly epochs: number
    readonly readBacks: number
    readonly problems: { readonly [kind: string]: number }
  }
}

/**
 * Logs what `model.fit()` and `model.fitDataset()` report: `callbacks: trackerCallback(run)`.
 *
 * - each batch: `batch/loss`, the metrics, `batch/learning_rate`, `batch/ms`, `batch/samples_per_second`
 * - each epoch: `epoch/loss`, `epoch/val_loss`, the metrics, `epoch/epoch`, and the same three
 *
 * The step of a row is the number of batches trained so far, over all epochs and calls of fit().
 *
 * It is a tf.Callback of your copy of tfjs, and so gets scalars as tensors: it keeps them, and reads those of many
 * batches back at once, where an object with `onBatchEnd` makes tfjs wait for the device at every batch.
 *
 * Throws here, before the training, where an option is wrong or no TensorFlow.js is found; never in the training:
 * what fails there is in `counts.problems`, and warned of once per kind.
 */
export function trackerCallback(run: MetricLogger, options: TrackerCallbackOptions = {}): TrackerCallback {
  const settings = readCallbackOptions(options)
  const tf = findTf(options.tf)
  const problems = new Problems()
  const guard = options.guard === false ? null : (options.guard ?? new Guard(run))
  const enabled = run !== DISABLED_LOGGER && !(run instanceof DisabledRun)
  const recorder = new FitRecorder(enabled ? run : null, tf, settings, problems, guard)
  const callback = new tf.Callback()
  const view = {
    step: { get: () => recorder.step, enumerable: true },
    guard: { value: guard, enumerable: true },
    counts: {
      enumerable: true,
      get: (): TrackerCallback['counts'] => ({
        batches: recorder.step - settings.startStep,
        epochs: recorder.epochs,
        readBacks: recorder.reader?.readBacks ?? 0,
        problems: { ...problems.counts },
      }),
    },
  }
  Object.assign(callback, events(callback, recorder, problems))
  return Object.defineProperties(callback, view) as TrackerCallback
}

/**
 * Functions of their own rather than methods: where the callback stands behind a plain object in a list, tfjs takes
 * it for a plain object too, and calls them without their `this`.
 */
function events(callback: FitCallback, recorder: FitRecorder, problems: Problems): Partial<FitCallback> {
  const setModel = callback.setModel.bind(callback)
  let hasModel = false
  const safely =
    <Args extends unknown[]>(name: string, act: (...args: Args) => void | Promise<void>) =>
    async (...args: Args): Promise<void> => {
      try {
        await act(...args)
      } catch (error) {
        problems.failed('callback', `trackerCallback's ${name}`, error)
      }
    }
  return {
    setModel(model) {
      setModel(model)
      recorder.setModel(model)
      hasModel = true
    },
    onTrainBegin: safely('onTrainBegin', () => {
      if (!hasModel) {
        problems.add(
          'plain-object',
          'trackerCallback() stands behind a plain object in `callbacks`, so tfjs reads the device at every batch, and the learning rate is unknown. Make the others `new tf.CustomCallback({ ... })`.',
        )
      }
      recorder.trainBegin()
    }),
    onTrainEnd: safely('onTrainEnd', () => recorder.trainEnd()),
    onEpochBegin: safely('onEpochBegin', () => recorder.epochBegin()),
    onEpochEnd: safely('onEpochEnd', (epoch, logs) => recorder.epochEnd(epoch, logs)),
    onBatchEnd: safely('onBatchEnd', (_batch, logs) => recorder.batchEnd(logs)),
  } satisfies Partial<FitCallback>
}
