import type { TopLevelSpec } from 'vega-lite'
import type { Layer } from '../../../../src/plots/specs/types.js'
import { configOf, type Theme } from '../../../../src/plots/theme.js'
import { logTicks } from '../../../../src/plots/y-domain.js'
import type { Latencies, PercentileChart } from '../../../chart.js'
import { endLabels, heightFor } from './labels.js'
import { logDomain, logPixel } from './scale.js'
import { type Stroke, strokesOf } from './strokes.js'
import { titleOf } from './wrap.js'

const WIDTH = 520
const HEIGHT = 340

/** By how many nines the percentile has: p90 at 1, p99 at 2. The maximum, which has no such place, stands one further. */
const PLACES: readonly { readonly of: keyof Latencies; readonly x: number }[] = [
  { of: 'p50', x: -Math.log10(0.5) },
  { of: 'p90', x: 1 },
  { of: 'p99', x: 2 },
  { of: 'p999', x: 3 },
  { of: 'p9999', x: 4 },
  { of: 'max', x: 5 },
]
const X_LABEL =
  "datum.value < 0.5 ? '50 %' : datum.value == 5 ? 'max' : datum.value == 1 ? '90 %' : datum.value == 2 ? '99 %' : datum.value == 3 ? '99.9 %' : '99.99 %'"
const Y_LABEL =
  "datum.value >= 1e6 ? format(datum.value / 1e6, '~g') + ' s' : datum.value >= 1e3 ? format(datum.value / 1e3, '~g') + ' ms' : format(datum.value, '~g') + ' us'"

/** Latency distributions over each other; both axes are logarithmic, so that tails have the room that they deserve. */
export function percentilesSpec({ title, lines }: PercentileChart, theme: Theme): TopLevelSpec {
  const height = heightFor(lines.length, HEIGHT)
  const domain = logDomain(
    lines.flatMap(({ latencies }) => PLACES.map(({ of }) => latencies[of])),
    1.25,
  )
  const strokes = strokesOf(
    lines.map(({ name }) => name),
    theme,
  )
  const labels = lines.map(({ name, latencies }, index) => {
    const { color, ours } = strokes[index]!
    return { text: name, color, bold: ours, y: logPixel(latencies.max, domain, height) }
  })
  return {
    title: titleOf(title),
    width: WIDTH,
    height,
    layer: [
      // Ours over the others.
      ...lines
        .map(({ latencies }, index) => lineLayer(latencies, strokes[index]!, domain))
        .sort((a, b) => Number(a.ours) - Number(b.ours))
        .map(({ layer }) => layer),
      ...endLabels(labels, WIDTH, height, theme),
    ],
    config: configOf(theme),
  }
}

function lineLayer(latencies: Latencies, { ours, ...stroke }: Stroke, domain: [number, number]) {
  const values = PLACES.map(({ of, x }) => ({ x, y: Math.max(domain[0], latencies[of]) }))
  const layer = {
    data: { values },
    mark: { type: 'line', point: { size: 26, color: stroke.color, filled: true }, ...stroke },
    encoding: {
      x: {
        field: 'x',
        type: 'quantitative',
        title: 'percentile',
        scale: { domain: [0.2, 5], nice: false, zero: false },
        axis: { values: PLACES.map(({ x }) => x), labelExpr: X_LABEL, grid: true },
      },
      y: {
        field: 'y',
        type: 'quantitative',
        title: 'latency',
        scale: { type: 'log', domain, nice: false },
        axis: { values: logTicks(domain), labelExpr: Y_LABEL },
      },
    },
  }
  return { ours, layer: layer as unknown as Layer }
}
