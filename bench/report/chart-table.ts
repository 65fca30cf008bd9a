import type { BarChart, Chart, CurveChart, PercentileChart } from '../chart.js'
import { exponent } from '../statistics.js'
import { betterOf, byMerit } from './direction.js'
import { digits, latencyText, NOTHING, withUnit } from './numbers.js'

/** The first column names what is in the row; the others are numbers. */
export interface ChartTable {
  readonly head: readonly string[]
  readonly rows: readonly (readonly string[])[]
}

/** What a chart shows, as numbers. */
export function chartTable(chart: Chart): ChartTable {
  if (chart.kind === 'percentiles') return percentileTable(chart)
  return chart.kind === 'curves' ? curveTable(chart) : barTable(chart)
}

const QUANTILES = ['p50', 'p90', 'p99', 'p999', 'p9999', 'max'] as const

const percentileTable = ({ lines }: PercentileChart): ChartTable => ({
  head: ['', 'p50', 'p90', 'p99', 'p99.9', 'p99.99', 'max', 'samples'],
  rows: lines.map(({ name, latencies }) => [
    name,
    ...QUANTILES.map((quantile) => latencyText(latencies[quantile])),
    digits(latencies.count),
  ]),
})

const curveTable = ({ lines, x, y }: CurveChart): ChartTable => ({
  head: [`${y} by ${x}`, 'exponent', 'first', 'last'],
  rows: lines.map(({ name, points }) => [
    name,
    exponentText(points),
    pointText(points[0]),
    pointText(points.at(-1)),
  ]),
})

const pointText = (point: readonly [number, number] | undefined): string =>
  point === undefined ? NOTHING : `${digits(point[1])} at ${digits(point[0])}`

export function exponentText(points: CurveChart['lines'][number]['points']): string {
  const value = exponent(points)
  return Number.isFinite(value) ? value.toFixed(2).replace('-0.00', '0.00') : NOTHING
}

const barTable = (chart: BarChart): ChartTable => ({
  head: ['', chart.unit],
  rows: sortedBars(chart).map(({ name, value }) => [name, withUnit(value, '')]),
})

/** The better ones first; values that could not be measured at the end. */
export function sortedBars({ title, unit, bars }: BarChart): BarChart['bars'] {
  const order = byMerit(betterOf({ name: title, unit }))
  const rank = (value: number) => (Number.isFinite(value) ? 0 : 1)
  return [...bars].sort((a, b) => rank(a.value) - rank(b.value) || order(a.value, b.value))
}
