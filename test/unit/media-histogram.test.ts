import fc from 'fast-check'
import { expect, test } from 'vitest'
import { processHistogram } from '../../src/media/process/histogram.js'
import { MediaError, type NumberArray } from '../../src/media/request.js'
import type { HistogramValue } from '../../src/record/media.js'

const histogram = (values: ArrayLike<number>, bins?: number): HistogramValue => {
  const array = ArrayBuffer.isView(values) ? (values as NumberArray) : Float64Array.from(values)
  return processHistogram(bins === undefined ? { values: array } : { values: array, bins }).value
}

/** By the contract's own words, one bucket at a time. */
function countOneByOne(values: readonly number[], edges: readonly number[]): number[] {
  const last = edges.length - 2
  return Array.from({ length: edges.length - 1 }, (_, i) => {
    const isIn = (x: number) => x >= edges[i]! && (i === last ? x <= edges[i + 1]! : x < edges[i + 1]!)
    return values.filter(isIn).length
  })
}

const errorOf = (input: unknown): string => {
  try {
    processHistogram(input as Parameters<typeof processHistogram>[0])
  } catch (error) {
    expect(error).toBeInstanceOf(MediaError)
    return (error as Error).message
  }
  throw new Error('it was taken')
}

test('buckets are of equal width from the least to the greatest value, and the last one is closed', () => {
  expect(histogram([0, 1, 2, 3], 3)).toEqual({
    edges: [0, 1, 2, 3],
    counts: [1, 1, 2],
    min: 0,
    max: 3,
    mean: 1.5,
    std: Math.sqrt(1.25),
    finite: 4,
    nan: 0,
    infinite: 0,
  })
})

test('there are 30 buckets if the caller does not say how many', () => {
  const { edges, counts } = histogram([5, 1, 2])
  expect([edges.length, counts.length]).toEqual([31, 30])
})

test('NaN and infinities are counted apart, and leave the rest as it is without them', () => {
  const values = [Number.NaN, 1, Number.POSITIVE_INFINITY, 2, Number.NEGATIVE_INFINITY, 4, Number.NaN]
  expect(histogram(values, 2)).toEqual({ ...histogram([1, 2, 4], 2), nan: 2, infinite: 2 })
})

test.each([0, 7, -3.25, 5e-324, 1e15])('one value alone, %d, gets one bucket of width 1', (value) => {
  expect(histogram([value, value, value])).toMatchObject({
    edges: [value - 0.5, value + 0.5],
    counts: [3],
    mean: value,
    std: 0,
  })
})

test.each([2 ** 60, -1e300, Number.MAX_VALUE, -Number.MAX_VALUE])(
  'one value alone, %d, lies between two edges where no double is 0.5 away',
  (value) => {
    const { edges, counts } = histogram([value])
    expect(counts).toEqual([1])
    expect(edges[0]! < edges[1]! && edges[0]! <= value && value <= edges[1]!).toBe(true)
    expect(edges.every(Number.isFinite)).toBe(true)
  },
)

test('a range that is no double is counted all the same', () => {
  const { MAX_VALUE } = Number
  const { edges, counts, mean, std } = histogram([MAX_VALUE, MAX_VALUE, 0, -MAX_VALUE], 4)
  expect(edges.map((edge) => Number((edge / MAX_VALUE).toFixed(12)))).toEqual([-1, -0.5, 0, 0.5, 1])
  expect(counts).toEqual([1, 0, 1, 2])
  expect(mean! / MAX_VALUE).toBeCloseTo(0.25, 12)
  expect(std! / MAX_VALUE).toBeCloseTo(Math.sqrt(0.6875), 12)
})

test('where there are fewer doubles than buckets there are fewer buckets, and none is empty of room', () => {
  const least = Number.MIN_VALUE
  const { edges, counts, mean } = histogram([0, least, 2 * least, 3 * least, 3 * least], 30)
  expect(counts.reduce((sum, count) => sum + count)).toBe(5)
  expect(edges.slice(1).every((edge, i) => edge > edges[i]!)).toBe(true)
  expect(counts).toEqual(countOneByOne([0, least, 2 * least, 3 * least, 3 * least], edges))
  expect(mean).toBe(2 * least)
})

test('the spread of values far from zero is not lost to rounding', () => {
  const values = Float64Array.from({ length: 100_000 }, (_, i) => 1e9 + (i % 2))
  const { mean, std } = histogram(values)
  expect(mean).toBe(1e9 + 0.5)
  expect(std).toBeCloseTo(0.5, 12)
})

test('one value far from all others does not take their mean along', () => {
  const values = new Float64Array(100_001).fill(1e-3)
  values[0] = 1e12
  const { mean, std } = histogram(values)
  expect(mean! / ((1e12 + 100) / 100_001)).toBeCloseTo(1, 12)
  expect(std! / (1e12 / Math.sqrt(100_001))).toBeCloseTo(1, 4)
})

test.each([Float32Array, Int32Array, Uint32Array, Int16Array, Uint16Array, Int8Array, Uint8Array])(
  'the values of a %o on shared memory are counted as the same doubles are',
  (Type) => {
    const plain = Array.from({ length: 10_000 }, (_, i) => (i * 7919) % 101)
    const memory = new SharedArrayBuffer(plain.length * Type.BYTES_PER_ELEMENT)
    const shared = new (Type as unknown as Float64ArrayConstructor)(memory)
    shared.set(plain)
    expect(histogram(shared, 13)).toEqual(histogram(plain, 13))
  },
)

test('every finite value is counted once, in the bucket that its edges say', () => {
  const value = fc.oneof(fc.double(), fc.integer(), fc.float(), fc.constantFrom(0, -0, 5e-324, 2 ** 53))
  fc.assert(
    fc.property(
      fc.array(value, { minLength: 1, maxLength: 200 }),
      fc.integer({ min: 1, max: 70 }),
      (values, bins) => {
        const finite = values.filter(Number.isFinite)
        fc.pre(finite.length > 0)
        const made = histogram(values, bins)
        expect(made.counts).toEqual(countOneByOne(finite, made.edges))
        expect(made.counts.reduce((sum, count) => sum + count)).toBe(finite.length)
        expect(made.finite + made.nan + made.infinite).toBe(values.length)
        expect(made.min === Math.min(...finite) && made.max === Math.max(...finite)).toBe(true)
        expect(made.mean! >= made.min! && made.mean! <= made.max!).toBe(true)
        expect(Number.isFinite(made.std)).toBe(true)
      },
    ),
    { numRuns: 500 },
  )
})

test('values on an edge, and the doubles next to it, are in the buckets that the edge says', () => {
  const ends = fc.tuple(
    fc.float({ noNaN: true, noDefaultInfinity: true }),
    fc.float({ noNaN: true, noDefaultInfinity: true }),
  )
  fc.assert(
    fc.property(ends, fc.integer({ min: 1, max: 60 }), ([a, b], bins) => {
      fc.pre(a !== b)
      const { edges, min, max } = histogram([a, b], bins)
      const near = edges.flatMap((edge) => [edge, edge * (1 + Number.EPSILON), edge * (1 - Number.EPSILON)])
      const values = near.filter((value) => value >= min! && value <= max!)
      const made = histogram(values, edges.length - 1)
      expect(made.counts).toEqual(countOneByOne(values, made.edges))
    }),
    { numRuns: 500 },
  )
})

test('buckets that the caller has counted are kept, with the sum of their counts', () => {
  const counted = { edges: Float64Array.of(-1, 0, 0.5), counts: Uint32Array.of(3, 4) }
  expect(processHistogram(counted).value).toEqual({
    edges: [-1, 0, 0.5],
    counts: [3, 4],
    min: null,
    max: null,
    mean: null,
    std: null,
    finite: 7,
    nan: 0,
    infinite: 0,
  })
})

test.each([
  ['nothing', {}, 'the values are missing'],
  ['text', { values: 'abc' }, 'the values are "abc"'],
  ['no value', { values: new Float32Array(0) }, 'has no values'],
  ['NaN alone', { values: Float32Array.of(Number.NaN, 1 / 0, Number.NaN) }, '2 NaN, 1 infinite'],
  ['no buckets', { values: Float32Array.of(1), bins: 0 }, 'bins is 0: give a whole number from 1 to 10000'],
  ['half a bucket', { values: Float32Array.of(1), bins: 2.5 }, 'bins is 2.5'],
  ['edges alone', { edges: Float32Array.of(1) }, 'the counts are missing'],
  ['too few edges', { edges: Float32Array.of(1, 2), counts: Float32Array.of(1, 2) }, 'one edge more'],
  ['equal edges', { edges: Float32Array.of(1, 1), counts: Float32Array.of(1) }, 'ascending order'],
  [
    'an infinite edge',
    { edges: Float32Array.of(1, 1 / 0), counts: Float32Array.of(1) },
    'edges[1] is Infinity',
  ],
  ['a negative count', { edges: Float32Array.of(1, 2), counts: Float32Array.of(-1) }, 'counts[0] is -1'],
  ['no counts', { edges: Float32Array.of(1), counts: new Float32Array(0) }, 'it has no buckets'],
])('what makes no histogram (%s) is told with its fix', (_, input, message) => {
  expect(errorOf(input)).toContain(message)
})
