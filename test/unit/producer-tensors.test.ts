import { setImmediate } from 'node:timers/promises'
import * as tf from '@tensorflow/tfjs-core'
import '@tensorflow/tfjs-backend-cpu'
import { expect, test } from 'vitest'
import type { TensorScalar } from '../../src/run/values.js'
import { FakeTensor, ProducerFixture } from './support/producer.js'

const steps = (fixture: ProducerFixture): number[] => fixture.rows().map(({ step }) => step)

function expectDisposedOnce(tensors: readonly FakeTensor[]): void {
  for (const { clones, disposals } of tensors) {
    expect(disposals, "the caller's own tensor is left alone").toBe(0)
    for (const clone of clones) expect([clone.kept, clone.disposals]).toEqual([true, 1])
  }
}

test('rows with tensors come in the order of their calls, with the step and time of the call', async () => {
  const fixture = new ProducerFixture()
  const tensors = [1, 2, 3].map((value) => new FakeTensor(value))
  const before = Date.now()
  for (const [index, tensor] of tensors.entries())
    fixture.producer.log({ loss: tensor, big: 9n, plain: 0.5 }, index)
  const after = Date.now()
  for (const tensor of [tensors[2]!, tensors[1]!]) tensor.arrive()
  await setImmediate()
  expect(fixture.rows()).toEqual([])
  expect(fixture.reading).toBe(3)
  tensors[0]!.arrive()
  await fixture.producer.reading.whenIdle()
  const rows = fixture.rows()
  expect(rows.map(({ step, values }) => [step, ...values.map(([, value]) => value)])).toEqual([
    [0, 1, 9n, 0.5],
    [1, 2, 9n, 0.5],
    [2, 3, 9n, 0.5],
  ])
  expect(rows.every(({ time }) => time >= before && time <= after)).toBe(true)
  expect(fixture.reading).toBe(0)
  expectDisposedOnce(tensors)
})

test('more than 1,024 waiting rows: the oldest is read at once, in order, and none is lost', async () => {
  const fixture = new ProducerFixture()
  const tensors = Array.from({ length: 3000 }, (_, index) => new FakeTensor(index))
  for (const [index, tensor] of tensors.entries()) {
    fixture.producer.log({ loss: tensor }, index)
    expect(fixture.reading).toBeLessThanOrEqual(1024)
  }
  for (const tensor of tensors) tensor.arrive()
  await fixture.producer.reading.whenIdle()
  expect(fixture.rows().map(({ step, values }) => [step, values[0]![1]])).toEqual(
    tensors.map((_, i) => [i, i]),
  )
  expectDisposedOnce(tensors)
})

test('what waits when the process ends is read at once', () => {
  const fixture = new ProducerFixture()
  const tensors = [5, 6].map((value) => new FakeTensor(value))
  for (const [index, tensor] of tensors.entries()) fixture.producer.scalar('loss').log(tensor, index)
  fixture.producer.reading.readAllNow()
  expect(fixture.rows().map(({ values }) => values[0]![1])).toEqual([5, 6])
  expectDisposedOnce(tensors)
})

test.each([
  ['rejects', {}],
  ['throws at once', { data: new Error('lost') }],
  ['throws what cannot be shown', { data: Object.create(null) }],
])('a tensor whose data() %s costs its own row, which is counted once', async (_, fails) => {
  const fixture = new ProducerFixture()
  const bad = new FakeTensor(1, fails)
  const good = new FakeTensor(2)
  expect(() => fixture.producer.log({ loss: bad }, 1)).not.toThrow()
  fixture.producer.log({ loss: good }, 2)
  bad.break(new Error('device lost'))
  good.arrive()
  await fixture.producer.reading.whenIdle()
  expect(steps(fixture)).toEqual([2])
  expect(fixture.dropped).toEqual({ 'read-back': 1 })
  expect(fixture.warnings).toEqual(['read-back'])
  expect(fixture.reading).toBe(0)
  expectDisposedOnce([bad, good])
})

test('a tensor whose dispose() throws stops neither its own row nor the next ones', async () => {
  const fixture = new ProducerFixture()
  const stuck = new FakeTensor(2, { dispose: new Error('backend gone') })
  const good = new FakeTensor(3)
  for (const [index, tensor] of [stuck, good, stuck].entries()) fixture.producer.log({ loss: tensor }, index)
  good.arrive()
  stuck.arrive()
  fixture.producer.reading.readAllNow()
  await setImmediate()
  expect(steps(fixture)).toEqual([0, 1, 2])
  expect(fixture.reading).toBe(0)
})

test('a tensor whose data() resolves with nothing costs its own row', async () => {
  const fixture = new ProducerFixture()
  const tensor = new FakeTensor(1)
  const clone = new FakeTensor(1)
  clone.data = () => Promise.resolve(undefined as never)
  tensor.clone = () => clone
  fixture.producer.log({ loss: tensor }, 1)
  await fixture.producer.reading.whenIdle()
  expect(fixture.dropped).toEqual({ 'read-back': 1 })
  expect(clone.disposals).toBe(1)
})

test('a row that fails after a tensor was cloned gives the clone back', () => {
  const fixture = new ProducerFixture()
  const tensor = new FakeTensor(1)
  const throwing = {
    loss: tensor,
    get bad(): number {
      throw new Error('no')
    },
  }
  fixture.producer.log(throwing, 1)
  fixture.producer.log({ loss: tensor, after: new FakeTensor(0, { clone: new Error('disposed') }) }, 2)
  expectDisposedOnce([tensor])
  expect(fixture.dropped).toEqual({ 'no-values': 2 })
})

test('a row that waits for the definition of a name gives its clones back', () => {
  const fixture = new ProducerFixture({ capacityBytes: 1024 })
  for (let i = 0; i < 40; i++) fixture.producer.log({ a: i }, i)
  const tensor = new FakeTensor(1)
  fixture.producer.log({ a: tensor, ['fresh'.repeat(20)]: 1 }, 1)
  expectDisposedOnce([tensor])
})

test('tensors that are read after the end are counted as "closed"', async () => {
  const fixture = new ProducerFixture()
  const tensor = new FakeTensor(1)
  fixture.producer.log({ loss: tensor }, 1)
  fixture.close()
  tensor.arrive()
  await fixture.producer.reading.whenIdle()
  expect(fixture.dropped).toEqual({ closed: 1 })
  expectDisposedOnce([tensor])
})

test('real tensors are read back exactly, outlive tf.tidy() and leave none behind', async () => {
  await tf.setBackend('cpu')
  const fixture = new ProducerFixture()
  const before = tf.memory().numTensors
  for (let step = 0; step < 1500; step++) {
    tf.tidy(() => {
      const loss = tf.mul(tf.scalar(step), 0.5)
      fixture.producer.log({ loss: loss as unknown as TensorScalar, plain: step }, step)
    })
  }
  const own = tf.tensor1d([7])
  fixture.producer.log({ loss: own as unknown as TensorScalar }, 9999)
  own.dispose()
  await fixture.producer.reading.whenIdle()
  const rows = fixture.rows()
  expect(rows).toHaveLength(1501)
  expect(rows.slice(0, 1500).every(({ step, values }) => values[0]![1] === step / 2)).toBe(true)
  expect(rows.at(-1)!.values).toEqual([['loss', 7]])
  expect(tf.memory().numTensors).toBe(before)
})
