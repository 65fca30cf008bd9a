import {
  type ComparedMetric,
  type ComparedParameter,
  compareRuns,
  type RunComparison,
} from '../store/runs/compare.js'
import { summarize } from '../store/runs/helpers.js'
import { mainMetricOf } from '../store/runs/main-metric.js'
import type { StoredRun } from '../store/runs/stored-run.js'
import type { SummaryPoint } from '../store/runs/types.js'
import { plural } from '../text/text.js'
import { numberText, valueText } from '../text/values.js'
import type { Block, Inline, Report, Section, TableBlock } from './document.js'
import { runFacts } from './facts.js'
import type { DrawnFigures } from './figures.js'
import {
  closingSections,
  curves,
  environment,
  factsTable,
  NOTES_TITLE,
  section,
  statistics,
  turned,
} from './sections.js'

const MAX_METRICS = 100

/** The report of several runs, beside each other. Blocks: not for the training thread. */
export function comparisonReport(runs: readonly StoredRun[], drawn: DrawnFigures): Report {
  const comparison = compareRuns(runs)
  const titles = titlesOf(runs)
  const { config } = comparison
  const [differing, equal] = [
    config.filter(({ differs }) => differs),
    config.filter(({ differs }) => !differs),
  ]
  const projects = [...new Set(runs.map(({ project }) => project))]
  return {
    title: runs.length <= 4 ? titles.join(' vs ') : `${titles[0]} vs ${plural(runs.length - 1, 'other run')}`,
    lead: `${projects.join(', ')} · ${plural(runs.length, 'run')} · ${bestLine(comparison, titles)}`,
    sections: [
      ...section(NOTES_TITLE, ...notes(runs, titles)),
      ...section('Runs', turned(factsTable(runFacts(summarize), runs, titles))),
      ...section(
        'Config, where it differs',
        differing.length === 0
          ? { kind: 'text', text: 'The config of all runs is the same.' }
          : turned(parameterTable(differing, titles)),
      ),
      ...folded('Config, the same in all runs', section('', sameTable(equal))),
      ...section('Metrics', turned(metricTable(comparison.metrics, titles)), leftOut(comparison.metrics)),
      ...curves(drawn),
      ...runs.flatMap((run, at) => folded(`Statistics: ${titles[at]}`, statistics(run, summarize(run)))),
      ...environment(runs, titles),
      ...closingSections(runs, titles),
    ],
  }
}

const folded = (title: string, sections: readonly Section[]): Section[] =>
  sections.map(({ blocks }) => ({ title, blocks, folded: true }))

const notes = (runs: readonly StoredRun[], titles: readonly string[]): Block[] =>
  runs.map((run, at) => ({ kind: 'text', heading: titles[at]!, text: run.notes }))

function parameterTable(parameters: readonly ComparedParameter[], titles: readonly string[]): TableBlock {
  return {
    kind: 'table',
    columns: columnsOf('Parameter', titles),
    rows: parameters.map(({ name, values }) => [{ text: name, style: 'code' }, ...values.map(valueText)]),
  }
}

const sameTable = (parameters: readonly ComparedParameter[]): TableBlock => ({
  kind: 'table',
  columns: null,
  rows: parameters.map(({ name, values }) => [{ text: name, style: 'code' }, valueText(values[0])]),
})

function metricTable(metrics: readonly ComparedMetric[], titles: readonly string[]): TableBlock {
  return {
    kind: 'table',
    columns: columnsOf('Metric', titles),
    rows: metrics.slice(0, MAX_METRICS).flatMap(metricRows),
  }
}

const leftOut = (metrics: readonly ComparedMetric[]): Block => ({
  kind: 'text',
  text:
    metrics.length <= MAX_METRICS
      ? ''
      : `${plural(metrics.length - MAX_METRICS, 'more metric')}: offstep compare --all shows them.`,
})

/** The best value and the last one; the last one alone where nobody knows which way is better. */
function metricRows({ name, goal, best, bestBest, last, bestLast }: ComparedMetric): Inline[][] {
  const row = (
    title: string,
    points: readonly (SummaryPoint | null)[],
    winners: readonly number[],
  ): Inline[] => [title, ...points.map((point, at) => valueCell(point, winners.includes(at)))]
  const lastRow = row(`${name}, final`, last, bestLast)
  return goal === null
    ? [lastRow]
    : [row(`${name}, ${goal === 'minimize' ? 'min' : 'max'}`, best, bestBest), lastRow]
}

function valueCell(point: SummaryPoint | null, isBest: boolean): Inline {
  if (point === null) return ''
  const text = numberText(point.value)
  return isBest ? { text, style: 'best' } : text
}

const columnsOf = (first: string, titles: readonly string[]) => [
  { title: first },
  ...titles.map((title) => ({ title, align: 'right' as const })),
]

/** Which run is best, in the metric that tells most, else in the first that has a best run. */
function bestLine({ runs, metrics }: RunComparison, titles: readonly string[]): string {
  const main = runs.map((run) => mainMetricOf(run)?.name).find((name) => name !== undefined)
  const decided = metrics.filter(({ bestBest }) => bestBest.length === 1)
  const told = decided.find(({ name }) => name === main) ?? decided[0]
  if (told === undefined) return 'none of them is best in any metric'
  const [winner] = told.bestBest
  return `best ${told.name}: ${titles[winner!]}, ${numberText(told.best[winner!]!.value)}`
}

/** Names, where they tell the runs apart; else ids. */
function titlesOf(runs: readonly StoredRun[]): string[] {
  const names = runs.map(({ name }) => name)
  if (new Set(names).size === runs.length) return names
  const ids = runs.map(({ id }) => id)
  return new Set(ids).size === runs.length ? ids : runs.map(({ project, id }) => `${project}/${id}`)
}
