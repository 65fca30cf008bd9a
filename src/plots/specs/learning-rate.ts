import type { TopLevelSpec } from 'vega-lite'
import type { Line } from '../data/lines.js'
import type { Theme } from '../theme.js'
import { colorsOf } from './colors.js'
import { lineChart } from './line-chart.js'
import type { Titles } from './types.js'

/** The schedule as it was: nothing of it is noise. */
export function learningRateChart(
  chart: Titles & { readonly xTitle: string; readonly lines: readonly Line[]; readonly log: boolean },
  theme: Theme,
): TopLevelSpec {
  return lineChart({ ...chart, yTitle: 'learning rate', colors: colorsOf(chart.lines, theme) }, theme)
}
