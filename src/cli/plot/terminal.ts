import { type Line, lineOf, unitOfRuns } from '../../plots/data/lines.js'
import type { RunData } from '../../plots/data/run-data.js'
import { runLabels } from '../../plots/metric-plots.js'
import { groupByQuantity } from '../../plots/names.js'
import { xTitleOf } from '../../plots/plot.js'
import { runTitle } from '../../plots/run-plots.js'
import { countText, plural } from '../../text/text.js'
import type { Output } from '../output.js'
import type { PlotCommandOptions } from '../plot.js'
import { styleOf } from './choose-plots.js'
import { defaultMetrics } from './metrics.js'
import { terminalChart } from './terminal-chart.js'

/** Of a pipe, which has no width. */
const PIPE_COLUMNS = 80
const MAX_CHARTS = 4

/** Charts for the terminal, line by line: one per quantity, and of several runs one per metric. */
export function* terminalCharts(
  runs: readonly RunData[],
  options: PlotCommandOptions,
  output: Output,
): Generator<string> {
  const metrics = options.metric ?? defaultMetrics(runs)
  const style = styleOf(options)
  const unit = unitOfRuns(runs, metrics)
  const lineOptions = { ...style, unit }
  const common = {
    xTitle: xTitleOf(style.axis, unit),
    log: style.log === true,
    columns: Number.isFinite(output.columns) ? output.columns : PIPE_COLUMNS,
    colors: output.out,
  }
  const charts = runs.length === 1 ? ofOneRun(runs[0]!, metrics) : ofSeveral(runs, metrics)
  for (const { title, lines } of charts.slice(0, options.metric === undefined ? MAX_CHARTS : charts.length)) {
    yield* terminalChart({ ...common, title, lines: lines.flatMap((make) => make(lineOptions) ?? []) })
    yield ''
  }
  if (options.metric === undefined) {
    const left = new Set(runs.flatMap(({ names }) => names)).size - metrics.length
    if (left > 0) yield `${plural(left, 'more metric')}: --metric <name>; --out <directory> makes all plots`
  }
}

interface ChartLines {
  readonly title: string
  readonly lines: readonly ((options: Parameters<typeof lineOf>[2]) => Line | null)[]
}

function ofOneRun(run: RunData, metrics: readonly string[]): ChartLines[] {
  return groupByQuantity(metrics).map(({ quantity, names }) => ({
    title: `${names.length === 1 ? names[0] : quantity}  ${runTitle(run)}`,
    lines: names.map((name) => (options) => lineOf(run, name, options)),
  }))
}

function ofSeveral(runs: readonly RunData[], metrics: readonly string[]): ChartLines[] {
  const labels = runLabels(runs)
  return metrics.map((metric) => ({
    title: `${metric}  ${countText(runs.length)} runs`,
    lines: runs.map((run, index) => (options) => lineOf(run, metric, options, labels[index])),
  }))
}
