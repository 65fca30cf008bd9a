import { expect, test } from 'vitest'
import { ProducerFixture } from './support/producer.js'

const MIN = -(2n ** 63n)
const MAX = 2n ** 63n - 1n

test('numbers are kept bit for bit: NaN, infinities, -0, the smallest and the largest', () => {
  const fixture = new ProducerFixture()
  const numbers = [Number.NaN, Infinity, -Infinity, -0, 0, 5e-324, Number.MAX_VALUE, 2 ** 53, 0.1, -1.5]
  for (const [step, number] of numbers.entries()) fixture.producer.log({ m: number }, step)
  expect(fixture.rows().map(({ values }) => values[0]![1])).toEqual(numbers)
  expect(fixture.dropped).toEqual({})
})

test('bigints within int64 are kept exactly, and beyond it as the nearest double', () => {
  const fixture = new ProducerFixture()
  const exact = [0n, 1n, -1n, MAX, MIN, MAX - 1n, MIN + 1n, 2n ** 53n + 1n]
  for (const value of [...exact, MAX + 1n, MIN - 1n, 10n ** 30n])
    fixture.producer.log({ a: 1.5, m: value, b: 2 }, 1)
  const rows = fixture.rows().map(({ values }) => values)
  expect(rows.map((values) => values[1]![1])).toEqual([...exact, 2 ** 63, -(2 ** 63), 1e30])
  expect(rows.every((values) => values[0]![1] === 1.5 && values[2]![1] === 2)).toBe(true)
})

test('booleans are 1 and 0, null and undefined are skipped and counted', () => {
  const fixture = new ProducerFixture()
  fixture.producer.log({ yes: true, none: null, no: false, missing: undefined }, 7)
  expect(fixture.rows()[0]).toMatchObject({
    step: 7,
    values: [
      ['yes', 1],
      ['no', 0],
    ],
  })
  expect(fixture.skipped).toBe(2)
  expect(fixture.warnings).toEqual([])
})

test('strings, objects, functions and symbols are refused, counted, and warned of once', () => {
  const fixture = new ProducerFixture()
  const wrong = [
    '1',
    {},
    [],
    () => 1,
    Symbol('s'),
    new Date(),
    Object.create(null),
    { size: 2, dataSync() {} },
  ]
  for (const value of wrong) fixture.producer.log({ good: 1, bad: value as number }, 1)
  expect(fixture.rows().map(({ values }) => values)).toEqual(wrong.map(() => [['good', 1]]))
  expect(fixture.refused).toBe(wrong.length)
  expect(fixture.warnings).toEqual(['refused-value'])
})

test('a row without any value that can be logged is dropped as "no-values"', () => {
  const fixture = new ProducerFixture()
  const rows: unknown[] = [{}, { a: null }, { a: 'text' }, null, undefined, 7, 'ab']
  for (const row of rows) fixture.producer.log(row as Record<string, number>, 1)
  expect(fixture.rows()).toEqual([])
  expect(fixture.dropped).toEqual({ 'no-values': rows.length })
})

test('without a step a row has one more than the row before, from 0', () => {
  const fixture = new ProducerFixture()
  const loss = fixture.producer.scalar('loss')
  fixture.producer.log({ loss: 1 })
  fixture.producer.log({ loss: 1 })
  fixture.producer.log({ loss: 1 }, 40)
  loss.log(1)
  loss.log(1, -3)
  fixture.producer.log({ loss: 1 })
  fixture.producer.log({ loss: 1 }, 0.5)
  loss.log(1, undefined)
  expect(fixture.rows().map(({ step }) => step)).toEqual([0, 1, 40, 41, -3, -2, 0.5, 1.5])
})

test('a step may be negative, fractional, -0 or huge, and a step that is no finite number drops its row', () => {
  const fixture = new ProducerFixture()
  const good = [-7, 0.25, -0, 2 ** 60, Number.MIN_VALUE]
  const bad: unknown[] = [Number.NaN, Infinity, -Infinity, '3', null, 3n, {}, true, Symbol('s')]
  const loss = fixture.producer.scalar('loss')
  for (const step of [...good, ...bad]) {
    fixture.producer.log({ loss: 1 }, step as number)
    loss.log(1, step as number)
  }
  expect(fixture.rows().map(({ step }) => step)).toEqual(good.flatMap((step) => [step, step]))
  expect(fixture.dropped).toEqual({ 'invalid-step': bad.length * 2 })
  expect(fixture.warnings).toEqual(['invalid-step'])
})

test('a row that was dropped for want of room still counts as the last step, by either way to log', () => {
  const fixture = new ProducerFixture({ capacityBytes: 1024 })
  const loss = fixture.producer.scalar('loss')
  for (let step = 0; step < 40; step++) loss.log(1, step)
  fixture.rows()
  fixture.producer.log({ loss: 1 })
  expect(fixture.rows()[0]!.step).toBe(40)
})

test('a scalar handle logs what log() logs, whatever the value and the step', () => {
  const calls: [unknown, unknown][] = [
    [1, 1],
    [Number.NaN, 2],
    [-0, undefined],
    [true, 3],
    [null, 4],
    [undefined, undefined],
    [MIN, 5],
    [2n ** 70n, 6],
    ['text', 7],
    [1, Number.NaN],
    [{}, 8],
    [3, '9'],
    [Infinity, -1.5],
  ]
  const [byLog, byScalar] = [new ProducerFixture(), new ProducerFixture()]
  const scalar = byScalar.producer.scalar('loss')
  for (const [value, step] of calls) {
    byLog.producer.log({ loss: value as number }, step as number)
    scalar.log(value as number, step as number)
  }
  const shape = (fixture: ProducerFixture) => ({
    rows: fixture.rows().map(({ time, ...row }) => row),
    dropped: fixture.dropped,
    skipped: fixture.skipped,
    refused: fixture.refused,
    warnings: fixture.warnings,
  })
  expect(shape(byScalar)).toEqual(shape(byLog))
})

test('a row of 10,000 names arrives whole, and so does the small one after it', () => {
  const fixture = new ProducerFixture()
  const row = Object.fromEntries(Array.from({ length: 10_000 }, (_, index) => [`m${index}`, index / 3]))
  fixture.producer.log(row, 1)
  fixture.producer.log({ m9999: 1n, m0: 2 }, 2)
  const rows = fixture.rows()
  expect(rows[0]!.values).toEqual(Object.entries(row))
  expect(rows[1]!.values).toEqual([
    ['m9999', 1n],
    ['m0', 2],
  ])
})

test('a getter that throws drops its row and nothing else, whatever it throws', () => {
  const fixture = new ProducerFixture()
  const thrown: unknown[] = [new Error('no'), 'text', null, undefined, Object.create(null), Symbol('s')]
  for (const value of thrown) {
    const row = {
      before: 2n,
      get bad(): number {
        throw value
      },
    }
    expect(() => fixture.producer.log(row, 1)).not.toThrow()
    fixture.producer.log({ before: 4, other: 5 }, 2)
  }
  expect(fixture.rows().map(({ values }) => values)).toEqual(
    thrown.map(() => [
      ['before', 4],
      ['other', 5],
    ]),
  )
  expect(fixture.dropped).toEqual({ 'no-values': thrown.length })
  expect(fixture.warnings).toEqual(['row-failed'])
})

test('the time of a row is that of its call', () => {
  const fixture = new ProducerFixture()
  const before = Date.now()
  fixture.producer.log({ a: 1 }, 1)
  fixture.producer.scalar('a').log(1, 1)
  const after = Date.now()
  for (const { time } of fixture.rows()) expect(time >= before && time <= after).toBe(true)
})

test('rows that do not fit the ring are counted, one for each call, and the others arrive', () => {
  const fixture = new ProducerFixture({ capacityBytes: 1024 })
  for (let i = 0; i < 500; i++) fixture.producer.log({ [`name-${i % 7}`]: i, a: 1 }, i)
  const rows = fixture.rows()
  expect(rows.length + fixture.dropped['ring-full']!).toBe(500)
  expect(rows.map(({ values }) => values[0]![0])).toEqual(rows.map(({ step }) => `name-${step % 7}`))
})

test('after the end every call is counted as "closed"', () => {
  const fixture = new ProducerFixture()
  const loss = fixture.producer.scalar('loss')
  loss.log(1, 1)
  fixture.close()
  loss.log(1, 2)
  fixture.producer.log({ loss: 1 }, 3)
  fixture.producer.log({ fresh: 1 }, 4)
  fixture.producer.scalar('also fresh').log(1, 5)
  expect(fixture.rows()).toHaveLength(1)
  expect(fixture.dropped).toEqual({ closed: 4 })
})
