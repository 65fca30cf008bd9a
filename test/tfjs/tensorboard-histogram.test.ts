import * as fc from 'fast-check'
import { beforeAll, expect, test } from 'vitest'
import { bucketsOf } from '../../src/tfjs/tensorboard/buckets.js'
import { summaryFileWriter } from '../../src/tfjs/tensorboard/index.js'
import type { Tensor } from '../../src/tfjs/types.js'
import { temporaryDirectory } from '../support/directory.js'
import { tf, warningsSoFar } from './support/run.js'
import { pointsIn } from './support/tensorboard-files.js'

beforeAll(async () => {
  await tf.setBackend('cpu')
})

/** Writes one histogram; what is in the file, and what was warned of. */
async function write(data: Tensor, buckets?: number, description?: string) {
  const warned = warningsSoFar()
  const logdir = temporaryDirectory()
  const writer = summaryFileWriter(logdir)
  writer.histogram('h', data, 3, buckets, description)
  await writer.drain()
  await new Promise(setImmediate)
  const [point] = pointsIn(logdir)
  return { point, histogram: point?.histogram, warnings: writer.status().warnings, warned }
}

test('a tensor of any shape becomes rows of left edge, right edge and count, 30 of them by default', async () => {
  const { point, histogram, warnings } = await write(tf.reshape(tf.range(0, 60), [3, 4, 5]))
  expect(point).toMatchObject({ tag: 'h', step: 3 })
  expect(histogram).toMatchObject({ plugin: 'histograms', description: undefined, shape: [30, 3] })
  expect(histogram!.rows.map(([, , count]) => count)).toEqual(Array(30).fill(2))
  expect(histogram!.rows[0]).toEqual([0, Math.fround(59 / 30), 2])
  expect(histogram!.rows[29]![1]).toBe(59)
  expect(warnings).toEqual({})
})

test("a value on an edge is in the bucket that it begins, but for the last edge: tfjs-node's rule", async () => {
  const { histogram } = await write(tf.tensor1d([0, 1, 2, 3, 4]), 4)
  expect(histogram!.rows).toEqual([
    [0, 1, 1],
    [1, 2, 1],
    [2, 3, 1],
    [3, 4, 2],
  ])
})

test('integers and booleans are counted, and the description is kept', async () => {
  const { histogram } = await write(tf.tensor1d([5, 5, 9], 'int32'), 2, 'what it shows')
  expect(histogram!.rows).toEqual([
    [5, 7, 2],
    [7, 9, 1],
  ])
  expect(histogram!.description).toBe('what it shows')
  expect((await write(tf.tensor1d([true, false, true], 'bool'), 1)).histogram!.rows).toEqual([[0, 1, 3]])
})

test('values that are all the same are one bucket around them, counted and warned of', async () => {
  const { histogram, warnings, warned } = await write(tf.fill([4], 2))
  expect(histogram!.rows).toEqual([[1.5, 2.5, 4]])
  expect(warnings).toEqual({ 'histogram-constant': 1 })
  expect(warned).toEqual([expect.stringContaining('All 4 values of the histogram "h" are 2')])
})

test('one value alone is no reason to warn', async () => {
  const { histogram, warnings } = await write(tf.scalar(2))
  expect(histogram!.rows).toEqual([[1.5, 2.5, 1]])
  expect(warnings).toEqual({})
})

test('an empty tensor is written as [0, 3], counted and warned of', async () => {
  const { histogram, warnings, warned } = await write(tf.tensor1d([]))
  expect(histogram!.shape).toEqual([0, 3])
  expect(warnings).toEqual({ 'histogram-empty': 1 })
  expect(warned).toEqual([expect.stringContaining('has no values')])
})

test('NaN and infinities are in no bucket, counted and warned of', async () => {
  const { histogram, warnings, warned } = await write(
    tf.tensor1d([0, Number.NaN, 1, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]),
    2,
  )
  expect(histogram!.rows).toEqual([
    [0, 0.5, 1],
    [0.5, 1, 1],
  ])
  expect(warnings).toEqual({ 'histogram-not-finite': 1 })
  expect(warned).toEqual([expect.stringContaining('3 of the 5 values')])
})

test('values that are all NaN are written as [0, 3], counted and warned of', async () => {
  const { histogram, warnings } = await write(tf.fill([3], Number.NaN))
  expect(histogram!.shape).toEqual([0, 3])
  expect(warnings).toEqual({ 'histogram-not-finite': 1 })
})

test.each([0, -1, 1.5, Number.NaN])(
  '%d buckets are counted and warned of, and nothing is written',
  async (buckets) => {
    const { point, warnings, warned } = await write(tf.tensor1d([1, 2]), buckets)
    expect(point).toBeUndefined()
    expect(warnings).toEqual({ 'buckets-refused': 1 })
    expect(warned).toEqual([expect.stringContaining(`strictly positive integer, but it was ${buckets}`)])
  },
)

test('every finite value is in exactly one bucket, and edges go up without gaps from the least to the greatest', () => {
  fc.assert(
    fc.property(fc.float32Array({ maxLength: 200 }), fc.integer({ min: 1, max: 50 }), (values, count) => {
      const finite = values.filter(Number.isFinite)
      const { rows, counted, skipped } = bucketsOf(values, count)
      expect([counted, counted + skipped]).toEqual([finite.length, values.length])
      let sum = 0
      for (let bucket = 0; 3 * bucket < rows.length; bucket++) {
        const [left, right, inside] = rows.subarray(3 * bucket, 3 * bucket + 3)
        expect(left).toBeLessThanOrEqual(right!)
        if (bucket > 0) expect(left).toBe(rows[3 * bucket - 2])
        sum += inside!
      }
      expect(sum).toBe(finite.length)
      if (new Set(finite).size > 1) {
        // -0 and 0 are one value here.
        expect(rows[0]! + 0).toBe(Math.min(...finite) + 0)
        expect(rows.at(-2)! + 0).toBe(Math.max(...finite) + 0)
      }
    }),
  )
})
