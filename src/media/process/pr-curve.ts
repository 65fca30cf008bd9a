import { MediaError, type MediaInputs, type NumberArray, type ProcessedMedia } from '../request.js'
import { numbers, requireCount, requireNumbers } from './checks.js'
import { type Curve, countCurve, precisionOf, recallOf } from './pr-curve-count.js'

/** As many as TensorBoard's own writer has. */
const DEFAULT_THRESHOLDS = 201
const MAX_THRESHOLDS = 10_000

const COUNTS = ['truePositives', 'falsePositives', 'trueNegatives', 'falseNegatives'] as const

/** Counts a curve from labels and predictions, or checks one that was counted by the caller. */
export function processPrCurve(input: MediaInputs['pr-curve']): ProcessedMedia<'pr-curve'> {
  const isCounted = COUNTS.some((field) => field in input)
  const curve = isCounted ? countedByCaller(input as Partial<Curve>) : fromPredictions(input as Predictions)
  const lists = Object.entries(curve).map(([field, list]) => [field, Array.from(list)])
  return { value: Object.fromEntries(lists) }
}

type Predictions = Extract<MediaInputs['pr-curve'], { readonly labels: NumberArray }>

function fromPredictions(input: Predictions): Curve {
  const predictions = requireNumbers(input.predictions, 'the predictions')
  if (predictions.length === 0) throw new MediaError('it has no predictions: give at least one')
  requireEach('predictions', predictions, (value) => value >= 0 && value <= 1, 'probabilities from 0 to 1')
  const labels = requireNumbers(input.labels, 'the labels')
  requireSameLength('the labels', labels, 'the predictions', predictions)
  requireEach('labels', labels, (label) => label === 0 || label === 1, '0 (false) or 1 (true)')
  const thresholds = input.thresholds ?? DEFAULT_THRESHOLDS
  requireCount(thresholds, 'thresholds', 2, MAX_THRESHOLDS)
  if (input.weights === undefined) return countCurve(labels, predictions, thresholds)
  const weights = requireNumbers(input.weights, 'the weights')
  requireSameLength('the weights', weights, 'the predictions', predictions)
  requireEach('weights', weights, isCount, 'finite weights from 0 up')
  return countCurve(labels, predictions, thresholds, weights)
}

function countedByCaller(input: Partial<Curve>): Curve {
  const first = requireNumbers(input.truePositives, 'truePositives')
  requireCount(first.length, 'the number of thresholds', 2, MAX_THRESHOLDS)
  const list = (field: keyof Curve, fits: (value: number) => boolean, fix: string): NumberArray => {
    const values = requireNumbers(input[field], field)
    requireSameLength(field, values, 'truePositives', first)
    requireEach(field, values, fits, fix)
    return values
  }
  const [truePositives, falsePositives, trueNegatives, falseNegatives] = COUNTS.map((field) =>
    list(field, isCount, 'finite counts from 0 up'),
  ) as [NumberArray, NumberArray, NumberArray, NumberArray]
  const ratio = (field: 'precision' | 'recall', computed: () => NumberArray): NumberArray =>
    input[field] === undefined
      ? computed()
      : list(field, (value) => value >= 0 && value <= 1, 'ratios from 0 to 1')
  return {
    truePositives,
    falsePositives,
    trueNegatives,
    falseNegatives,
    precision: ratio('precision', () => precisionOf(truePositives, falsePositives)),
    recall: ratio('recall', () => recallOf(truePositives, falseNegatives)),
  }
}

const isCount = (value: number): boolean => value >= 0 && Number.isFinite(value)

function requireSameLength(what: string, list: NumberArray, than: string, other: NumberArray): void {
  if (list.length === other.length) return
  throw new MediaError(`${what} are ${numbers(list)} and ${than} ${numbers(other)}: give as many of each`)
}

function requireEach(what: string, list: NumberArray, fits: (value: number) => boolean, fix: string): void {
  const wrong = list.findIndex((value: number) => !fits(value))
  if (wrong >= 0) throw new MediaError(`${what}[${wrong}] is ${list[wrong]}: give ${fix}`)
}
