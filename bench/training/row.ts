import type { TrainedStep } from './workload.js'

export type Row = { readonly [metric: string]: number }

/** How much of the average the newest value is. */
const NEWEST = 0.02

/** The 20 metrics of a step, as a training would have them; made for the tracker, and so part of what it costs. */
export class Rows {
  #averageLoss = Number.NaN
  #averageNorm = Number.NaN
  #bestLoss = Number.POSITIVE_INFINITY
  #largestNorm = 0

  of(
    { loss, gradientNorm, clippedGradientNorm, learningRate, sequences, tokens }: TrainedStep,
    step: number,
    seconds: number,
  ): Row {
    this.#averageLoss = average(this.#averageLoss, loss)
    this.#averageNorm = average(this.#averageNorm, gradientNorm)
    this.#bestLoss = Math.min(this.#bestLoss, loss)
    this.#largestNorm = Math.max(this.#largestNorm, gradientNorm)
    return {
      'train/loss': loss,
      'train/loss_average': this.#averageLoss,
      'train/loss_best': this.#bestLoss,
      'train/perplexity': Math.exp(loss),
      'train/likelihood': Math.exp(-loss),
      'train/bits_per_character': loss / Math.LN2,
      'train/learning_rate': learningRate,
      'train/grad_norm': gradientNorm,
      'train/grad_norm_average': this.#averageNorm,
      'train/grad_norm_largest': this.#largestNorm,
      'train/grad_norm_clipped': clippedGradientNorm,
      'train/clip_ratio': clippedGradientNorm / gradientNorm,
      'train/update_norm': clippedGradientNorm * learningRate,
      'progress/sequences': sequences * step,
      'progress/tokens': tokens * step,
      'time/step': seconds,
      'time/steps_per_second': 1 / seconds,
      'time/sequences_per_second': sequences / seconds,
      'time/tokens_per_second': tokens / seconds,
      'time/token': seconds / tokens,
    }
  }
}

const average = (before: number, value: number): number =>
  Number.isNaN(before) ? value : before + (value - before) * NEWEST
