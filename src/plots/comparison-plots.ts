import { goalOf } from '../sinks/summary/goal.js'
import type { RunData } from './data/run-data.js'
import { notShown } from './format.js'
import { overlayPlot, runLabels } from './metric-plots.js'
import { kindOf } from './names.js'
import type { LineStyle, Plot } from './plot.js'
import { type FinalValue, finalBarsChart } from './specs/final-bars.js'
import { parallelChart } from './specs/parallel.js'
import { type ParallelValue, parallelAxis } from './specs/parallel-scale.js'
import { colorAt, type Theme } from './theme.js'

const MAX_BARS = 8
const MAX_PARAMETERS = 7

/** The standard plots of a comparison, one by one. `names`: only these metrics. Blocks while it reads. */
export function* comparisonPlots(
  runs: readonly RunData[],
  style: LineStyle,
  theme: Theme,
  names?: readonly string[],
): Generator<Plot> {
  const metrics = names ?? comparedMetrics(runs)
  if (metrics.length > 0) {
    yield overlayPlot(runs, metrics, style, theme)
    yield finalBars(runs, metrics, theme)
  }
  yield* parallelPlot(runs, metrics, theme)
}

/** Metrics that several of the runs have: losses first, then those of which the better direction is known. */
export function comparedMetrics(runs: readonly RunData[]): string[] {
  const count = new Map<string, number>()
  for (const run of runs) for (const name of run.names) count.set(name, (count.get(name) ?? 0) + 1)
  const wanted = Math.min(2, runs.length)
  return [...count]
    .filter(([, of]) => of >= wanted)
    .map(([name]) => ({ name, rank: rankOf(name) }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ name }) => name)
}

function rankOf(name: string): number {
  const kind = kindOf(name)
  if (kind === 'loss') return 0
  if (kind !== 'other') return 3
  return goalOf(name) === undefined ? 2 : 1
}

function finalBars(runs: readonly RunData[], metrics: readonly string[], theme: Theme): Plot {
  const labels = runLabels(runs)
  // Where a metric ended says little unless one end is better than another.
  const judged = metrics.filter((name) => goalOf(name) !== undefined)
  const shown = (judged.length > 0 ? judged : metrics).slice(0, MAX_BARS)
  const values = shown.flatMap((metric) =>
    runs.flatMap((run, index): FinalValue[] => {
      const values = run.series(metric)?.points.map(({ value }) => value) ?? []
      if (values.length === 0) return []
      return [
        {
          metric,
          run: labels[index]!,
          color: colorAt(theme, index),
          last: values.at(-1)!,
          best: bestOf(metric, values),
        },
      ]
    }),
  )
  const subtitle = [
    'the last value of each run; where it is known which way is better, a line marks the best one',
  ]
  return { name: 'compare_final', spec: finalBarsChart({ title: 'Final values', subtitle, values }, theme) }
}

function bestOf(metric: string, values: readonly number[]): number | null {
  const goal = goalOf(metric)
  const finite = values.filter(Number.isFinite)
  if (goal === undefined || finite.length === 0) return null
  return goal === 'minimize' ? Math.min(...finite) : Math.max(...finite)
}

/** Only parameters in which the runs differ, and what came of them: nothing where there are none. */
function* parallelPlot(runs: readonly RunData[], metrics: readonly string[], theme: Theme): Generator<Plot> {
  const configs = runs.map(({ file }) => new Map(flat(file.config)))
  const names = [...new Set(configs.flatMap((config) => [...config.keys()]))]
  const differing = names.filter((name) => new Set(configs.map((config) => config.get(name))).size > 1)
  if (differing.length === 0) return
  const axes = differing.slice(0, MAX_PARAMETERS).map((name) =>
    parallelAxis(
      name,
      configs.map((config) => config.get(name) ?? null),
    ),
  )
  const outcome = outcomeOf(runs, metrics)
  const labels = runLabels(runs)
  const left = differing.length - axes.length
  const subtitle = [outcome === null ? 'parameters' : `parameters, and the ${outcome.words} at the right`]
  if (left > 0) subtitle.push(notShown(left, 'parameter'))
  const spec = parallelChart(
    {
      title: 'Hyper-parameters',
      subtitle,
      axes: outcome === null ? axes : [...axes, outcome.axis],
      runs: labels.map((name, index) => ({ name, color: colorAt(theme, index) })),
    },
    theme,
  )
  yield { name: 'compare_hyperparameters', spec }
}

/** The best value of a validation loss, of a loss, of anything that has a better. */
function outcomeOf(runs: readonly RunData[], metrics: readonly string[]) {
  const candidates = metrics.filter((name) => goalOf(name) !== undefined)
  const metric = candidates.find((name) => /val/i.test(name)) ?? candidates[0]
  if (metric === undefined) return null
  const values = runs.map((run) => {
    const points = run.series(metric)?.points ?? []
    return bestOf(
      metric,
      points.map(({ value }) => value),
    )
  })
  return { axis: parallelAxis(metric, values), words: `best ${metric}` }
}

/** `{ optimizer: { lr: 1 } }` is `optimizer.lr`. */
function* flat(config: object, path = ''): Generator<[string, ParallelValue]> {
  for (const [key, value] of Object.entries(config)) {
    const name = `${path}${key}`
    if (typeof value === 'number' || typeof value === 'string') yield [name, value]
    else if (typeof value === 'object' && value !== null && !Array.isArray(value))
      yield* flat(value, `${name}.`)
    else yield [name, JSON.stringify(value)]
  }
}
