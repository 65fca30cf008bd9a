import type { ComparedMetric, RunComparison } from '../../store/runs/compare.js'
import type { StoredRun } from '../../store/runs/stored-run.js'
import type { SummaryPoint } from '../../store/runs/types.js'
import { plural, printable } from '../../text/text.js'
import { numberText, secondsText, valueText } from '../../text/values.js'
import type { Output } from '../output.js'
import { type Cell, type Row, renderTable } from '../table.js'
import { wrap } from '../text.js'
import { statusCell } from '../values.js'

const LEAST_WIDTH = 10

/** Tables with a column for each run: what it is, its parameters, its metrics; then which is best. */
export function compareLines(
  comparison: RunComparison,
  metrics: readonly ComparedMetric[],
  all: boolean,
  output: Output,
): string[] {
  const { runs, config } = comparison
  const titles = titlesOf(runs)
  const parameters = config.filter(({ differs }) => all || differs)
  const { dim } = output.out
  const rows: Row[] = [
    [{ text: 'status', color: dim }, ...runs.map(({ status }) => statusCell(status, output.out))],
    [{ text: 'duration', color: dim }, ...runs.map((run) => secondsText(run.durationSeconds))],
    ...parameters.map(({ name, values }) => [printable(name), ...values.map(valueText)]),
    ...metrics.flatMap((metric) => metricRows(metric, output)),
  ]
  const sections = [
    { title: '', rows: rows.slice(0, 2) },
    { title: 'config', rows: rows.slice(2, 2 + parameters.length) },
    { title: 'metrics', rows: rows.slice(2 + parameters.length) },
  ]
  return [
    ...tableLines(titles, sections, output),
    ...closing(comparison, parameters.length, metrics, titles, output),
  ]
}

interface Section {
  readonly title: string
  readonly rows: readonly Row[]
}

/** One table, so that the columns of all sections stand below each other. */
function tableLines(titles: readonly string[], sections: readonly Section[], output: Output): string[] {
  const columns = [
    { title: '', minWidth: 14 },
    ...titles.map((title) => ({ title, align: 'right' as const, minWidth: LEAST_WIDTH })),
  ]
  const empty = titles.map(() => '')
  const heading = (title: string): Row => [{ text: title, color: output.out.bold }, ...empty]
  const rows = sections
    .filter((section) => section.rows.length > 0)
    .flatMap(({ title, rows }) => (title === '' ? rows : [['', ...empty], heading(title), ...rows]))
  return renderTable(columns, rows, output).split('\n')
}

function metricRows({ name, goal, last, best, bestLast, bestBest }: ComparedMetric, output: Output): Row[] {
  const cells = (points: readonly (SummaryPoint | null)[], winners: readonly number[]) =>
    points.map((point, index) => metricCell(point, winners.includes(index), output))
  const lastRow = [goal === null ? printable(name) : `${printable(name)}, last`, ...cells(last, bestLast)]
  if (goal === null) return [lastRow]
  return [[`${printable(name)}, ${goal === 'minimize' ? 'min' : 'max'}`, ...cells(best, bestBest)], lastRow]
}

function metricCell(point: SummaryPoint | null, isBest: boolean, { out }: Output): string | Cell {
  if (point === null) return ''
  const text = numberText(point.value)
  return isBest ? { text: `* ${text}`, color: out.green } : text
}

function closing(
  { runs, config }: RunComparison,
  parameters: number,
  metrics: readonly ComparedMetric[],
  titles: readonly string[],
  output: Output,
): string[] {
  const lines: string[] = []
  if (parameters === 0 && config.length > 0) {
    lines.push(`The config of all ${runs.length} runs is the same (${plural(config.length, 'parameter')}).`)
  }
  for (const { name, best, bestBest } of metrics) {
    const [winner] = bestBest
    if (winner === undefined || bestBest.length > 1) continue
    const { value, step } = best[winner]!
    lines.push(
      `Best ${printable(name)}: ${titles[winner]}, ${numberText(value)} at step ${numberText(step)}.`,
    )
  }
  return lines.length === 0 ? [] : ['', ...lines.flatMap((line) => wrap(line, output.columns))]
}

/** The shortest that tells them apart: their names, else their ids, else with the project. */
function titlesOf(runs: readonly StoredRun[]): string[] {
  const choices = [(run: StoredRun) => run.name, (run: StoredRun) => run.id]
  const whole = (run: StoredRun): string => `${run.project}/${run.id}`
  const choice = choices.find((of) => new Set(runs.map(of)).size === runs.length) ?? whole
  return runs.map((run) => printable(choice(run)))
}
