import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ReportError, readReport, writeReport } from '../../bench/report/file.js'
import { formatChart, formatFigures } from '../../bench/report/text/terminal.js'
import { exponent, slope } from '../../bench/statistics.js'
import { temporaryDirectory } from '../support/directory.js'
import { chartsOf, figureOf, madeUpReport } from './support/bench-report.js'

test('a report is read back as it was written, what could not be had as NaN', () => {
  const report = madeUpReport({
    figures: [
      figureOf('call', 3, 'us', { target: { atMost: 2 }, note: 'slow' }),
      figureOf('none', Number.NaN, 's'),
    ],
    charts: chartsOf(),
  })
  const file = join(temporaryDirectory(), 'results', 'report.json')
  writeReport(file, report)
  expect(readReport(file)).toEqual(report)
  expect(JSON.parse(readFileSync(file, 'utf8')).benchmarks[0].figures[0].verdict).toBe('miss')
})

test('a file that is no report is refused with a sentence that says what is wrong and what to do', () => {
  const file = join(temporaryDirectory(), 'other.json')
  writeFileSync(file, JSON.stringify({ ...madeUpReport({}), version: 99 }))
  expect(() => readReport(file)).toThrow(/version: .*99.*npm run bench/)
  writeFileSync(file, '{')
  expect(() => readReport(file)).toThrow(ReportError)
})

test('tables fit into the terminal: long notes are broken into lines', () => {
  const note = 'many words about what was measured '.repeat(10)
  const figures = [figureOf('allocated by a call', 1, 'B/call', { target: { atMost: 2 }, note })]
  for (const width of [80, 120]) {
    const lines = formatFigures(figures, width).split('\n')
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(width)
  }
})

test('a chart is printed as its numbers', () => {
  const [percentiles, curves, bars] = chartsOf().map((chart) => formatChart(chart, 120))
  expect(percentiles).toMatch(/offstep +1 us +2 us +3 us +4 us +5 us +6 us/)
  expect(curves).toMatch(/run\.log +2\.00 +7 at 1 +70,000 at 100/)
  expect(bars).toMatch(/offstep +1,000\na peer +100\nnot there +–/)
})

test('the exponent of a power is found, whatever its factor, and needs two points', () => {
  expect(exponent([10, 100, 1000].map((x) => [x, 3 * x ** 1.5] as const))).toBeCloseTo(1.5, 10)
  expect(
    exponent([
      [0, 5],
      [1, 2],
      [2, 2],
      [4, 2],
    ]),
  ).toBeCloseTo(0, 10)
  expect(exponent([[3, 4]])).toBeNaN()
  expect(slope([1, 3, 5])).toBeCloseTo(2, 10)
})
