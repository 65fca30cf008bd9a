import { describe, expect, test } from 'vitest'
import { compareReports } from '../../bench/report/compare/compare.js'
import { formatComparison } from '../../bench/report/compare/print.js'
import { warningsOf } from '../../bench/report/compare/warnings.js'
import { betterOf } from '../../bench/report/direction.js'
import { chartsOf, figureOf, madeUpReport } from './support/bench-report.js'

const namesOf = (changes: readonly { readonly after: { readonly name: string } }[]) =>
  changes.map(({ after }) => after.name).sort()

describe('which way is better', () => {
  test.each([
    ['ns', '', 'less'],
    ['ns a record', '', 'less'],
    ['B/call', '', 'less'],
    ['MiB', '', 'less'],
    ['% of a core', '', 'less'],
    ['x', '', 'less'],
    ['MB/s', '', 'more'],
    ['rows/s', '', 'more'],
    ['%', 'rows that arrived', 'more'],
    ['s', 'until all is delivered', 'less'],
    ['', 'threads', null],
  ] as const)('"%s" of "%s": %s', (unit, name, better) => {
    expect(betterOf({ unit, name })).toBe(better)
  })

  test('the target says it whatever the unit is', () => {
    expect(betterOf({ unit: 'x', name: 'pino / offstep', target: { atLeast: 5 } })).toBe('more')
  })
})

test('a comparison tells what is slower, what is better, and what only one report has', () => {
  const before = madeUpReport({
    figures: [
      figureOf('call', 100, 'ns'),
      figureOf('drain', 100, 'M/s'),
      figureOf('steady', 100, 'ms'),
      figureOf('threads', 2, ''),
      figureOf('old', 1, 's'),
    ],
  })
  const after = madeUpReport({
    figures: [
      figureOf('call', 120, 'ns'),
      figureOf('drain', 120, 'M/s'),
      figureOf('steady', 105, 'ms'),
      figureOf('threads', 3, ''),
      figureOf('new', 1, 's'),
      figureOf('fault: not measured', 0, ''),
    ],
  })
  const { slower, better, unclear, noise, onlyBefore, onlyAfter } = compareReports(before, after, 0.1)
  expect([slower, better, unclear, noise].map(namesOf)).toEqual([
    ['call'],
    ['drain'],
    ['threads'],
    ['steady'],
  ])
  expect([onlyBefore, onlyAfter].map((values) => values.map(({ name }) => name))).toEqual([['old'], ['new']])
})

test('an overhead that changes its sign is measured by its target', () => {
  const overhead = (measured: number) =>
    madeUpReport({ figures: [figureOf('overhead', measured, '%', { target: { atMost: 1 } })] })
  expect(compareReports(overhead(-0.02), overhead(0.03), 0.1).noise).toHaveLength(1)
  expect(compareReports(overhead(-0.02), overhead(0.5), 0.1).slower).toHaveLength(1)
})

test('tails and bars of charts are compared too', () => {
  const [before, after] = [madeUpReport({ charts: chartsOf() }), madeUpReport({ charts: chartsOf(2) })]
  const comparison = compareReports(before, after, 0.1)
  const slower = ['Latency of a row: offstep p99', 'Latency of a row: offstep p99.9', 'Sustained: offstep']
  expect(namesOf(comparison.slower)).toEqual(slower)
})

test('what was met and is missed now is said in the table, which fits into the terminal', () => {
  const figure = (measured: number) =>
    madeUpReport({ figures: [figureOf('a call '.repeat(20), measured, 'us', { target: { atMost: 2 } })] })
  const text = formatComparison(compareReports(figure(1.9), figure(2.5), 0.1), 10, 100)
  expect(text).toContain('ok -> miss')
  expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(100)
})

test('machines that differ, were busy, or only ran --quick are warned of', () => {
  const before = madeUpReport({})
  const { machine } = before
  const after = {
    ...madeUpReport({ loadBefore: 7 }),
    machine: { ...machine, node: '22.1.0' },
    settings: { seconds: null, quick: true },
  }
  const warnings = warningsOf(before, after).join('\n')
  for (const word of ['node 20.20.0, now 22.1.0', 'busy', '--quick']) expect(warnings).toContain(word)
  expect(warningsOf(before, before)).toEqual([])
})
