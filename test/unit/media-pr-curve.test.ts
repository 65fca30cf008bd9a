import fc from 'fast-check'
import { expect, test } from 'vitest'
import { processPrCurve } from '../../src/media/process/pr-curve.js'
import { MediaError } from '../../src/media/request.js'
import type { PrCurveValue } from '../../src/record/media.js'

type Input = Parameters<typeof processPrCurve>[0]

const curve = (input: Input): PrCurveValue => processPrCurve(input).value

const errorOf = (input: unknown): string => {
  try {
    processPrCurve(input as Input)
  } catch (error) {
    expect(error).toBeInstanceOf(MediaError)
    return (error as Error).message
  }
  throw new Error('it was taken')
}

const LABELS = Uint8Array.of(1, 0, 1, 1, 0, 0, 1, 0)
const PREDICTIONS = Float32Array.of(0.9, 0.8, 0.75, 0.5, 0.4, 0.25, 0.1, 0)

// Computed by NumPy with the statements of tensorboard.plugins.pr_curve.summary.pb (2.21).
test('a curve has the numbers that TensorBoard computes', () => {
  expect(curve({ labels: LABELS, predictions: PREDICTIONS, thresholds: 5 })).toEqual({
    truePositives: [4, 3, 3, 2, 0],
    falsePositives: [4, 3, 1, 1, 0],
    trueNegatives: [0, 1, 3, 3, 4],
    falseNegatives: [0, 1, 1, 2, 4],
    precision: [0.5, 0.5, 0.75, 2 / 3, 0],
    recall: [1, 0.75, 0.75, 0.5, 0],
  })
})

test('a weighted curve has the numbers that TensorBoard computes', () => {
  const weights = Float64Array.of(1, 2, 0.5, 1, 1, 3, 0.25, 4)
  expect(curve({ labels: LABELS, predictions: PREDICTIONS, thresholds: 5, weights })).toEqual({
    truePositives: [2.75, 2.5, 2.5, 1.5, 0],
    falsePositives: [10, 6, 2, 2, 0],
    trueNegatives: [0, 4, 8, 8, 10],
    falseNegatives: [0, 0.25, 0.25, 1.25, 2.75],
    precision: [0.21568627450980393, 0.29411764705882354, 0.5555555555555556, 0.42857142857142855, 0],
    recall: [1, 0.9090909090909091, 0.9090909090909091, 0.5454545454545454, 0],
  })
})

test('predictions of single precision meet the thresholds in single precision, as in TensorBoard', () => {
  const onThresholds = Array.from({ length: 201 }, (_, i) => i / 200)
  const labels = new Uint8Array(201).fill(1)
  const missed = (predictions: Float32Array | Float64Array): number[] => {
    const { truePositives } = curve({ labels, predictions })
    return Array.from(truePositives.keys()).filter((k) => truePositives[k] !== 201 - k)
  }
  const single = Float32Array.from(onThresholds)
  expect(missed(single)).toEqual([53, 59, 105, 106, 117, 118])
  expect(missed(Float64Array.from(single)).slice(0, 10)).toEqual([1, 2, 3, 4, 6, 8, 11, 12, 13, 16])
})

test('there are 201 thresholds if the caller does not say how many', () => {
  const lists = Object.values(curve({ labels: LABELS, predictions: PREDICTIONS }))
  expect(lists.map((list) => list.length)).toEqual([201, 201, 201, 201, 201, 201])
})

test('every count is that of comparing each prediction with each threshold', () => {
  const example = fc.record({
    label: fc.boolean(),
    prediction: fc.double({ min: 0, max: 1, noNaN: true }),
    weight: fc.nat({ max: 9 }),
  })
  fc.assert(
    fc.property(
      fc.array(example, { minLength: 1 }),
      fc.integer({ min: 2, max: 40 }),
      (examples, thresholds) => {
        const made = curve({
          labels: Float64Array.from(examples, ({ label }) => Number(label)),
          predictions: Float64Array.from(examples, ({ prediction }) => prediction),
          weights: Float64Array.from(examples, ({ weight }) => weight),
          thresholds,
        })
        for (let i = 0; i < thresholds; i++) {
          const weigh = (isTrue: boolean, isPositive: boolean): number =>
            examples
              .filter(
                ({ label, prediction }) =>
                  label === isTrue && prediction * (thresholds - 1) >= i === isPositive,
              )
              .reduce((sum, { weight }) => sum + weight, 0)
          const [tp, fp] = [weigh(true, true), weigh(false, true)]
          const [tn, fn] = [weigh(false, false), weigh(true, false)]
          const counts = [
            made.truePositives[i],
            made.falsePositives[i],
            made.trueNegatives[i],
            made.falseNegatives[i],
          ]
          expect(counts).toEqual([tp, fp, tn, fn])
          expect([made.precision[i], made.recall[i]]).toEqual([tp && tp / (tp + fp), tp && tp / (tp + fn)])
        }
      },
    ),
  )
})

const COUNTED = {
  truePositives: Float64Array.of(4, 2),
  falsePositives: Float64Array.of(4, 0),
  trueNegatives: Float64Array.of(0, 4),
  falseNegatives: Float64Array.of(0, 2),
}

test('a curve that the caller has counted gets the precision and recall that it lacks', () => {
  expect(curve(COUNTED)).toMatchObject({ truePositives: [4, 2], precision: [0.5, 1], recall: [1, 0.5] })
  const given = curve({ ...COUNTED, precision: Float64Array.of(0.25, 0.75) })
  expect(given).toMatchObject({ precision: [0.25, 0.75], recall: [1, 0.5] })
})

const GOOD = { labels: LABELS, predictions: PREDICTIONS }
const ONE = Float64Array.of(1)

test.each([
  ['nothing', {}, 'the predictions are missing'],
  ['no labels', { predictions: PREDICTIONS }, 'the labels are missing'],
  ['no prediction', { labels: LABELS, predictions: new Float32Array(0) }, 'it has no predictions'],
  [
    'too few labels',
    { labels: ONE, predictions: PREDICTIONS },
    'the labels are 1 number and the predictions 8 numbers',
  ],
  [
    'a class as label',
    { labels: Float64Array.of(2), predictions: ONE },
    'labels[0] is 2: give 0 (false) or 1 (true)',
  ],
  [
    'a logit',
    { labels: ONE, predictions: Float64Array.of(1.5) },
    'predictions[0] is 1.5: give probabilities from 0 to 1',
  ],
  ['NaN', { labels: ONE, predictions: Float64Array.of(Number.NaN) }, 'predictions[0] is NaN'],
  ['too few weights', { ...GOOD, weights: ONE }, 'the weights are 1 number'],
  ['a negative weight', { labels: ONE, predictions: ONE, weights: Float64Array.of(-1) }, 'weights[0] is -1'],
  ['one threshold', { ...GOOD, thresholds: 1 }, 'thresholds is 1: give a whole number from 2 to 10000'],
  ['one list of counts', { falsePositives: ONE }, 'truePositives are missing'],
  ['lists of one entry', { truePositives: ONE }, 'the number of thresholds is 1'],
  [
    'lists of two lengths',
    { ...COUNTED, trueNegatives: ONE },
    'trueNegatives are 1 number and truePositives 2 numbers',
  ],
  [
    'an impossible ratio',
    { ...COUNTED, recall: Float64Array.of(1, 50) },
    'recall[1] is 50: give ratios from 0 to 1',
  ],
])('what makes no curve (%s) is told with its fix', (_, input, message) => {
  expect(errorOf(input)).toContain(message)
})
