/** Plots of runs, as PNG and SVG files. */
export { PlotError } from './errors.js'
export type { LineStyle } from './plot.js'
export type { ThemeName } from './theme.js'
export {
  type ComparisonOptions,
  type MetricPlotOptions,
  type PlotFormat,
  type PlotOptions,
  type WrittenPlots,
  writeComparison,
  writeMetricPlot,
  writePlots,
} from './write-plots.js'
