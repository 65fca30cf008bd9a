import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { JsonObject } from '../../src/record/json.js'
import type { MediaRecord } from '../../src/record/media.js'
import type { MetricDefinition } from '../../src/record/updates.js'
import { metricList } from '../../src/sinks/wandb/metrics/metric-list.js'
import { describeRun } from '../../src/sinks/wandb/run/run-description.js'
import { Summary, summaryOf } from '../../src/sinks/wandb/run/summary.js'
import { wandbSettings } from '../../src/sinks/wandb/settings/settings.js'
import { temporaryDirectory } from '../support/directory.js'
import { parseLine } from '../support/wandb-server/extended-json.js'
import { type RowLiteral, START_TIME } from './support/batches.js'
import { hparamsRecord, mediaRow, runFile } from './support/media-records.js'
import { mergeRun } from './support/wandb-merge.js'

const AT = (seconds: number) => ({ time: START_TIME + seconds * 1000 })

const update = (kind: string, name: string, value: object, seconds = 0): RowLiteral =>
  mediaRow({ kind, name, producer: 0, value } as unknown as MediaRecord, 0, AT(seconds))

const define = (name: string, definition: MetricDefinition, seconds = 0): RowLiteral =>
  update('metric', name, definition, seconds)

const set = (values: JsonObject, seconds: number, removed: readonly string[] = []): RowLiteral =>
  update('summary', 'summary', { values, removed }, seconds)

const row = (step: number, metrics: RowLiteral['metrics'], seconds = step): RowLiteral => ({
  step,
  metrics,
  ...AT(seconds),
})

const summaryOfRun = (...rows: RowLiteral[]) => parseLine(mergeRun(rows).summary)
const linesOfRun = (...rows: RowLiteral[]) => mergeRun(rows).texts.map(parseLine)

test('the summary has the last value of every name, the runtime, and what was counted', () => {
  const { summary } = mergeRun([row(5, { a: 1, b: Number.NaN }, 0), row(8, { a: 2 }, 3), row(1, { c: 3 }, 3)])
  expect(summary).toBe(
    '{"_step":8,"_timestamp":1732000003,"_runtime":3,"offstep/step":1,"a":2,"b":NaN,"c":3,"_wandb":{"runtime":3},"offstep/late_rows":1}',
  )
})

test('the summary that a resumed run had stays, NaN and all, until a line has other values', () => {
  const before = summaryOf([
    ['_step', '3'],
    ['_runtime', '7.5'],
    ['a', 'NaN'],
    ['b', '9007199254740993'],
  ])
  expect(new Summary(before).text({ lateRows: 0, rejectedLines: 2 })).toBe(
    '{"_step":3,"_runtime":7.5,"a":NaN,"b":9007199254740993,"_wandb":{"runtime":7.5},"offstep/rejected_lines":2}',
  )
})

test('a value that was set stands until a row of the name with a later time comes', () => {
  expect(summaryOfRun(row(1, { a: 1 }), set({ a: 5, b: 'best', c: [1, 'NaN'] }, 2)).a).toBe(5)
  const after = summaryOfRun(row(1, { a: 1 }), set({ a: 5, b: 6 }, 2), row(3, { a: 2 }))
  expect(after).toMatchObject({ a: 2, b: 6 })
})

test('a value that was set before a row counts as set before it, whichever is journaled first', () => {
  const late = [row(1, { a: 1 }), row(3, { a: 2 }), row(9, { b: 1 }), set({ a: 5 }, 2)]
  expect(summaryOfRun(...late).a).toBe(2)
  const early = [row(1, { a: 1 }), row(3, { a: 2 }), row(9, { b: 1 }), set({ a: 5 }, 4)]
  expect(summaryOfRun(...early).a).toBe(5)
})

test('of two values that were set the one of the later call stands, whichever is journaled first', () => {
  expect(summaryOfRun(set({ a: 2 }, 2), set({ a: 1 }, 1)).a).toBe(2)
})

test('a value that was set stands behind all rows of its name that are earlier, and no others', () => {
  const rows = [row(1, { a: 1 }, 3), row(2, { a: 2 }, 1)]
  expect(summaryOfRun(...rows, set({ a: 5 }, 2)).a).toBe(2)
  expect(summaryOfRun(...rows, set({ a: 5 }, 4)).a).toBe(5)
})

test('a later log call of the same line does not make a value later', () => {
  const rows = [row(1, { a: 1 }, 1), set({ a: 5 }, 2), row(1, { b: 1 }, 3)]
  expect(summaryOfRun(...rows)).toMatchObject({ a: 5, b: 1 })
  expect(summaryOfRun(...rows, row(1, { a: 3 }, 3)).a).toBe(3)
})

test('a name that was taken out is not there until it is set or logged again', () => {
  expect(summaryOfRun(row(1, { a: 1 }), set({}, 2, ['a']))).not.toHaveProperty('a')
  expect(summaryOfRun(row(1, { a: 1 }), set({}, 2, ['a']), row(3, { a: 4 }))).toHaveProperty('a', 4)
  expect(summaryOfRun(set({}, 2, ['a']), set({ a: 7 }, 3))).toHaveProperty('a', 7)
})

test('the names of NaN and infinities in a value that was set are these numbers', () => {
  const { summary } = mergeRun([set({ a: 'NaN', b: { c: ['-Infinity', 'x'] } }, 1)])
  expect(summary).toBe('{"a":NaN,"b":{"c":[-Infinity,"x"]}}')
})

test.for<[MetricDefinition, unknown]>([
  [{ summary: ['min'] }, { min: -1 }],
  [{ summary: ['max', 'mean'] }, { max: 4, mean: 2 }],
  [{ summary: ['first', 'last'] }, { first: 3, last: 2 }],
  [{ summary: ['best'], goal: 'minimize' }, { best: -1 }],
  [{ summary: ['best'], goal: 'maximize' }, { best: 4 }],
  [{ summary: ['best'] }, 2],
  [{ summary: ['copy'] }, 2],
  [{ summary: ['none'] }, undefined],
  [{ summary: ['none', 'max'] }, undefined],
  [{}, 2],
])('the summary of a metric defined as %j is %j', ([definition, expected]) => {
  const rows = [3, 4, Number.NaN, -1, 2].map((a, step) => row(step, { a }))
  expect(summaryOfRun(define('a', definition), ...rows).a).toEqual(expected)
  // Definitions are worked up on another thread: rows of later calls may come first.
  expect(summaryOfRun(...rows, define('a', definition)).a).toEqual(expected)
})

test("a definition for names that begin alike is that of each of them, but of W&B's own and of those defined", () => {
  const rows = [row(1, { 'val/a': 1, 'val/b': 1, train: 1 }), row(2, { 'val/a': 0, 'val/b': 0, train: 0 })]
  const definitions = [define('val/*', { summary: ['max'] }), define('val/b', { summary: ['min'] })]
  expect(summaryOfRun(...definitions, ...rows)).toMatchObject({
    'val/a': { max: 1 },
    'val/b': { min: 0 },
    train: 0,
    _step: 2,
  })
})

test('lines get the last value of a step metric that they have not', () => {
  const sync = define('val/*', { stepMetric: 'epoch', stepSync: true })
  const lines = linesOfRun(
    sync,
    row(1, { 'val/a': 1 }),
    row(2, { epoch: 7 }),
    row(3, { 'val/a': 2 }),
    row(4, { 'val/a': 3, epoch: 8 }),
    row(5, { loss: 1 }),
    row(6, { 'val/b': 3 }),
  )
  expect(lines.map(({ epoch }) => epoch)).toEqual([undefined, 7, 7, 8, undefined, 8])
})

test('without stepSync a line has no more than was logged', () => {
  const lines = linesOfRun(
    define('a', { stepMetric: 'epoch', stepSync: false }),
    define('b', { stepMetric: 'epoch', stepSync: true }),
    row(1, { epoch: 1 }),
    row(2, { a: 1 }),
  )
  expect(lines[1]).not.toHaveProperty('epoch')
})

test("metrics are listed as in W&B's config, step metrics by their place", () => {
  const list = metricList(
    [
      ['val/a', { stepMetric: 'epoch', stepSync: true, summary: ['none', 'min'], goal: 'minimize' }],
      ['train/*', { stepMetric: 'batch', hidden: true }],
    ],
    ['_step', 'val/a', 'train/x', 'other'],
  )
  expect(list).toEqual([
    { 1: 'val/a', 5: 3, 6: [1, 3], 7: [1, 6], 8: 1 },
    { 1: 'train/x', 5: 4, 6: [2, 3], 7: [] },
    { 1: 'epoch', 6: [], 7: [] },
    { 1: 'batch', 6: [], 7: [] },
  ])
})

test("W&B's own names are of no definition for names that begin alike", () => {
  expect(metricList([['*', { hidden: true }]], ['_step', 'a'])).toEqual([{ 1: 'a', 6: [2, 3], 7: [] }])
})

test('a smallest value of minus zero stays one from batch to batch', () => {
  const rows = [define('a', { summary: ['min'] }), row(1, { a: -0 }), row(9, { b: 1 }), row(10, { a: 3 })]
  expect(mergeRun(rows, { sizes: [1] }).summary).toContain('"a":{"min":-0}')
})

test('definitions of one name add up', () => {
  const { state } = mergeRun([
    define('a', { stepMetric: 'epoch', stepSync: true }),
    define('a', { stepSync: false, summary: ['max'] }),
    define('a', { hidden: true, summary: ['min'] }),
  ])
  expect(state.updates.metrics).toEqual([
    ['a', { stepMetric: 'epoch', stepSync: true, hidden: true, summary: ['min'] }],
  ])
})

test('config updates and logged hyper-parameters are one config, the newest value of each name', () => {
  const { state, notApplicable, texts } = mergeRun([
    update('config', 'config', { values: { lr: 1, model: { layers: 2 } } }),
    mediaRow(hparamsRecord({ values: { 'optimizer/lr': 0.1, lr: 2 } })),
    update('config', 'config', JSON.parse('{"values":{"__proto__":3,"lr":4}}') as object),
  ])
  expect(state.updates.config).toEqual([
    ['lr', 4],
    ['model', { layers: 2 }],
    ['optimizer/lr', 0.1],
    ['__proto__', 3],
  ])
  expect([notApplicable, texts]).toEqual([0, []])
})

test('a run is described with the parameters that were set over those of run.json, and with its metrics', () => {
  const runDir = temporaryDirectory()
  runFile(runDir, { lr: 1, seed: 3 })
  const { state, summaryState } = mergeRun([
    update('config', 'config', { values: { lr: 2, late: 'NaN' } }),
    define('val/*', { summary: ['max'] }),
    row(1, { 'val/a': 1 }, 1),
    row(2, { loss: 1 }, 9),
  ])
  const context = { options: {}, project: 'p', runId: 'r' }
  const told = { updates: state.updates, summary: summaryState }
  const { config } = describeRun(runDir, 'name', wandbSettings(context, {}), told)
  expect(config).toMatchObject({ lr: { value: 2 }, seed: { value: 3 }, late: { value: 'NaN' } })
  expect(config._wandb!.value).toMatchObject({ m: [{ 1: 'val/a', 6: [3], 7: [2] }] })
})

test('console lines, samples, alerts, files and artifacts are for the sink to send', () => {
  const kinds = ['console', 'system', 'alert', 'file', 'artifact'] as const
  const { others, texts, notApplicable } = mergeRun([
    row(1, { a: 1 }),
    ...kinds.map((kind, at) => update(kind, kind, {}, at)),
  ])
  expect(others.map(({ row, record, time }) => [row, record.kind, time])).toEqual(
    kinds.map((kind, at) => [at + 1, kind, START_TIME + at * 1000]),
  )
  expect([texts.length, notApplicable]).toEqual([1, 0])
})

const NAMES = ['a', 'b', 'val/a', 'epoch']
const anyName = fc.constantFrom(...NAMES)
const seconds = fc.integer({ min: 0, max: 9 })
const anyCall = fc.oneof(
  { weight: 5, arbitrary: fc.tuple(fc.integer({ min: 0, max: 30 }), fc.dictionary(anyName, fc.double()), seconds).map(([step, metrics, at]) => row(step, metrics, at)) }, // biome-ignore format: one call
  fc
    .tuple(fc.dictionary(anyName, fc.constantFrom(1, 'NaN', null)), seconds)
    .map(([values, at]) => set(values, at)),
  fc.tuple(fc.uniqueArray(anyName), seconds).map(([removed, at]) => set({}, at, removed)),
  fc
    .tuple(
      fc.constantFrom(...NAMES, 'val/*'),
      fc.record({
        stepMetric: fc.constant('epoch'),
        stepSync: fc.boolean(),
        summary: fc.subarray(['min', 'max', 'mean', 'first', 'best', 'none'] as const),
        goal: fc.constantFrom('minimize' as const, 'maximize' as const),
      }),
    )
    .map(([name, definition]) => define(name, definition)),
)

test('lines, state and summary are the same whatever the batches are', () => {
  fc.assert(
    fc.property(
      fc.array(anyCall, { maxLength: 60 }),
      fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 4 }),
      (calls, sizes) => {
        expect(mergeRun(calls, { sizes })).toEqual(mergeRun(calls))
      },
    ),
    { numRuns: 300 },
  )
})
