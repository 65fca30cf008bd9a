import path from 'node:path'
import { comparisonPlots } from '../../plots/comparison-plots.js'
import type { RunData } from '../../plots/data/run-data.js'
import { metricPlot, overlayPlot } from '../../plots/metric-plots.js'
import type { LineStyle, Plot } from '../../plots/plot.js'
import { runPlots } from '../../plots/run-plots.js'
import { themeOf } from '../../plots/theme.js'
import { PLOT_FORMATS, type PlotFormat } from '../../plots/write-plots.js'
import { CliError } from '../errors.js'
import type { PlotCommandOptions } from '../plot.js'
import { defaultMetrics } from './metrics.js'

export interface ChosenPlots {
  readonly plots: Iterable<Plot>
  /** The directory of the files. */
  readonly out: string
  readonly format: PlotFormat
}

export const styleOf = ({ x, smooth, log }: PlotCommandOptions): LineStyle => ({
  axis: x ?? 'step',
  smoothing: smooth,
  log,
})

/** Which plots are made, and where. */
export function choosePlots(runs: readonly RunData[], options: PlotCommandOptions): ChosenPlots {
  const file = options.out === undefined ? null : fileOf(options.out)
  if (file === null) {
    const out = options.out ?? (runs.length === 1 ? path.join(runs[0]!.dir, 'plots') : 'plots')
    return { plots: plotsOf(runs, options), out, format: options.format ?? 'png' }
  }
  if (options.format !== undefined && options.format !== file.format) {
    throw new CliError(`--out ends with .${file.format} and --format says ${options.format}: leave one out`)
  }
  const plots = onePlot(runs, options).map((plot) => ({ ...plot, name: file.name }))
  return { plots, out: file.directory, format: file.format }
}

function fileOf(out: string) {
  const { dir, name, ext } = path.parse(out)
  const format = PLOT_FORMATS.find((known) => ext.toLowerCase() === `.${known}`)
  return format === undefined ? null : { directory: dir || '.', name, format }
}

function plotsOf(runs: readonly RunData[], options: PlotCommandOptions): Iterable<Plot> {
  const theme = themeOf(options.theme ?? 'light')
  if (runs.length > 1) return comparisonPlots(runs, styleOf(options), theme, options.metric)
  const { metric, x, smooth, log } = options
  const isStandard = metric === undefined && x === undefined && smooth === undefined && log === undefined
  return isStandard ? runPlots(runs[0]!, theme) : onePlot(runs, options)
}

/** None where there is nothing to show. */
function onePlot(runs: readonly RunData[], options: PlotCommandOptions): Plot[] {
  const metrics = options.metric ?? defaultMetrics(runs)
  if (metrics.length === 0) return []
  const theme = themeOf(options.theme ?? 'light')
  const style = styleOf(options)
  return [
    runs.length === 1
      ? metricPlot(runs[0]!, metrics, style, theme)
      : overlayPlot(runs, metrics, style, theme),
  ]
}
