import type { Chart } from '../../chart.js'
import { type Better, betterOf } from '../direction.js'
import { isMeasured } from '../numbers.js'
import type { Report } from '../report.js'

/** A number of a report that another report may have too. */
export interface Value {
  readonly benchmark: string
  readonly name: string
  readonly value: number
  readonly unit: string
  readonly better: Better | null
  /** What the value should be, where it has a target. */
  readonly limit: number | null
}

/** Of figures, distributions and bars, by what identifies them. */
export function valuesOf({ benchmarks }: Report): Map<string, Value> {
  const values = new Map<string, Value>()
  for (const { name: benchmark, figures, charts } of benchmarks) {
    const measured = figures.filter(isMeasured).map((figure) => {
      const { name, measured: value, unit, target } = figure
      const limit = target === undefined ? null : 'atMost' in target ? target.atMost : target.atLeast
      return { benchmark, name, value, unit, better: betterOf(figure), limit }
    })
    for (const value of [...measured, ...charts.flatMap((chart) => chartValues(benchmark, chart))]) {
      if (Number.isFinite(value.value)) values.set(`${benchmark}\n${value.name}\n${value.unit}`, value)
    }
  }
  return values
}

function chartValues(benchmark: string, chart: Chart): Value[] {
  const { title } = chart
  if (chart.kind === 'bars') {
    const { unit, bars } = chart
    const better = betterOf({ name: title, unit })
    return bars.map(({ name, value }) => ({
      benchmark,
      name: `${title}: ${name}`,
      value,
      unit,
      better,
      limit: null,
    }))
  }
  // The points of a curve depend on how far the run went; its exponent is a figure where it matters.
  if (chart.kind === 'curves') return []
  return chart.lines.flatMap(({ name, latencies: { p99, p999 } }) =>
    Object.entries({ p99, 'p99.9': p999 }).map(([quantile, value]) => ({
      benchmark,
      name: `${title}: ${name} ${quantile}`,
      value,
      unit: 'us',
      better: 'less' as const,
      limit: null,
    })),
  )
}
