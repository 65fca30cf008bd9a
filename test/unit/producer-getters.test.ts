import { expect, test } from 'vitest'
import { ProducerFixture } from './support/producer.js'

test('a getter that logs a row of its own disturbs neither row', () => {
  const fixture = new ProducerFixture()
  const { producer } = fixture
  const lossOf = (step: number) => ({
    a: step,
    get b() {
      producer.log({ x: 100 + step, y: 200 + step, z: 300 + step }, step)
      producer.scalar('alone').log(400 + step, step)
      return 2 * step
    },
    c: 3 * step,
  })
  for (let step = 1; step <= 100; step++) producer.log(lossOf(step), step)
  const rows = fixture.rows()
  const of = (name: string) => rows.filter(({ values }) => values[0]![0] === name)
  expect(rows).toHaveLength(300)
  for (let step = 1; step <= 100; step++) {
    expect(of('a')[step - 1]!.values).toEqual([
      ['a', step],
      ['b', 2 * step],
      ['c', 3 * step],
    ])
    expect(of('x')[step - 1]!.values).toEqual([
      ['x', 100 + step],
      ['y', 200 + step],
      ['z', 300 + step],
    ])
    expect(of('alone')[step - 1]!.values).toEqual([['alone', 400 + step]])
  }
})

test('a row within another one that cannot be read costs itself alone', () => {
  const fixture = new ProducerFixture()
  const { producer } = fixture
  const bad = (broken: boolean) => ({
    get x() {
      if (broken) throw new Error('no value today')
      return 1
    },
  })
  // By then there is code for its names.
  for (let step = 0; step < 100; step++) producer.log(bad(false), step)
  fixture.rows()
  producer.log(
    {
      exact: 2n ** 62n + 1n,
      get loss() {
        producer.log(bad(true), 100)
        return 0.5
      },
    },
    101,
  )
  expect(fixture.rows().map(({ values }) => values)).toEqual([
    [
      ['exact', 2n ** 62n + 1n],
      ['loss', 0.5],
    ],
  ])
  expect(fixture.dropped).toEqual({ 'no-values': 1 })
})
