import type { PrCurveValue } from '../../record/media.js'
import type { NumberArray } from '../request.js'

/** One entry of each list per threshold. */
export type Curve = { readonly [Field in keyof PrCurveValue]: NumberArray }

/** What TensorBoard divides by where there is nothing to count. */
const MINIMUM_COUNT = 1e-7

/**
 * As `tensorboard.plugins.pr_curve.summary.pb` counts, so that its pages show the same curve: a prediction is positive
 * at threshold `i` where `floor(prediction * (thresholds - 1)) >= i`, in the precision of the predictions.
 */
export function countCurve(
  labels: NumberArray,
  predictions: NumberArray,
  thresholds: number,
  weights?: NumberArray,
): Curve {
  const truePositives = new Float64Array(thresholds)
  const falsePositives = new Float64Array(thresholds)
  const isSingle = predictions instanceof Float32Array
  for (let i = 0; i < predictions.length; i++) {
    const place = predictions[i]! * (thresholds - 1)
    const bucket = Math.floor(isSingle ? Math.fround(place) : place)
    const positives = labels[i] === 1 ? truePositives : falsePositives
    positives[bucket]! += weights === undefined ? 1 : weights[i]!
  }
  sumFromTheEnd(truePositives)
  sumFromTheEnd(falsePositives)
  const trueNegatives = falsePositives.map((count) => falsePositives[0]! - count)
  const falseNegatives = truePositives.map((count) => truePositives[0]! - count)
  return {
    truePositives,
    falsePositives,
    trueNegatives,
    falseNegatives,
    precision: precisionOf(truePositives, falsePositives),
    recall: recallOf(truePositives, falseNegatives),
  }
}

/** 0 where nothing was called positive. */
export const precisionOf = (truePositives: NumberArray, falsePositives: NumberArray): NumberArray =>
  shares(truePositives, falsePositives)

/** 0 where there are no positives. */
export const recallOf = (truePositives: NumberArray, falseNegatives: NumberArray): NumberArray =>
  shares(truePositives, falseNegatives)

const shares = (counts: NumberArray, others: NumberArray): NumberArray =>
  Float64Array.from(counts, (count, i) => count / Math.max(MINIMUM_COUNT, count + others[i]!))

function sumFromTheEnd(buckets: Float64Array): void {
  for (let i = buckets.length - 2; i >= 0; i--) buckets[i]! += buckets[i + 1]!
}
