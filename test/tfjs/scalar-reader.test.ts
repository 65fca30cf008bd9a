import { setImmediate } from 'node:timers/promises'
import { beforeAll, expect, test } from 'vitest'
import { Problems } from '../../dist/src/tfjs/problems.js'
import { ScalarReader } from '../../dist/src/tfjs/scalar-reader.js'
import type { Tensor, TfCore } from '../../dist/src/tfjs/types.js'
import { rowsOf, startRun, tf } from './support/run.js'

beforeAll(async () => {
  await tf.setBackend('cpu')
})

const core = tf as unknown as TfCore
const NEVER = { rows: 1000, intervalMs: 600_000 }

/** A device whose reads end when the test says so. */
function slowDevice() {
  const waiting: (() => void)[] = []
  const concat = (tensors: Tensor[]): Tensor => {
    const packed = core.concat(tensors)
    const data = packed.data.bind(packed)
    packed.data = async () => {
      await new Promise<void>((resolve) => waiting.push(resolve))
      return data()
    }
    return packed
  }
  return { core: { ...core, concat } as TfCore, answer: () => waiting.shift()?.() }
}

test('a row of numbers does not overtake the rows that wait for their device', async () => {
  const run = startRun()
  const reader = new ScalarReader(run, core, NEVER, new Problems())
  const loss = tf.scalar(0.5)
  reader.log({ loss }, 1)
  reader.log({ loss: 0.25, other: 7 }, 2)
  reader.read()
  reader.log({ loss: 0.125 }, 3)
  await reader.settle()
  reader.log({ loss: 0 }, 4)
  const rows = await rowsOf(run)
  expect(rows.map(({ step, values }) => [step, values])).toEqual([
    [1, { loss: 0.5 }],
    [2, { loss: 0.25, other: 7 }],
    [3, { loss: 0.125 }],
    [4, { loss: 0 }],
  ])
})

test('the observer gets the numbers of every row, in order', async () => {
  const run = startRun()
  const seen: [number, Record<string, number>][] = []
  const observe = (step: number, values: object) => void seen.push([step, values as Record<string, number>])
  const reader = new ScalarReader(run, core, NEVER, new Problems(), observe)
  reader.log({ loss: tf.scalar(0.5), size: 3 }, 1)
  reader.log({ loss: 0.25 }, 2)
  expect(seen).toEqual([])
  await reader.settle()
  reader.log({ loss: 1 }, 3)
  expect(seen).toEqual([
    [1, { loss: 0.5, size: 3 }],
    [2, { loss: 0.25 }],
    [3, { loss: 1 }],
  ])
})

test('a group that stays open is read when its time is over', async () => {
  const run = startRun()
  const reader = new ScalarReader(run, core, { rows: 1000, intervalMs: 5 }, new Problems())
  reader.log({ loss: tf.scalar(0.5) }, 1)
  const { reached } = await run.flush({ timeoutMs: 30_000 })
  expect([reached, reader.readBacks]).toEqual([true, 1])
})

test('the loop waits for the device only where it is four reads behind', async () => {
  const run = startRun()
  const device = slowDevice()
  const reader = new ScalarReader(run, device.core, { rows: 1, intervalMs: 600_000 }, new Problems())
  for (let step = 1; step <= 4; step++) {
    await reader.keepUp()
    reader.log({ loss: tf.scalar(step) }, step)
  }
  let waited = false
  const wait = reader.keepUp().then(() => {
    waited = true
  })
  await setImmediate()
  expect(waited).toBe(false)
  device.answer()
  await wait
  for (let i = 0; i < 3; i++) device.answer()
  await reader.settle()
  expect((await rowsOf(run)).map(({ values }) => values.loss)).toEqual([1, 2, 3, 4])
})

test('a tensor that is no scalar is left out, counted, and named', () => {
  const run = startRun()
  const told: string[] = []
  const problems = new Problems((_, message) => void told.push(message))
  const reader = new ScalarReader(run, core, NEVER, problems)
  reader.log({ loss: 1, matrix: tf.ones([2, 2]) }, 1)
  expect(problems.counts).toEqual({ 'not-a-scalar': 1 })
  expect(told).toEqual([
    '"matrix" is a tensor of 4 values: only scalars are logged. Use run.histogram() for it.',
  ])
})
