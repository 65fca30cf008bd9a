import Table from 'cli-table3'
import type { Output } from './output.js'
import { widthOf, wrap } from './text.js'

export interface Column {
  readonly title: string
  readonly align?: 'left' | 'right'
  /** The narrowest that still says something; without it a column keeps the width of its longest cell. */
  readonly minWidth?: number
}

/** Text without colours, and the colour of each of its lines. */
export interface Cell {
  readonly text: string
  readonly color: (text: string) => string
}

export type Row = readonly (string | Cell)[]

const GAP = 2
const NO_LINES = Object.fromEntries(
  ['top', 'bottom', 'left', 'right', 'mid'].flatMap((side) =>
    ['', '-mid', '-left', '-right'].map((part) => [`${side}${part}`, '']),
  ),
)

/**
 * A table without lines. On a terminal the columns that may shrink wrap their text, and nothing of it is cut, so
 * that the table is not wider than the screen; in a file nothing wraps.
 */
export function renderTable(
  columns: readonly Column[],
  rows: readonly Row[],
  output: Output,
  { heading = true } = {},
): string {
  const cells = rows.map((row) => row.map(asCell))
  const head = columns.map(({ title }) => ({ text: title, color: output.out.bold }))
  if (heading) cells.unshift(head)
  const widths = widthsWithin(output.columns, columns, cells)
  const table = new Table({
    chars: { ...NO_LINES, middle: ' '.repeat(GAP) },
    style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [], compact: true },
    colAligns: columns.map(({ align = 'left' }) => align),
    colWidths: widths,
  })
  for (const row of cells) {
    table.push(
      row.map(({ text, color }, i) => (text === '' ? '' : wrap(text, widths[i]!).map(color).join('\n'))),
    )
  }
  return table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')
}

function asCell(cell: string | Cell): Cell {
  return typeof cell === 'string' ? { text: cell, color: (text) => text } : cell
}

function widthsWithin(
  limit: number,
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
): number[] {
  const widths = columns.map((_, i) =>
    Math.max(1, ...rows.flatMap((row) => row[i]!.text.split('\n').map(widthOf))),
  )
  let excess = widths.reduce((sum, width) => sum + width, (columns.length - 1) * GAP) - limit
  for (; excess > 0; excess--) {
    // The widest gives way first: a long reason wraps before a name does.
    const shrinkable = widths.map((width, i) => (width > (columns[i]!.minWidth ?? width) ? width : 0))
    const widest = shrinkable.indexOf(Math.max(...shrinkable))
    if (shrinkable[widest] === 0) break
    widths[widest]!--
  }
  return widths
}
