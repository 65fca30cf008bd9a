import type { TopLevelSpec } from 'vega-lite'
import type { Layer } from '../../../../src/plots/specs/types.js'
import { configOf, type Theme } from '../../../../src/plots/theme.js'
import { logTicks } from '../../../../src/plots/y-domain.js'
import type { CurveChart } from '../../../chart.js'
import { exponentText } from '../../chart-table.js'
import { endLabels, heightFor } from './labels.js'
import { logDomain, logPixel } from './scale.js'
import { type Stroke, strokesOf } from './strokes.js'
import { titleOf } from './wrap.js'

const WIDTH = 520
const HEIGHT = 320
const MOST_TICKS = 10

type Points = CurveChart['lines'][number]['points']

interface Axis {
  readonly title: string
  readonly domain: [number, number]
  readonly ticks: readonly number[]
}

/** How something grows: on two logarithmic axes a power is a straight line, and its exponent the slope. */
export function curvesSpec(chart: CurveChart, theme: Theme): TopLevelSpec {
  // Neither 0 nor less has a place on a logarithmic axis.
  const lines = chart.lines.map(({ name, points }) => ({ name, points: points.filter(isShown) }))
  const height = heightFor(lines.length, HEIGHT)
  const all = lines.flatMap(({ points }) => points)
  const at = all.map(([value]) => value)
  const x = { title: chart.x, domain: logDomain(at, 1.1), ticks: xTicks(at) }
  const domain = logDomain(
    all.map(([, value]) => value),
    1.5,
    10,
  )
  const y = { title: chart.y, domain, ticks: logTicks(domain) }
  const strokes = strokesOf(
    lines.map(({ name }) => name),
    theme,
  )
  const labels = lines.flatMap(({ name, points }, index) => {
    const last = points.at(-1)
    const { color, ours } = strokes[index]!
    // Not to be parted: a no-break space.
    const text = `${name}: exponent\u00a0${exponentText(points)}`
    return last === undefined ? [] : [{ text, color, bold: ours, y: logPixel(last[1], y.domain, height) }]
  })
  return {
    title: titleOf(chart.title),
    width: WIDTH,
    height,
    layer: [
      ...lines.map(({ points }, index) => lineLayer(points, strokes[index]!, x, y)),
      ...endLabels(labels, WIDTH, height, theme),
    ],
    config: configOf(theme),
  }
}

/** Where something was measured, as long as there is room for it. */
function xTicks(values: readonly number[]): number[] {
  const distinct = [...new Set(values)].sort((a, b) => a - b)
  return distinct.length <= MOST_TICKS ? distinct : logTicks(logDomain(values, 1))
}

const isShown = ([x, y]: Points[number]): boolean => x > 0 && y > 0

function lineLayer(points: Points, { ours: _, ...stroke }: Stroke, x: Axis, y: Axis): Layer {
  const axis = ({ title, domain, ticks }: Axis, field: string) => ({
    field,
    type: 'quantitative',
    title,
    scale: { type: 'log', domain, nice: false },
    axis: { values: ticks },
  })
  return {
    data: { values: points.map(([px, py]) => ({ x: px, y: py })) },
    mark: { type: 'line', point: { size: 34, color: stroke.color, filled: true }, ...stroke },
    encoding: { x: axis(x, 'x'), y: axis(y, 'y') },
  } as unknown as Layer
}
