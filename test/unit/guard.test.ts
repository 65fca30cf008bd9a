import { expect, test } from 'vitest'
import { Guard } from '../../src/guard/guard.js'
import type { GuardEvent, GuardOptions } from '../../src/guard/types.js'
import type { MetricLogger, MetricValues } from '../../src/run/values.js'

/** A run that keeps what a guard gives it. */
class KeptRun {
  readonly rows: [MetricValues, number | undefined][] = []
  readonly texts: [string, string, number | undefined][] = []

  log(values: MetricValues, step?: number): void {
    this.rows.push([values, step])
  }

  text(name: string, markdown: string, step?: number): void {
    this.texts.push([name, markdown, step])
  }
}

function setUp(options?: GuardOptions) {
  const run = new KeptRun()
  const warnings: string[] = []
  const guard = new Guard(
    run as unknown as MetricLogger,
    options,
    (_, message) => void warnings.push(message),
  )
  return { run, warnings, guard }
}

test('counts NaN and infinities by name, and remembers the first bad step', () => {
  const { guard } = setUp()
  guard.check({ loss: 1, accuracy: 0.5 }, 1)
  guard.check({ loss: Number.NaN, accuracy: 0.5 }, 2)
  guard.check({ loss: Number.NEGATIVE_INFINITY, accuracy: 0.5 }, 3)
  guard.check({ loss: 1 }, 4)
  expect(guard.counts).toEqual({
    loss: { checked: 4, nan: 1, infinite: 1, firstBadStep: 2, lastBadStep: 3 },
    accuracy: { checked: 3, nan: 0, infinite: 0, firstBadStep: null, lastBadStep: null },
  })
  expect(guard.firstBadStep).toBe(2)
})

test('a tensor counts by its bad values', () => {
  const { guard, warnings } = setUp()
  guard.checkTensor('weights/kernel', { nan: 0, infinite: 0 }, 1, 100)
  guard.checkTensor('weights/kernel', { nan: 7, infinite: 2 }, 2, 100)
  expect(guard.counts['weights/kernel']).toEqual({
    checked: 200,
    nan: 7,
    infinite: 2,
    firstBadStep: 2,
    lastBadStep: 2,
  })
  expect(warnings).toEqual([
    '"weights/kernel" holds 7 NaN and 2 infinite at step 2. Later ones are counted, and not told again.',
  ])
})

test('warns once per name, and of eight names at most', () => {
  const { guard, warnings } = setUp()
  for (let step = 1; step <= 3; step++) {
    guard.check(Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`m${i}`, Number.NaN])), step)
  }
  expect(warnings.map((message) => message.split(' ')[0])).toEqual(
    ['m0', 'm1', 'm2', 'm3', 'm4', 'm5', 'm6', 'm7'].map((name) => `"${name}"`),
  )
  expect(warnings.at(-1)).toContain('Further names are only counted: see guard.counts.')
  expect(guard.counts.m19!.nan).toBe(3)
})

test('alert writes one text record per name into the run', () => {
  const { guard, run } = setUp({ action: 'alert' })
  guard.check({ loss: Number.NaN }, 5)
  guard.check({ loss: Number.NaN }, 6)
  expect(run.texts).toEqual([
    ['alerts/loss', '"loss" holds 1 NaN at step 5. Later ones are counted, and not told again.', 5],
  ])
})

test('count only counts', () => {
  const { guard, run, warnings } = setUp({ action: 'count' })
  expect(guard.check({ loss: Number.NaN }, 5)).toBe(false)
  expect([run.texts, warnings, guard.counts.loss!.nan]).toEqual([[], [], 1])
})

test('stop raises the flag at the first bad step', () => {
  const { guard } = setUp({ action: 'stop' })
  expect(guard.check({ loss: 1 }, 1)).toBe(false)
  expect(guard.check({ loss: Number.NaN }, 2)).toBe(true)
  expect(guard.check({ loss: 1 }, 3)).toBe(true)
})

test('with patience, only bad steps in a row stop; several bad names are one bad step', () => {
  const { guard } = setUp({ action: 'stop', patience: 2 })
  guard.check({ a: Number.NaN, b: Number.NaN }, 1)
  guard.check({ a: 1 }, 2)
  guard.check({ a: Number.NaN }, 3)
  guard.check({ b: Number.NaN }, 3)
  expect(guard.stopped).toBe(false)
  guard.check({ a: Number.NaN }, 4)
  expect(guard.stopped).toBe(true)
})

test('onEvent is told of every bad value; what it throws is told once and goes no further', () => {
  const events: GuardEvent[] = []
  const { guard, warnings } = setUp({
    action: 'count',
    onEvent: (event) => {
      events.push(event)
      throw new Error('mine')
    },
  })
  guard.check({ loss: Number.NaN }, 1)
  guard.check({ loss: Number.POSITIVE_INFINITY }, 2)
  expect(events).toEqual([
    { name: 'loss', step: 1, nan: 1, infinite: 0, first: true },
    { name: 'loss', step: 2, nan: 0, infinite: 1, first: false },
  ])
  expect(warnings).toEqual(["The guard's onEvent threw, and the run goes on: Error: mine"])
})

test('only looks at the names that were chosen, and at numbers', () => {
  const { guard } = setUp({ only: (name) => name.startsWith('train/') })
  guard.check({ 'train/loss': Number.NaN, other: Number.NaN, 'train/flag': true, 'train/none': null }, 1)
  expect(Object.keys(guard.counts)).toEqual(['train/loss'])
})

test('log() logs the row and checks it', () => {
  const { guard, run } = setUp({ action: 'stop' })
  expect(guard.log({ loss: Number.NaN }, 9)).toBe(true)
  expect(run.rows).toEqual([[{ loss: Number.NaN }, 9]])
})

test('more names than can be kept are told of once, and not kept', () => {
  const { guard, warnings } = setUp()
  for (let i = 0; i < 10_010; i++) guard.check({ [`m${i}`]: 1 }, i)
  expect(Object.keys(guard.counts)).toHaveLength(10_000)
  expect(warnings).toEqual([expect.stringContaining('The guard looks at 10000 names')])
})
