import { type Figure, verdict } from '../../benchmark.js'
import type { Chart } from '../../chart.js'
import { chartTable } from '../chart-table.js'
import { measuredText, ofTargetText, targetText } from '../numbers.js'
import { type Column, textTable } from './table.js'

const FIGURE_COLUMNS: readonly Column[] = [
  { head: 'figure', wraps: true },
  { head: 'measured', align: 'right' },
  { head: 'target', align: 'right' },
  { head: 'of target', align: 'right' },
  { head: '' },
  { head: 'note', wraps: true },
]

/** Figures beside their targets. */
export function formatFigures(figures: readonly Figure[], width?: number): string {
  const rows = figures.map((figure) => [
    figure.name,
    measuredText(figure),
    targetText(figure),
    ofTargetText(figure),
    verdict(figure),
    figure.note ?? '',
  ])
  return textTable(FIGURE_COLUMNS, rows, width)
}

/** A chart as its title and a table of its numbers. */
export function formatChart(chart: Chart, width?: number): string {
  const { head, rows } = chartTable(chart)
  const columns = head.map((text, index): Column => ({ head: text, ...columnStyle(index) }))
  return `${chart.title}\n${textTable(columns, rows, width)}`
}

const columnStyle = (index: number): Partial<Column> => (index === 0 ? { wraps: true } : { align: 'right' })
