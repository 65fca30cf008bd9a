import { execFileSync } from 'node:child_process'
import { resolve } from 'node:path'
import { expect, test } from 'vitest'
import { temporaryDirectory } from '../support/directory.js'
import { seededRandom } from '../support/random.js'
import { type DecodedRow, ProducerFixture } from './support/producer.js'

/** Enough for a program's rows to have code of their own. */
const MANY = 400

const shown = ({ step, values }: DecodedRow) => [step, ...values.map(([name, value]) => [name, value])]

/** Each value as likely as not a plain number; undefined where it is not stored. */
function oddValue(random: () => number): { readonly given: unknown; readonly stored?: number | bigint } {
  const number = random() * 100 - 50
  switch (Math.floor(random() * 60)) {
    case 0:
      return { given: true, stored: 1 }
    case 1:
      return { given: null }
    case 2:
      return { given: 2n ** 62n, stored: 2n ** 62n }
    case 3:
      return { given: 'text' }
    case 4:
      return { given: Number.NaN, stored: Number.NaN }
    case 5:
      return { given: -0, stored: -0 }
    default:
      return { given: number, stored: number }
  }
}

test.each([1, 2, 3, 4])(
  'rows of a few shapes, with all that a caller may give, arrive as they were given: %i',
  (seed) => {
    const random = seededRandom(seed)
    const fixture = new ProducerFixture()
    const shapes = [
      ['a'],
      ['a', 'b', 'c'],
      ['b', 'a', 'c'],
      ['x/"quoted"', "y'\\", '__proto__', '\u2028', '9', 'b\ud800'],
      Array.from({ length: 400 }, (_, index) => `wide/${index}`),
      Array.from({ length: 401 }, (_, index) => `wider/${index}`),
    ]
    const expected: unknown[] = []
    let last = -1
    let skipped = 0
    let refused = 0
    let dropped = 0
    for (let row = 0; row < MANY * shapes.length; row++) {
      const shape = shapes[Math.floor(random() * shapes.length)]!
      // Shapes are odd one after the other, so that code is made, and given up, while others go on.
      const odd = random() < 0.3
      const values: { [name: string]: unknown } = Object.create(null)
      const stored: [string, number | bigint][] = []
      for (const name of shape) {
        const value = odd ? oddValue(random) : { given: row, stored: row }
        values[name] = value.given
        if (value.stored !== undefined) stored.push([name.toWellFormed(), value.stored])
        else if (value.given === null) skipped++
        else refused++
      }
      const step = random() < 0.05 ? Number.NaN : random() < 0.3 ? undefined : Math.floor(random() * 1000)
      fixture.producer.log(values as never, step)
      if (Number.isNaN(step)) {
        dropped++
        for (const name of shape) if (values[name] === null) skipped--
        for (const name of shape) if (values[name] === 'text') refused--
      } else if (stored.length === 0) dropped++
      else {
        last = step ?? last + 1
        // Integer-like names come first in any object.
        stored.sort(([a], [b]) => Number(b === '9') - Number(a === '9'))
        expected.push([last, ...stored])
      }
    }
    expect(fixture.rows().map(shown)).toEqual(expected)
    expect([fixture.skipped, fixture.refused]).toEqual([skipped, refused])
    expect(Object.values(fixture.dropped).reduce((all, count) => all + count, 0)).toBe(dropped)
  },
)

test('a getter is called once for each row, and one that throws costs its own row', () => {
  const fixture = new ProducerFixture()
  let calls = 0
  const row = (value: unknown) => ({
    a: 1,
    get b() {
      calls++
      if (value === 'throw') throw new Error('no value today')
      return value as number
    },
  })
  const given = Array.from({ length: MANY }, (_, i) => (i % 10 === 3 ? 'throw' : i % 10 === 7 ? true : i))
  for (const [step, value] of given.entries()) fixture.producer.log(row(value), step)
  expect(calls).toBe(MANY)
  expect(fixture.dropped).toEqual({ 'no-values': MANY / 10 })
  expect(fixture.rows().map(({ step, values }) => [step, values[1]![1]])).toEqual(
    [...given.entries()]
      .filter(([, value]) => value !== 'throw')
      .map(([step, value]) => [step, Number(value)]),
  )
})

test('a row that finds no room is counted, and the next one that does is whole', () => {
  const fixture = new ProducerFixture({ capacityBytes: 4096 })
  const logged: number[] = []
  for (let step = 0; step < MANY; step++) {
    fixture.producer.log({ a: step, b: -step }, step)
    // Now and then only.
    if (step % 150 === 149) logged.push(...fixture.rows().map((row) => row.step))
  }
  logged.push(...fixture.rows().map(({ step, values }) => (values[1]![1] === -step ? step : Number.NaN)))
  expect(logged.length + fixture.dropped['ring-full']!).toBe(MANY)
  expect(logged.length).toBeGreaterThan(100)
  expect(logged).toEqual([...new Set(logged)].filter(Number.isInteger))
})

test('rows whose values are no numbers any more go on as before', () => {
  const fixture = new ProducerFixture()
  for (let step = 0; step < MANY; step++) fixture.producer.log({ a: step, done: step > MANY / 2 }, step)
  const rows = fixture.rows()
  expect(rows.map(({ values }) => values[1]![1])).toEqual(
    Array.from({ length: MANY }, (_, step) => Number(step > MANY / 2)),
  )
})

test('where code cannot be made from strings, all rows are logged too', () => {
  const program = `
    import { init } from ${JSON.stringify(resolve('dist/src/index.js'))}
    const run = init({ dir: process.argv[1], git: false, sinks: [], plots: false })
    for (let step = 0; step < ${MANY}; step++) run.log({ a: step, b: -step }, step)
    const { journaled, dropped } = await run.finish()
    console.log(JSON.stringify([journaled, dropped.total]))
  `
  const flags = ['--disallow-code-generation-from-strings', '--input-type=module', '--eval', program]
  expect(
    JSON.parse(execFileSync(process.execPath, [...flags, temporaryDirectory()], { encoding: 'utf8' })),
  ).toEqual([MANY, 0])
})
