import { compareRuns } from '../store/runs/compare.js'
import { bestOf, goalFor } from '../store/runs/helpers.js'
import type { StoredRun } from '../store/runs/stored-run.js'
import type { RunSummary, SummaryMetric, SummaryPoint } from '../store/runs/types.js'
import { plural } from '../text/text.js'
import { numberText, valueText } from '../text/values.js'
import {
  APPENDIX_TITLE,
  type Block,
  type Inline,
  OBSERVATIONS_TITLE,
  type Section,
  textOf,
} from './document.js'
import type { Fact } from './facts.js'
import { ENVIRONMENT, REPRODUCIBILITY } from './facts.js'
import type { DrawnFigures } from './figures.js'

/** More than anybody reads on a page. */
const MAX_METRICS = 200

/** What is known, in a table of names and values; a column for each run where there are several. */
export function factsTable(
  facts: readonly Fact[],
  runs: readonly StoredRun[],
  titles: readonly string[],
): Block {
  const rows = facts
    .map(({ name, of }) => [name, ...runs.map((run) => of(run) ?? '')] as const)
    .filter(([, ...cells]) => cells.some((cell) => cell !== ''))
  const columns = [{ title: '' }, ...titles.map((title) => ({ title }))]
  return { kind: 'table', columns: runs.length === 1 ? null : columns, rows }
}

/** First what differs between the runs, then what is the same for all of them. */
function factsTables(facts: readonly Fact[], runs: readonly StoredRun[], titles: readonly string[]): Block[] {
  const differs = ({ of }: Fact): boolean =>
    new Set(runs.map((run) => JSON.stringify(of(run) ?? ''))).size > 1
  const same = facts.filter((fact) => !differs(fact))
  return [turned(factsTable(facts.filter(differs), runs, titles)), factsTable(same, runs.slice(0, 1), [])]
}

/** More runs than this stand below each other: so many columns fit on no page. */
const MAX_COLUMNS = 6

/** Rows and columns the other way round where there are many runs. */
export function turned(block: Block): Block {
  if (block.kind !== 'table' || block.columns === null || block.columns.length - 1 <= MAX_COLUMNS)
    return block
  const [, ...runs] = block.columns
  const { align } = runs[0]!
  const names = block.rows.map(([name]) => ({ title: textOf(name!), ...(align && { align }) }))
  return {
    kind: 'table',
    columns: [{ title: 'Run' }, ...names],
    rows: runs.map(({ title }, at) => [title, ...block.rows.map((row) => row[at + 1]!)]),
  }
}

/** No section where there is nothing to say. */
export const section = (title: string, ...blocks: readonly (Block | null)[]): Section[] => {
  const found = blocks.filter((block): block is Block => block !== null && !isEmpty(block))
  return found.length === 0 ? [] : [{ title, blocks: found }]
}

function isEmpty(block: Block): boolean {
  if (block.kind === 'table') return block.rows.length === 0
  return block.kind === 'text' && block.text.trim() === ''
}

export const NOTES_TITLE = 'Hypothesis and notes'

export function configTable(run: StoredRun): Block {
  const rows = compareRuns([run]).config.map(({ name, values }): Inline[] => [
    { text: name, style: 'code' },
    valueText(values[0]),
  ])
  return { kind: 'table', columns: null, rows }
}

export const curves = ({ figures, problems }: DrawnFigures): Section[] =>
  section(
    'Curves',
    ...figures.map((figure) => ({ kind: 'figure', figure }) as const),
    problems.length === 0 ? null : { kind: 'text', text: problems.join('\n') },
  )

const COLUMNS = ['Initial', 'Final', 'Min', 'Max', 'Mean', 'Best', 'At step', 'Points', 'NaN, Inf']

/** What each metric came to. */
export function statistics(run: StoredRun, { metrics, values, omittedValues }: RunSummary): Section[] {
  const entries = Object.entries(metrics)
  const rows = entries.slice(0, MAX_METRICS).map(([name, metric]) => statisticsRow(run, name, metric))
  const columns = [{ title: 'Metric' }, ...COLUMNS.map((title) => ({ title, align: 'right' as const }))]
  const left = entries.length - rows.length
  const more = left > 0 ? `${plural(left, 'more metric')}: offstep summary ${run.id} --all` : ''
  const unknown =
    omittedValues > 0 ? `${plural(omittedValues, 'value')} of further metrics are left out.` : ''
  const set = Object.entries(values).map(
    ([name, value]) => [{ text: name, style: 'code' }, valueText(value)] as const,
  )
  return section(
    'Statistics',
    { kind: 'table', columns, rows },
    { kind: 'text', text: [more, unknown].filter((text) => text !== '').join('\n') },
    { kind: 'table', columns: null, rows: set },
  )
}

function statisticsRow(run: StoredRun, name: string, metric: SummaryMetric): Inline[] {
  const goal = goalFor(run, name)
  const best = goal === null ? null : bestOf(metric, goal)
  const text = (point: SummaryPoint | null): string => (point === null ? '' : numberText(point.value))
  return [
    { text: name, style: 'code' },
    text(metric.first),
    text(metric.last),
    text(metric.min),
    text(metric.max),
    metric.mean === null ? '' : numberText(metric.mean),
    text(best),
    best === null ? '' : numberText(best.step),
    numberText(metric.count),
    metric.nonFinite === 0 ? '' : numberText(metric.nonFinite),
  ]
}

/** The last sections of every report. */
export function closingSections(runs: readonly StoredRun[], titles: readonly string[]): Section[] {
  return [
    { title: OBSERVATIONS_TITLE, blocks: [{ kind: 'observations' }] },
    ...section(APPENDIX_TITLE, ...factsTables(REPRODUCIBILITY, runs, titles)),
  ]
}

export const environment = (runs: readonly StoredRun[], titles: readonly string[]): Section[] =>
  section('Environment', ...factsTables(ENVIRONMENT, runs, titles))
