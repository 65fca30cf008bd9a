import fc from 'fast-check'
import { expect, test } from 'vitest'
import { MAX_LINE_BYTES } from '../../src/sinks/wandb/history/history.js'
import { seededRandom } from '../support/random.js'
import { parseLine } from '../support/wandb-server/extended-json.js'
import { type RowLiteral, START_TIME } from './support/batches.js'
import { type MergedRun, mergeRun } from './support/wandb-merge.js'

const merge = (rows: readonly RowLiteral[], sizes?: readonly number[], max?: number): MergedRun =>
  mergeRun(rows, { ...(sizes && { sizes }), ...(max && { max }) })

/** The lines without their times. */
function linesOf(rows: readonly RowLiteral[]): object[] {
  return merge(rows).texts.map((text) => {
    const { _timestamp, _runtime, ...line } = parseLine(text)
    return line
  })
}

/** So long after one another that each line is closed before the next row. */
const slowly = (rows: readonly RowLiteral[]): RowLiteral[] =>
  rows.map((row, index) => ({ ...row, time: START_TIME + 2001 * index }))

const row = (step: number, metrics: RowLiteral['metrics'] = { a: step }): RowLiteral => ({ step, metrics })

test('a line has the step, the time of the log call in seconds, and the seconds since the run began', () => {
  const { texts } = merge([{ step: 3, time: START_TIME + 1234, metrics: { loss: 0.5 } }])
  expect(texts).toEqual(['{"_step":3,"_timestamp":1732000001.234,"_runtime":1.234,"loss":0.5}'])
})

test('rows of one step are one line, with the newest value of each name and the newest time', () => {
  const { texts } = merge([
    { step: 1, time: START_TIME, metrics: { a: 1, b: 2 } },
    { step: 1, time: START_TIME + 500, metrics: { b: 3, c: 4 } },
  ])
  expect(texts.map(parseLine)).toEqual([
    { _step: 1, _timestamp: (START_TIME + 500) / 1000, _runtime: 0.5, a: 1, b: 3, c: 4 },
  ])
})

test('a row of an earlier time does not make its line older', () => {
  const { texts } = merge([
    { step: 1, time: START_TIME + 500, metrics: { a: 1 } },
    { step: 1, time: START_TIME, metrics: { b: 3 } },
  ])
  expect(parseLine(texts[0]!)).toMatchObject({ _runtime: 0.5 })
})

test('NaN and infinities are bare, and integers have all of their digits', () => {
  const metrics = { a: Number.NaN, b: 1 / 0, c: -1 / 0, d: 2n ** 63n - 1n, e: -0, f: 1e21, g: 5e-324 }
  expect(merge([row(0, metrics)]).texts[0]).toContain(
    '"a":NaN,"b":Infinity,"c":-Infinity,"d":9223372036854775807,"e":-0,"f":1e+21,"g":5e-324',
  )
})

test.for([
  ['late', [5, 6, 3, 4, 7], [[5], [6], [7, 3], [8, 4], [9, 7]]],
  ['negative', [-2, -1, 0, 5], [[0, -2], [1, -1], [2, 0], [5]]],
  ['fractional', [0.5, 1, 1.5, 7.25, 9], [[0, 0.5], [1], [2, 1.5], [7, 7.25], [9]]],
  ['beyond the whole doubles', [1e300, 2, 3], [[0, 1e300], [2], [3]]],
  [
    'at the end of the whole doubles',
    [2 ** 53, 2 ** 53 + 2],
    [
      [0, 2n ** 53n],
      [1, 2n ** 53n + 2n],
    ],
  ],
] as const)('steps that are %s get a line of their own, which tells the step', ([, steps, expected]) => {
  const lines = linesOf(slowly(steps.map((step) => row(step))))
  const told = lines.map((line) => Object.values({ ...line, a: undefined }).filter((v) => v !== undefined))
  expect(told).toEqual(expected)
  expect(lines.map((line) => Number((line as { a: number | bigint }).a))).toEqual(steps)
})

test('a late row joins the newest line where it has none of its names, and tells its step', () => {
  expect(linesOf(slowly([row(8), row(9), row(4, { late: 1 }), row(9, { b: 2 }), row(10)]))).toEqual([
    { _step: 8, a: 8 },
    { _step: 9, a: 9, b: 2, late: 1, 'offstep/step': 4 },
    { _step: 10, a: 10 },
  ])
})

test('a row of the step of a line does not replace what a late row has put there', () => {
  expect(linesOf(slowly([row(8), row(9), row(4, { b: 1 }), row(9, { b: 2 })])).slice(1)).toEqual([
    { _step: 9, a: 9, b: 1, 'offstep/step': 4 },
    { _step: 10, b: 2, 'offstep/step': 9 },
  ])
})

test('a line holds late rows of one step only', () => {
  expect(linesOf(slowly([row(8), row(9), row(4, { b: 1 }), row(5, { c: 2 })])).slice(1)).toEqual([
    { _step: 9, a: 9, b: 1, 'offstep/step': 4 },
    { _step: 10, c: 2, 'offstep/step': 5 },
  ])
})

test('a row of a line that is still open goes into it, though rows of later steps have come', () => {
  expect(linesOf([row(1), row(2), row(3), row(1, { b: 1 }), row(2, { a: 20 })])).toEqual([
    { _step: 1, a: 1, b: 1 },
    { _step: 2, a: 20 },
    { _step: 3, a: 3 },
  ])
})

test('a step between open lines gets a line in its place, and is not late', () => {
  const rows = [10, 30, 20, 15.5, 5].map((step) => ({ ...row(step), time: START_TIME }))
  expect(linesOf(rows)).toEqual([
    { _step: 5, a: 5 },
    { _step: 10, a: 10 },
    { _step: 15, a: 15.5, 'offstep/step': 15.5 },
    { _step: 20, a: 20 },
    { _step: 30, a: 30 },
  ])
  expect(merge(rows).state.lateRows).toBe(0)
})

test('64 lines stay open, and the oldest is closed when one more begins', () => {
  const steps = Array.from({ length: 65 }, (_, step) => ({ ...row(step), time: START_TIME }))
  const { state } = merge(steps)
  expect(state.held.map(({ step }) => step)).toEqual(Array.from({ length: 64 }, (_, at) => at + 1))
  expect(state.lastStep).toBe(0)
})

test('lines of more than 64 KiB together do not stay open, but for the newest', () => {
  const wide = Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`some-name-${i}`, i / 7]))
  const held = (rows: number) =>
    merge(Array.from({ length: rows }, (_, step) => ({ ...row(step, wide), time: START_TIME }))).state.held
  const one = held(1)[0]!.bytes
  const fit = Math.floor((64 * 1024) / one)
  expect(held(fit)).toHaveLength(fit)
  expect(held(fit + 1)).toHaveLength(fit)
  const huge = Object.fromEntries(Array.from({ length: 4000 }, (_, i) => [`some-name-${i}`, i / 7]))
  expect(merge([row(0), row(1), row(2, huge)]).state.held.map(({ step }) => step)).toEqual([2])
})

test('a line is closed by a record that is more than two seconds younger', () => {
  const held = (time: number) => merge([row(1), { ...row(2), time: START_TIME + time }]).state.held
  expect(held(2000)).toHaveLength(2)
  expect(held(2001)).toHaveLength(1)
})

test('rows that still have a _step of their own are not late', () => {
  expect(merge([row(2 ** 60), row(2), row(3, { b: 3 }), row(4)]).state.lateRows).toBe(0)
  expect(linesOf([row(2 ** 60), row(2), row(3, { b: 3 })]).slice(1)).toEqual([
    { _step: 2, a: 2 },
    { _step: 3, b: 3 },
  ])
})

test('late rows are counted, rows that only got another _step are not', () => {
  expect(merge(slowly([row(5), row(6), row(3), row(4), row(6), row(7)])).state.lateRows).toBe(2)
})

test('names that W&B or the sink has a use for are put aside', () => {
  expect(linesOf([row(1, { _step: 7, 'offstep/step': 8, _timestamp: 9 })])).toEqual([
    { _step: 1, 'metrics/_step': 7, 'metrics/offstep/step': 8, 'metrics/_timestamp': 9 },
  ])
})

test('a name may be any text, and the one that objects have too', () => {
  const [text] = merge([
    row(0, [
      ['__proto__', 1],
      ['a"\\\n', 2],
      ['\u00e9\ud83d\ude00', 3],
    ]),
  ]).texts
  expect(Object.entries(parseLine(text!)).slice(3)).toEqual([
    ['__proto__', 1],
    ['a"\\\n', 2],
    ['\u00e9\ud83d\ude00', 3],
  ])
})

test('a row that no line can hold is rejected, and the rows around it merge as if it were not there', () => {
  const wide = Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`name-${i}`, i]))
  const { texts, rejected } = merge([row(1), row(1, wide), row(1, { b: 1 }), row(2)], [4], 500)
  expect(rejected).toEqual(['1 LINE_TOO_LARGE'])
  expect(texts.map(parseLine)).toMatchObject([{ _step: 1, a: 1, b: 1 }, { _step: 2 }])
})

test('rows of one step that are too many for a line go on in the next, and no line is too long', () => {
  const rows = Array.from({ length: 40 }, (_, i) =>
    row(7, { [`some-name-${i}`]: i, '\u00e9\u00e9\u00e9': i }),
  )
  const { texts } = merge(rows, [7], 600)
  expect(texts.length).toBeGreaterThan(1)
  for (const text of texts) expect(Buffer.byteLength(text)).toBeLessThanOrEqual(600)
  const lines = texts.map(parseLine)
  expect(lines.map(({ _step }) => _step)).toEqual(lines.map((_, index) => 7 + index))
  for (const line of lines.slice(1)) expect(line['offstep/step']).toBe(7)
  for (const { metrics } of rows) expect(lines.some((line) => Object.keys(metrics!)[0]! in line)).toBe(true)
})

test("W&B's own limit of a line holds", () => {
  expect(MAX_LINE_BYTES).toBe(10 * 1024 * 1024 - 100 * 1024)
})

const anyRow = fc.record({
  step: fc.oneof(
    { weight: 6, arbitrary: fc.integer({ min: -3, max: 40 }) },
    fc.constantFrom(0.5, 7.25, 1e300, 2 ** 53),
  ),
  time: fc.integer({ min: START_TIME, max: START_TIME + 9000 }),
  metrics: fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd'), fc.double()),
})

/** Steps that count up, as most runs have them, and any. */
const anyRows = fc.oneof(
  fc.array(anyRow, { maxLength: 60 }),
  fc
    .array(anyRow, { maxLength: 300 })
    .map((rows) => rows.map((one, at) => (at % 4 === 0 ? one : { ...one, step: at >> 1 }))),
)
const anySizes = fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 5 })

test('the lines are the same whatever the batches are, and _step grows with each', () => {
  fc.assert(
    fc.property(anyRows, anySizes, fc.constantFrom(undefined, 400), (rows, sizes, max) => {
      const whole = merge(rows, undefined, max)
      expect(merge(rows, sizes, max)).toEqual(whole)
      const steps = whole.texts.map((text) => parseLine(text)._step as number)
      for (const [at, step] of steps.entries()) expect(step).toBeGreaterThan(steps[at - 1] ?? -1)
    }),
    { numRuns: 300 },
  )
})

test('no value is lost but one that a later row of the same step has replaced', () => {
  for (let seed = 0; seed < 200; seed++) {
    const random = seededRandom(seed)
    const rows = Array.from({ length: 30 }, (_, index) => ({
      ...row(Math.floor(random() * 10), { [`m${Math.floor(random() * 3)}`]: -1 - index }),
      time: START_TIME + Math.floor(random() * 1500) * index,
    }))
    const values = merge(rows).texts.flatMap((text) => Object.values(parseLine(text)))
    const kept = rows.filter(({ step, metrics }, index) => {
      const [name] = Object.keys(metrics!)
      return !rows.slice(index + 1).some((later) => later.step === step && name! in later.metrics!)
    })
    for (const { metrics } of kept) expect(values, `seed ${seed}`).toContain(Object.values(metrics!)[0])
  }
})
