import { join } from 'node:path'
import { errorText } from '../../run/read-back.js'
import { findTf } from '../find-tf.js'
import type { FitCallback, FitLogs, Tensor, Tf } from '../types.js'
import { summaryFileWriter } from './summary-file-writer.js'
import type { SummaryFileWriter } from './writer.js'

const NOT_METRICS = new Set(['batch', 'size', 'num_steps'])
const VALIDATION = 'val_'

export interface TensorBoardCallbackArgs {
  /** `batch`: points at the end of every batch, too. Default: `epoch`. */
  updateFreq?: 'batch' | 'epoch'
  /** Histograms of all weights every so many epochs; 0 (default): none. */
  histogramFreq?: number
  /** Your copy of TensorFlow.js, where the one that is loaded already is another: `import * as tf from ...`. */
  tf?: object
}

/** A tf.CustomCallback that writes TensorBoard event files. */
export interface TensorBoardCallback extends FitCallback {
  readonly logdir: string
}

/** The part of a tf.LayersModel that histograms need. */
interface Weighted {
  readonly weights: readonly { readonly name: string; read(): Tensor }[]
}

/**
 * A drop-in for `tf.node.tensorBoard()`: the same arguments, directories, tags and steps, on every backend.
 *
 * - `<logdir>/train`: `epoch_<metric>` (steps 1, 2, ...) and, with `updateFreq: 'batch'`, `batch_<metric>` (steps
 *   1, 2, ... over all epochs); with `histogramFreq`, each weight by its name (the step is the epoch, from 0)
 * - `<logdir>/val`: the metrics of validation, without their `val_`
 *
 * Metrics stay on the device until many of them are read at once, so `updateFreq: 'batch'` makes no batch wait.
 * Throws here for wrong arguments, and where no TensorFlow.js is found; never in the training.
 */
export function tensorBoard(
  logdir = './logs',
  args: TensorBoardCallbackArgs | null = {},
): TensorBoardCallback {
  const { updateFreq, histogramFreq } = checkArgs(args ?? {})
  const tf = findTf(args?.tf)
  const callback = newCallback(tf)
  const recorder = new Recorder(logdir, tf, updateFreq, histogramFreq)
  const setModel = callback.setModel.bind(callback)
  const yieldSometimes = callback.onBatchEnd.bind(callback)
  // Functions of their own rather than methods: behind a plain object in a list of callbacks, tfjs takes this one
  // for a plain object too, and calls its functions with a `this` of its own (which has those of a CustomCallback
  // call themselves for ever).
  return Object.assign(callback, {
    logdir,
    onTrainBegin: callback.onTrainBegin.bind(callback),
    onEpochBegin: callback.onEpochBegin.bind(callback),
    onBatchBegin: callback.onBatchBegin.bind(callback),
    setModel(model: unknown) {
      setModel(model)
      recorder.model = model as Weighted
    },
    async onBatchEnd(batch: number, logs?: FitLogs) {
      recorder.batchEnd(logs)
      await yieldSometimes(batch, logs)
    },
    onEpochEnd: (epoch: number, logs?: FitLogs) => recorder.epochEnd(epoch, logs),
    onTrainEnd: () => recorder.trainEnd(),
  })
}

function checkArgs(args: TensorBoardCallbackArgs): { updateFreq: 'batch' | 'epoch'; histogramFreq: number } {
  const updateFreq = args.updateFreq ?? 'epoch'
  if (updateFreq !== 'batch' && updateFreq !== 'epoch') {
    throw new Error(`Expected updateFreq to be 'batch' or 'epoch', but got ${updateFreq}`)
  }
  const histogramFreq = args.histogramFreq ?? 0
  if (!Number.isInteger(histogramFreq) || histogramFreq < 0) {
    throw new Error(`Expected histogramFreq to be a positive integer, but got ${histogramFreq}`)
  }
  return { updateFreq, histogramFreq }
}

/** As tfjs-node's: a CustomCallback, whose `onBatchEnd` lets the event loop turn eight times a second. */
function newCallback(tf: Tf): FitCallback {
  const { CustomCallback } = tf as Tf & { readonly CustomCallback: new (args: object) => FitCallback }
  return new CustomCallback({})
}

/** What one callback does with what fit() tells it. Nothing here throws or rejects. */
class Recorder {
  model: Weighted | undefined
  readonly #logdir: string
  readonly #tf: Tf
  readonly #updateFreq: 'batch' | 'epoch'
  readonly #histogramFreq: number
  #train: SummaryFileWriter | undefined
  #val: SummaryFileWriter | undefined
  /** Over all epochs, and all calls of fit(). */
  #batchesSeen = 0

  constructor(logdir: string, tf: Tf, updateFreq: 'batch' | 'epoch', histogramFreq: number) {
    this.#logdir = logdir
    this.#tf = tf
    this.#updateFreq = updateFreq
    this.#histogramFreq = histogramFreq
  }

  batchEnd(logs: FitLogs | undefined): void {
    this.#batchesSeen++
    if (this.#updateFreq === 'batch') this.#logMetrics(logs, 'batch_', this.#batchesSeen)
  }

  async epochEnd(epoch: number, logs: FitLogs | undefined): Promise<void> {
    this.#logMetrics(logs, 'epoch_', epoch + 1)
    if (this.#histogramFreq > 0 && epoch % this.#histogramFreq === 0) await this.#logWeights(epoch)
  }

  async trainEnd(): Promise<void> {
    await this.#train?.drain()
    await this.#val?.drain()
  }

  #logMetrics(logs: FitLogs | undefined, prefix: string, step: number): void {
    for (const key in logs) {
      if (NOT_METRICS.has(key)) continue
      if (key.startsWith(VALIDATION)) {
        this.#val ??= this.#writer('val')
        logMetric(this.#val, prefix + key.slice(VALIDATION.length), logs[key], step)
      } else {
        logMetric(this.#trainWriter(), prefix + key, logs[key], step)
      }
    }
  }

  /** One weight after the other, so that no more than one copy is on its way at any moment. */
  async #logWeights(epoch: number): Promise<void> {
    const writer = this.#trainWriter()
    if (this.model === undefined) {
      writer.warnings.warn(
        'no-model',
        'There are no histograms: tensorBoard() stands behind a plain object in `callbacks`, and is not told the model. Put it first.',
      )
      return
    }
    for (const weight of this.model.weights) {
      try {
        writer.histogram(weight.name, weight.read(), epoch)
      } catch (error) {
        writer.warnings.warn(
          'weight-unread',
          `The weight "${weight.name}" could not be read: ${errorText(error)}`,
        )
      }
      await writer.readBack.whenIdle()
    }
  }

  #trainWriter(): SummaryFileWriter {
    this.#train ??= this.#writer('train')
    return this.#train
  }

  #writer(name: 'train' | 'val'): SummaryFileWriter {
    const writer = summaryFileWriter(join(this.#logdir, name))
    writer.readBack.tf ??= this.#tf
    return writer
  }
}

function logMetric(writer: SummaryFileWriter, tag: string, value: unknown, step: number): void {
  try {
    writer.scalar(tag, value as Tensor | number, step)
  } catch (error) {
    // A metric of one's own that is no scalar: fit() is not to end for it.
    writer.warnings.warn(
      'value-refused',
      `The metric "${tag}" is refused, only scalars are written: ${errorText(error)}`,
    )
  }
}
