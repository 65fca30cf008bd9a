import * as tf from '@tensorflow/tfjs-core'
import type { CharacterModel } from './model.js'
import { batchAt, type Corpus } from './text.js'

/**
 * Perplexity on the validation text of a model that knows only how often each training character occurs (with
 * add-one smoothing). A model that learned anything about order must be below it.
 */
export function unigramPerplexity({ training, validation, vocabulary }: Corpus): number {
  const counts = new Float64Array(vocabulary.size).fill(1)
  for (const id of training) counts[id]! += 1
  const total = training.length + vocabulary.size
  let negativeLogLikelihood = 0
  for (const id of validation) negativeLogLikelihood -= Math.log(counts[id]! / total)
  return Math.exp(negativeLogLikelihood / validation.length)
}

export interface EvaluationOptions {
  readonly sequenceLength: number
  readonly batchSize: number
  /** Spread evenly over the text; fewer where it is short. */
  readonly maxBatches: number
}

/** Mean cross-entropy in nats per character over fixed windows of `ids`, the same ones at every call. */
export async function meanLoss(
  model: CharacterModel,
  ids: Uint8Array,
  options: EvaluationOptions,
): Promise<number> {
  const { sequenceLength, batchSize, maxBatches } = options
  const windows = Math.floor((ids.length - 1) / sequenceLength)
  const batches = Math.min(maxBatches, Math.floor(windows / batchSize))
  const spacing = windows / (batches * batchSize)
  let total = 0
  for (let batch = 0; batch < batches; batch++) {
    const starts = Array.from(
      { length: batchSize },
      (_, sequence) => Math.floor((batch * batchSize + sequence) * spacing) * sequenceLength,
    )
    const loss = tf.tidy(() => model.loss(batchAt(ids, starts, sequenceLength)))
    total += (await loss.data())[0]!
    loss.dispose()
  }
  return total / batches
}
