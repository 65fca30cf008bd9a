import type { TopLevelSpec } from 'vega-lite'
import { configOf, type Theme } from '../../../../src/plots/theme.js'
import { logTicks } from '../../../../src/plots/y-domain.js'
import type { BarChart } from '../../../chart.js'
import { sortedBars } from '../../chart-table.js'
import { withUnit } from '../../numbers.js'
import { titleOf } from './wrap.js'

const WIDTH = 480
const BAR = 26
const NAMES = 260
/** Beyond, the short bars of a linear axis cannot be told apart. */
const WIDE = 30

interface Axis {
  readonly scale: object
  readonly axis: object
  /** Where bars begin. */
  readonly base: number
}

/** The better ones at the top, each with its value; ours in colour. */
export function barsSpec(chart: BarChart, theme: Theme): TopLevelSpec {
  const { scale, axis, base } = axisOf(chart.bars.map(({ value }) => value))
  const bars = sortedBars(chart)
  const ours = bars.filter((bar) => bar.ours).map(({ name }) => name)
  // A long one stands at the axis alone.
  const unit = chart.unit.includes(' ') ? '' : chart.unit
  const values = bars.map(({ name, value }) => ({
    name,
    base,
    // Zero has no place on a logarithmic axis: no bar, and its label at the beginning.
    bar: Number.isFinite(value) && (value !== 0 || base === 0) ? value : base,
    labelAt: Math.max(base, value || base),
    text: Number.isFinite(value) ? withUnit(value, unit) : 'not measured',
    color: ours.length === 0 || ours.includes(name) ? theme.palette[0] : theme.muted,
    opacity: ours.length === 0 || ours.includes(name) ? 1 : 0.6,
  }))
  const x = { type: 'quantitative', title: chart.unit, scale, axis }
  return {
    title: titleOf(chart.title),
    width: WIDTH,
    height: { step: BAR },
    data: { values },
    encoding: {
      y: {
        field: 'name',
        type: 'nominal',
        title: null,
        sort: null,
        axis: {
          labelLimit: NAMES,
          labelOverlap: false,
          labelColor: theme.text,
          labelFontWeight: {
            condition: { test: `indexof(${JSON.stringify(ours)}, datum.value) >= 0`, value: 'bold' },
            value: 'normal',
          },
          grid: false,
        },
      },
    },
    layer: [
      {
        mark: { type: 'bar', cornerRadiusEnd: 2, height: { band: 0.68 } },
        encoding: {
          x: { ...x, field: 'bar' },
          x2: { field: 'base' },
          color: { field: 'color', type: 'nominal', scale: null },
          opacity: { field: 'opacity', type: 'quantitative', scale: null },
        },
      },
      {
        mark: { type: 'text', align: 'left', dx: 6, fontSize: 11, clip: false },
        encoding: {
          x: { ...x, field: 'labelAt' },
          text: { field: 'text' },
          color: { value: theme.text },
        },
      },
    ],
    config: configOf(theme),
  } as unknown as TopLevelSpec
}

function axisOf(values: readonly number[]): Axis {
  const finite = values.filter(Number.isFinite)
  const positive = finite.filter((value) => value > 0)
  const [least, most] = [Math.min(...positive), Math.max(...positive)]
  if (finite.some((value) => value < 0) || !(most > WIDE * least)) {
    return { scale: { nice: true, zero: true }, axis: { tickCount: 6 }, base: 0 }
  }
  // The shortest bar is long enough to be seen.
  const base = 10 ** Math.floor(Math.log10(least / 1.5))
  const domain: [number, number] = [base, most * 1.05]
  return {
    scale: { type: 'log', domain, nice: false },
    axis: { values: logTicks(domain) },
    base,
  }
}
