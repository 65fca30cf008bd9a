import { type Line, lineOf, unitOfRuns } from './data/lines.js'
import { resumePlaces } from './data/resumes.js'
import type { RunData } from './data/run-data.js'
import { notShown, numberText } from './format.js'
import { kindOf, quantityOf } from './names.js'
import { fileNameOf, type LineStyle, type Plot, xTitleOf } from './plot.js'
import { columnsFor, runTitle } from './run-plots.js'
import { colorsOf } from './specs/colors.js'
import { gridChart } from './specs/grid.js'
import { lineChart } from './specs/line-chart.js'
import { lossChart } from './specs/loss.js'
import { colorAt, type Theme } from './theme.js'

/** Chosen metrics of one run in one chart. */
export function metricPlot(run: RunData, names: readonly string[], style: LineStyle, theme: Theme): Plot {
  const { axis, smoothing, log = false } = style
  const unit = unitOfRuns([run], names)
  const lines = names.flatMap((name) => lineOf(run, name, { axis, unit, smoothing }) ?? [])
  const quantities = new Set(names.map(quantityOf))
  const what = names.length === 1 ? names[0]! : quantities.size === 1 ? [...quantities][0]! : 'metrics'
  const chart = {
    title: `${what} by ${axis === 'step' ? 'step' : 'wall time'}`,
    subtitle: [runTitle(run)],
    xTitle: xTitleOf(axis, unit),
    log,
    lines,
  }
  const placeText = (x: number): string =>
    axis === 'step' ? `step ${numberText(x)}` : `${Number(x.toPrecision(3))} ${unit.title}`
  const isLoss = quantities.size === 1 && names.every((name) => kindOf(name) === 'loss')
  const spec = isLoss
    ? lossChart({ ...chart, placeText, resumes: resumePlaces(run, axis, unit) }, theme)
    : lineChart(
        { ...chart, yTitle: what === 'metrics' ? 'value' : what, colors: colorsOf(lines, theme) },
        theme,
      )
  return { name: `${fileNameOf(what)}_by_${axis}`, spec }
}

/** Of a comparison: small charts beyond this number say little. */
const MAX_METRICS = 9
const GRID_POINTS = 300

/** Names that tell the runs apart: their names, or, where those are the same, their ids. */
export function runLabels(runs: readonly RunData[]): string[] {
  const names = runs.map(({ file }) => file.name)
  return runs.map(({ file }, index) =>
    names.indexOf(file.name) === names.lastIndexOf(file.name) ? names[index]! : file.id,
  )
}

/** The same metrics of several runs, over each other. */
export function overlayPlot(
  runs: readonly RunData[],
  names: readonly string[],
  style: LineStyle,
  theme: Theme,
): Plot {
  const labels = runLabels(runs)
  const { axis, smoothing, log = false } = style
  const unit = unitOfRuns(runs, names)
  const options = { axis, unit, smoothing, ...(names.length > 1 && { points: GRID_POINTS }) }
  const linesOf = (name: string): { line: Line; series: string }[] =>
    runs.flatMap((run, index) => {
      const line = lineOf(run, name, options, labels[index])
      return line === null ? [] : [{ line, series: labels[index]! }]
    })
  const series = labels.map((name, index) => ({ name, color: colorAt(theme, index) }))
  const subtitle = [`${runs.length} runs, by ${axis === 'step' ? 'step' : `wall time (${unit.title})`}`]
  if (names.length === 1) {
    const found = linesOf(names[0]!)
    const colors = found.map((each) => series.find(({ name }) => name === each.series)!.color)
    const lines = found.map(({ line }) => line)
    const chart = {
      title: names[0]!,
      subtitle,
      xTitle: xTitleOf(axis, unit),
      yTitle: names[0]!,
      log,
      lines,
      colors,
    }
    return { name: `compare_${fileNameOf(names[0]!)}_by_${axis}`, spec: lineChart(chart, theme) }
  }
  const shown = names.slice(0, MAX_METRICS)
  if (names.length > shown.length) subtitle.push(notShown(names.length - shown.length, 'metric'))
  const cells = shown.map((name) => ({ heading: name, lines: linesOf(name) }))
  const grid = { title: 'Comparison', subtitle, cells, series, log }
  const columns = columnsFor(cells.length)
  return { name: `compare_metrics_by_${axis}`, spec: gridChart({ ...grid, columns }, theme) }
}
