import { summarize } from '../../store/runs/helpers.js'
import type { StoredRun } from '../../store/runs/stored-run.js'
import type { RunSummary, SummaryMetric, SummaryPoint } from '../../store/runs/types.js'
import { countText, plural, printable } from '../../text/text.js'
import { numberText, secondsText, valueText } from '../../text/values.js'
import { EXIT } from '../errors.js'
import { renderFitting, type SpareColumn } from '../fit.js'
import { pickMetrics } from '../metric-names.js'
import type { Output } from '../output.js'
import { openRun } from '../runs.js'
import type { SummaryCommandOptions } from '../summary.js'
import type { Cell, Row } from '../table.js'
import { wrap } from '../text.js'
import { jsonValue, runJson, statusCell } from '../values.js'

/** More than anybody reads: a table of 100,000 lines helps nobody. */
const MAX_METRICS = 200

const COLUMNS: readonly SpareColumn[] = [
  { title: 'metric', minWidth: 12 },
  { title: 'best', align: 'right' },
  { title: 'at step', align: 'right' },
  { title: 'first', align: 'right', spare: 4 },
  { title: 'last', align: 'right' },
  { title: 'min', align: 'right', spare: 2 },
  { title: 'max', align: 'right', spare: 3 },
  { title: 'mean', align: 'right', spare: 5 },
  { title: 'count', align: 'right', spare: 6 },
  { title: 'NaN, Inf', align: 'right', spare: 1 },
]

/** `offstep summary`. Returns the exit code; throws what is wrong with the command line. */
export function summary(
  name: string,
  { metric, all, ...options }: SummaryCommandOptions & { readonly dir?: string },
  output: Output,
): number {
  const run = openRun(name, options)
  const found = summarize(run)
  const names = pickMetrics(Object.keys(found.metrics), metric)
  if (output.json) {
    const metrics = Object.fromEntries(names.map((name) => [name, withTimes(found.metrics[name]!)]))
    output.printJson(jsonValue({ ...runJson(run), ...found, metrics }))
    return EXIT.ok
  }
  const shown = all || metric !== undefined ? names : names.slice(0, MAX_METRICS)
  for (const line of lines(run, found, shown, output)) output.print(line)
  if (shown.length < names.length) {
    const more = `${plural(names.length - shown.length, 'more metric')}: --metric picks some, --all shows them`
    output.note(wrap(more, output.columns).map(output.err.dim).join('\n'))
  }
  return EXIT.ok
}

function lines(run: StoredRun, found: RunSummary, names: readonly string[], output: Output): string[] {
  const { out } = output
  const { text, color } = statusCell(run.status, out)
  const steps =
    found.steps === null ? '' : `, steps ${numberText(found.steps.first)} to ${numberText(found.steps.max)}`
  const head = `${plural(found.rows, 'row')}${steps}, ${secondsText(run.durationSeconds)}`
  const rows = names.map((name) => rowOf(name, found.metrics[name]!, output))
  const values = Object.entries(found.values).map(
    ([name, value]) => `${printable(name)}: ${valueText(value)}`,
  )
  return [
    out.bold(printable(`${run.project}/${run.id}`)),
    `${color(text)}, ${head}`,
    ...(rows.length === 0 ? [] : ['', renderFitting(usedColumns(rows), usedCells(rows), output)]),
    ...(values.length === 0 ? [] : ['', ...values.flatMap((line) => wrap(line, output.columns))]),
  ]
}

function rowOf(
  name: string,
  { first, last, min, max, mean, best, count, nonFinite }: SummaryMetric,
  { out }: Output,
): Row {
  const colored = (text: string, color: Cell['color']): Cell => ({ text, color })
  return [
    printable(name),
    best === undefined ? '' : colored(numberText(best.value), out.green),
    best === undefined ? '' : numberText(best.step),
    pointText(first),
    pointText(last),
    pointText(min),
    pointText(max),
    mean === null ? '' : numberText(mean),
    countText(count),
    nonFinite === 0 ? '' : colored(countText(nonFinite), out.red),
  ]
}

const pointText = (point: SummaryPoint | null): string => (point === null ? '' : numberText(point.value))

/** The last column, of NaN and infinities, is there where there are some. */
const hasNonFinite = (rows: readonly Row[]): boolean => rows.some((row) => row.at(-1) !== '')
const usedColumns = (rows: readonly Row[]) => (hasNonFinite(rows) ? COLUMNS : COLUMNS.slice(0, -1))
const usedCells = (rows: readonly Row[]) => (hasNonFinite(rows) ? rows : rows.map((row) => row.slice(0, -1)))

/** Times as everywhere in JSON: Unix seconds, as in summary.json. */
function withTimes(metric: SummaryMetric): unknown {
  const entries = Object.entries(metric).map(([name, value]) => {
    const isPoint = typeof value === 'object' && value !== null
    return [name, isPoint ? { ...value, time: (value as SummaryPoint).time / 1000 } : value] as const
  })
  return Object.fromEntries(entries)
}
