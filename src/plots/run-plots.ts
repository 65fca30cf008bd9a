import { type Line, type LineOptions, lineOf, unitOfRuns } from './data/lines.js'
import { resumePlaces } from './data/resumes.js'
import type { RunData } from './data/run-data.js'
import { systemGroups } from './data/system-lines.js'
import { stepRate } from './data/throughput.js'
import { notShown, numberText, type TimeUnit, timeUnitOf } from './format.js'
import { chooseMetrics, type MetricChoice, type MetricGroup, splitOf } from './names.js'
import { type Plot, xTitleOf } from './plot.js'
import { colorsOf } from './specs/colors.js'
import { type GridCell, gridChart } from './specs/grid.js'
import { heatCells } from './specs/heat-map.js'
import { histogramChart } from './specs/histograms.js'
import { learningRateChart } from './specs/learning-rate.js'
import { isWide, lineChart } from './specs/line-chart.js'
import { lossChart } from './specs/loss.js'
import { colorAt, splitColor, type Theme } from './theme.js'

/** Points of a line in a small chart. */
const GRID_POINTS = 250
const MAX_CELLS = 24
const MAX_MAPS = 6
/** A loss that falls this far is shown on a log axis. */
const WIDE_LOSS = 50
const WIDE_GRADIENTS = 50

/** What a run of one's own needs to know to draw: made once for all of its plots. */
interface Drawing {
  readonly run: RunData
  readonly theme: Theme
  readonly unit: TimeUnit
  readonly choice: MetricChoice
}

/** The standard plots of a run, one by one, as far as it has what they show. Blocks while it reads. */
export function* runPlots(run: RunData, theme: Theme): Generator<Plot> {
  const choice = chooseMetrics(run.names)
  const drawing = { run, theme, choice, unit: unitOfRuns([run], run.names.slice(0, MAX_CELLS)) }
  yield* lossPlots(drawing)
  yield* learningRatePlot(drawing)
  yield* gradientPlot(drawing)
  yield* throughputPlot(drawing)
  yield* metricGrid(drawing)
  yield* systemPlot(drawing)
  yield* histogramPlot(drawing)
}

/** `project/name`, and what one must know about its end. */
export function runTitle({ file: { project, name }, status }: RunData): string {
  return status === 'completed' ? `${project}/${name}` : `${project}/${name} (${status})`
}

function linesOf({ run }: Drawing, names: readonly string[], options: LineOptions): Line[] {
  return names.flatMap((name) => lineOf(run, name, options) ?? [])
}

function* lossPlots(drawing: Drawing): Generator<Plot> {
  const { run, theme, unit, choice } = drawing
  if (choice.loss.length === 0) return
  for (const axis of ['step', 'time'] as const) {
    const lines = linesOf(drawing, choice.loss, { axis, unit })
    const spec = lossChart(
      {
        title: axis === 'step' ? 'Loss by step' : 'Loss by wall time',
        subtitle: [runTitle(run)],
        xTitle: xTitleOf(axis, unit),
        placeText: (x) =>
          axis === 'step' ? `step ${numberText(x)}` : `${Number(x.toPrecision(3))} ${unit.title}`,
        log: isWide(lines, WIDE_LOSS),
        lines,
        resumes: resumePlaces(run, axis, unit),
      },
      theme,
    )
    yield { name: `loss_by_${axis}`, spec }
  }
}

function* learningRatePlot(drawing: Drawing): Generator<Plot> {
  const { run, theme, unit, choice } = drawing
  if (choice.learningRate.length === 0) return
  const lines = linesOf(drawing, choice.learningRate, { axis: 'step', unit, smoothing: 0 })
  const titles = { title: 'Learning rate', subtitle: [runTitle(run)], xTitle: 'step' }
  yield { name: 'learning_rate', spec: learningRateChart({ ...titles, lines, log: false }, theme) }
}

function* gradientPlot(drawing: Drawing): Generator<Plot> {
  const { run, theme, unit, choice } = drawing
  if (choice.gradients.length === 0) return
  const lines = linesOf(drawing, choice.gradients, { axis: 'step', unit })
  const chart = {
    title: 'Gradients',
    subtitle: [runTitle(run)],
    xTitle: 'step',
    yTitle: lines.length === 1 ? lines[0]!.label : 'gradients',
    log: isWide(lines, WIDE_GRADIENTS),
    lines,
    colors: colorsOf(lines, theme),
  }
  yield { name: 'gradients', spec: lineChart(chart, theme) }
}

/** Each measure has its own unit, and so its own chart. Without any, steps per second as they were logged. */
function* throughputPlot(drawing: Drawing): Generator<Plot> {
  const { run, theme, unit, choice } = drawing
  const lines = linesOf(drawing, choice.throughput, { axis: 'step', unit })
  const [longest] = run.names.slice(0, MAX_CELLS).toSorted((a, b) => run.count(b) - run.count(a))
  const measured =
    lines.length > 0 || longest === undefined
      ? null
      : stepRate(run.series(longest)!.points, ({ step }) => step)
  const shown = measured === null ? lines : [measured]
  if (shown.length === 0) return
  const titles = { title: 'Throughput', subtitle: [runTitle(run)], xTitle: 'step' }
  if (shown.length === 1) {
    const chart = { ...titles, yTitle: shown[0]!.label, lines: shown, colors: [theme.palette[0]!] }
    yield { name: 'throughput', spec: lineChart(chart, theme) }
    return
  }
  const cells = shown.map((line) => ({ heading: line.label, lines: [{ line, series: '' }] }))
  const series = [{ name: '', color: theme.palette[0]! }]
  yield { name: 'throughput', spec: gridChart({ ...titles, cells, series, columns: 2 }, theme) }
}

function* metricGrid(drawing: Drawing): Generator<Plot> {
  const { run, theme, choice } = drawing
  const shown = choice.others.slice(0, MAX_CELLS)
  if (shown.length === 0) return
  const left = choice.others.length - shown.length
  const subtitle = [runTitle(run)]
  if (left > 0) subtitle.push(notShown(left, 'metric'))
  const cells = shown.map((group) => cellOf(drawing, group))
  const grid = { title: 'Metrics', subtitle, cells, series: seriesOf(cells, theme) }
  yield { name: 'metrics', spec: gridChart({ ...grid, columns: columnsFor(cells.length) }, theme) }
}

export const columnsFor = (cells: number): number => (cells <= 2 ? cells : cells === 4 ? 2 : 3)

function cellOf({ run, unit }: Drawing, { quantity, names }: MetricGroup): GridCell {
  const lines = names.slice(0, 8).flatMap((name) => {
    const line = lineOf(run, name, { axis: 'step', unit, points: GRID_POINTS })
    return line === null ? [] : [{ line, series: splitOf(name) ?? '' }]
  })
  return { heading: names.length === 1 ? names[0]! : quantity, lines }
}

function seriesOf(cells: readonly GridCell[], theme: Theme): { name: string; color: string }[] {
  const found = new Set(cells.flatMap(({ lines }) => lines.map(({ series }) => series)))
  const splits = (['train', 'validation', 'test'] as const).filter((split) => found.has(split))
  const apart = splits.map((split) => ({ name: split as string, color: splitColor(theme, split) }))
  if (!found.has('')) return apart
  return [...apart, { name: '', color: apart.length === 0 ? theme.palette[0]! : theme.palette[3]! }]
}

function* systemPlot({ run, theme }: Drawing): Generator<Plot> {
  const { system } = run.events
  if (system.length < 2) return
  const unit = timeUnitOf(system.at(-1)!.time - run.startTime)
  const groups = systemGroups(system, (time) => (time - run.startTime) / unit.ms)
  if (groups.length === 0) return
  const cells = groups.map(({ heading, lines }) => ({
    heading,
    lines: lines.map((line) => ({ line, series: line.label })),
  }))
  const names = [...new Set(cells.flatMap(({ lines }) => lines.map(({ series }) => series)))].sort()
  const series = names.map((name, index) => ({ name, color: colorAt(theme, name === '' ? 0 : index) }))
  const titles = { title: 'System', subtitle: [runTitle(run), `by wall time (${unit.title})`] }
  yield { name: 'system', spec: gridChart({ ...titles, cells, series }, theme) }
}

function* histogramPlot({ run, theme }: Drawing): Generator<Plot> {
  const { histograms, unreadable } = run.events
  const found = [...histograms].flatMap(([name, points]) => {
    const cells = heatCells(points)
    return cells.length === 0 ? [] : [{ name, cells }]
  })
  if (found.length === 0) return
  const subtitle = [runTitle(run), 'values over steps; the stronger the colour, the more values']
  if (found.length > MAX_MAPS) subtitle.push(notShown(found.length - MAX_MAPS, 'histogram'))
  if (unreadable > 0) subtitle.push(`${unreadable} records cannot be read: offstep verify says which`)
  const maps = found.slice(0, MAX_MAPS)
  yield { name: 'histograms', spec: histogramChart({ title: 'Histograms', subtitle, maps }, theme) }
}
