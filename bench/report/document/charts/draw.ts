import type { TopLevelSpec } from 'vega-lite'
import { renderSvg } from '../../../../src/plots/render/render.js'
import { THEMES, type Theme, type ThemeName, themeOf } from '../../../../src/plots/theme.js'
import type { Chart } from '../../../chart.js'
import { barsSpec } from './bars.js'
import { curvesSpec } from './curves.js'
import { percentilesSpec } from './percentiles.js'

/** A chart as an SVG of each theme. Throws a PlotError that names the chart. */
export async function draw(chart: Chart): Promise<Record<ThemeName, string>> {
  const drawn = await Promise.all(
    THEMES.map(async (name) => [name, await drawIn(chart, themeOf(name))] as const),
  )
  return Object.fromEntries(drawn) as Record<ThemeName, string>
}

async function drawIn(chart: Chart, theme: Theme): Promise<string> {
  const { svg, warnings } = await renderSvg(chart.title, specOf(chart, theme))
  if (warnings.length > 0) throw new Error(`The chart "${chart.title}" is not right: ${warnings.join('; ')}`)
  return svg
}

function specOf(chart: Chart, theme: Theme): TopLevelSpec {
  if (chart.kind === 'percentiles') return percentilesSpec(chart, theme)
  return chart.kind === 'curves' ? curvesSpec(chart, theme) : barsSpec(chart, theme)
}
