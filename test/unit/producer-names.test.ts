import { expect, test } from 'vitest'
import { ProducerFixture } from './support/producer.js'

test('an empty name is refused and the other values of its row are kept', () => {
  const fixture = new ProducerFixture()
  fixture.producer.log({ '': 1, a: 2 }, 1)
  fixture.producer.scalar('').log(1, 2)
  expect(fixture.rows().map(({ values }) => values)).toEqual([[['a', 2]]])
  expect(fixture.refused).toBe(2)
  expect(fixture.dropped).toEqual({ 'no-values': 1 })
  expect(fixture.warnings).toEqual(['empty-name'])
})

test('a name of 10,000 characters is kept where the limit allows it, and refused where not', () => {
  const name = 'é'.repeat(10_000)
  const wide = new ProducerFixture({ maxNameBytes: 20_000 })
  wide.producer.log({ [name]: 1 }, 1)
  expect(wide.rows()[0]!.values).toEqual([[name, 1]])
  const narrow = new ProducerFixture({ maxNameBytes: 19_999 })
  narrow.producer.log({ [name]: 1, a: 2 }, 1)
  expect(narrow.rows()[0]!.values).toEqual([['a', 2]])
  expect(narrow.warnings).toEqual(['name-too-long'])
})

test('names of any script, with control characters, and that objects give a meaning to, arrive as they are', () => {
  const fixture = new ProducerFixture()
  const names = [
    '__proto__',
    'constructor',
    '損失/訓練',
    '🙂',
    'a\0b',
    'a\nb',
    ' ',
    '0',
    '﻿bom',
    'e\u0301',
    '\u00e9',
  ]
  const row: Record<string, number> = Object.create(null)
  for (const [index, name] of names.entries()) row[name] = index
  fixture.producer.log(row, 1)
  for (const name of names) fixture.producer.scalar(name).log(1, 2)
  const [first, ...rest] = fixture.rows()
  expect(new Map(first!.values)).toEqual(new Map(Object.entries(row)))
  expect(rest.map(({ values }) => values[0]![0])).toEqual(names)
})

test('a lone surrogate in a name becomes U+FFFD, which UTF-8 can hold', () => {
  const fixture = new ProducerFixture()
  fixture.producer.log({ 'a\ud800b': 1, '\udc00': 2 }, 1)
  expect(fixture.rows()[0]!.values).toEqual([
    ['a\ufffdb', 1],
    ['\ufffd', 2],
  ])
})

test('100,000 names are kept, further ones are refused, and the known ones go on', () => {
  const fixture = new ProducerFixture({ maxMetrics: 100_000 })
  let rows = 0
  for (let i = 0; i < 100_100; i++) {
    fixture.producer.log({ [`metric-${i}`]: i }, i)
    if (i % 10_000 === 9_999) rows += fixture.rows().length
  }
  expect(rows + fixture.rows().length).toBe(100_000)
  expect(fixture.refused).toBe(100)
  expect(fixture.dropped).toEqual({ 'no-values': 100 })
  expect(fixture.warnings).toEqual(['too-many-metrics'])
  fixture.producer.log({ 'metric-99999': 1, 'metric-100000': 2, 'metric-0': 3 }, 1)
  expect(fixture.rows()[0]!.values).toEqual([
    ['metric-99999', 1],
    ['metric-0', 3],
  ])
})

test('a name whose definition found no room is defined by a later row', () => {
  const fixture = new ProducerFixture({ capacityBytes: 1024 })
  for (let i = 0; i < 30; i++) fixture.producer.log({ a: i }, i)
  fixture.producer.log({ late: 1 }, 1)
  const late = fixture.producer.scalar('later')
  late.log(1, 1)
  fixture.rows()
  fixture.producer.log({ late: 2 }, 2)
  late.log(3, 3)
  expect(fixture.rows().map(({ values }) => values)).toEqual([[['late', 2]], [['later', 3]]])
})
