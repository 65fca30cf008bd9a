import { expect, test } from 'vitest'
import {
  type HistoryState,
  lastLine,
  MAX_LINE_BYTES,
  mergeRows,
  noHistory,
} from '../../src/sinks/wandb/history.js'
import { MetricNames } from '../../src/sinks/wandb/names.js'
import { Summary } from '../../src/sinks/wandb/summary.js'
import { seededRandom } from '../support/random.js'
import { parseLine } from '../support/wandb-server/extended-json.js'
import { BatchBuilder, type RowLiteral, START_TIME } from './support/batches.js'

interface Merged {
  readonly texts: string[]
  readonly state: HistoryState
  readonly rejected: string[]
  readonly notApplicable: number
}

/** Rows, in batches of these sizes, each with its state taken through JSON; the last line is closed. */
function merge(rows: readonly RowLiteral[], sizes: readonly number[] = [rows.length], max?: number): Merged {
  const builder = new BatchBuilder()
  const names = new MetricNames()
  const texts: string[] = []
  const rejected: string[] = []
  let state = noHistory()
  let notApplicable = 0
  for (let from = 0, batch = 0; from < rows.length; batch++) {
    const to = from + sizes[batch % sizes.length]!
    const merged = mergeRows(state, builder.batchOf(rows.slice(from, to)), names, max)
    texts.push(...merged.lines.map((line) => line.text(START_TIME)))
    rejected.push(...merged.rejected.map(({ row, cause }) => `${from + row} ${cause}`))
    notApplicable += merged.notApplicable
    state = JSON.parse(JSON.stringify(merged.state)) as HistoryState
    from = to
  }
  const last = lastLine(state)
  if (last !== null) texts.push(last.text(START_TIME))
  return { texts, state, rejected, notApplicable }
}

/** The lines without their times. */
function linesOf(rows: readonly RowLiteral[]): object[] {
  return merge(rows).texts.map((text) => {
    const { _timestamp, _runtime, ...line } = parseLine(text)
    return line
  })
}

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

test('NaN and infinities are bare, and integers have all of their digits', () => {
  const metrics = { a: Number.NaN, b: 1 / 0, c: -1 / 0, d: 2n ** 63n - 1n, e: -0, f: 1e21, g: 5e-324 }
  expect(merge([row(0, metrics)]).texts[0]).toContain(
    '"a":NaN,"b":Infinity,"c":-Infinity,"d":9223372036854775807,"e":-0,"f":1e+21,"g":5e-324',
  )
})

test.for([
  ['late', [5, 3, 4, 6], [[5], [6, 3], [7, 4], [8, 6]]],
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
  const lines = linesOf(steps.map((step) => row(step)))
  const told = lines.map((line) => Object.values({ ...line, a: undefined }).filter((v) => v !== undefined))
  expect(told).toEqual(expected)
  expect(lines.map((line) => Number((line as { a: number | bigint }).a))).toEqual(steps)
})

test('a late row joins the open line where it has none of its names, and tells its step', () => {
  expect(linesOf([row(9), row(4, { late: 1 }), row(9, { b: 2 }), row(10)])).toEqual([
    { _step: 9, a: 9, b: 2, late: 1, 'offstep/step': 4 },
    { _step: 10, a: 10 },
  ])
})

test('a line holds late rows of one step only', () => {
  expect(linesOf([row(9), row(4, { b: 1 }), row(5, { c: 2 })])).toEqual([
    { _step: 9, a: 9, b: 1, 'offstep/step': 4 },
    { _step: 10, c: 2, 'offstep/step': 5 },
  ])
})

test('rows that still have a _step of their own are not late', () => {
  expect(merge([row(2 ** 60), row(2), row(3, { b: 3 }), row(4)]).state.lateRows).toBe(0)
  expect(linesOf([row(2 ** 60), row(2), row(3, { b: 3 })]).slice(1)).toEqual([
    { _step: 2, a: 2 },
    { _step: 3, b: 3 },
  ])
})

test('late rows are counted, rows that only got another _step are not', () => {
  expect(merge([row(5), row(3), row(4), row(5), row(6)]).state.lateRows).toBe(2)
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

test('media rows are in no line', () => {
  const media = { kind: 'text', name: 'x', value: {}, file: null } as never
  const { texts, notApplicable } = merge([row(1), { step: 2, media }, row(1, { b: 1 })])
  expect(notApplicable).toBe(1)
  expect(texts.map(parseLine)).toMatchObject([{ _step: 1, a: 1, b: 1 }])
})

test('the lines are the same whatever the batches are, and _step grows with each', () => {
  for (let seed = 0; seed < 200; seed++) {
    const random = seededRandom(seed)
    const whole = (below: number) => Math.floor(random() * below)
    const names = ['a', 'b', 'c', 'd']
    const rows = Array.from({ length: 1 + whole(40) }, (_, index) => {
      const step = random() < 0.7 ? index >> 1 : whole(40) - 5 + (random() < 0.2 ? 0.5 : 0)
      const chosen = names.filter(() => random() < 0.4)
      return row(step, Object.fromEntries(chosen.map((name) => [name, whole(100)])))
    })
    const whole1 = merge(rows)
    const parts = merge(rows, [1, 1 + whole(5), 1 + whole(9)])
    expect(parts.texts, `seed ${seed}`).toEqual(whole1.texts)
    expect(parts.state).toEqual(whole1.state)
    const steps = whole1.texts.map((text) => parseLine(text)._step as number)
    for (const [index, step] of steps.entries()) expect(step).toBeGreaterThan(steps[index - 1] ?? -1)
  }
})

test('no value is lost but one that a later row of the same step has replaced', () => {
  for (let seed = 0; seed < 200; seed++) {
    const random = seededRandom(seed)
    const rows = Array.from({ length: 30 }, (_, index) =>
      row(Math.floor(random() * 10), { [`m${Math.floor(random() * 3)}`]: index }),
    )
    const values = merge(rows).texts.flatMap((text) => Object.values(parseLine(text)))
    const kept = rows.filter(({ step, metrics }, index) => {
      const [name] = Object.keys(metrics!)
      let next = index + 1
      while (rows[next]?.step === step && !(name! in rows[next]!.metrics!)) next++
      return rows[next]?.step !== step
    })
    for (const { metrics } of kept) expect(values, `seed ${seed}`).toContain(Object.values(metrics!)[0])
  }
})

test('the summary has the last value of every name, the runtime, and what was counted', () => {
  const builder = new BatchBuilder()
  const batch = builder.batch(row(1, { a: 1, b: Number.NaN }), row(2, { a: 2 }), row(3))
  const summary = new Summary()
  for (const line of mergeRows(noHistory(), batch, new MetricNames()).lines) summary.add(line, START_TIME)
  const restored = new Summary(JSON.parse(JSON.stringify(summary.state())))
  expect(restored.text({ lateRows: 4, rejectedLines: 0 })).toBe(
    '{"_step":2,"_timestamp":1732000001,"_runtime":1,"a":2,"b":NaN,"_wandb":{"runtime":1},"offstep/late_rows":4}',
  )
})
