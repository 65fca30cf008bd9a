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
  return cells.flatMap((row) => linesOf(row, columns, widths)).join('\n')
}

/** As many lines as the longest cell has. */
function linesOf(row: readonly Cell[], columns: readonly Column[], widths: readonly number[]): string[] {
  const wrapped = row.map(({ text }, i) => wrap(text, widths[i]!))
  const height = Math.max(...wrapped.map((lines) => lines.length))
  return Array.from({ length: height }, (_, line) => {
    const parts = row.map(({ color }, i) => {
      const text = wrapped[i]![line] ?? ''
      const space = ' '.repeat(Math.max(0, widths[i]! - widthOf(text)))
      if (text === '') return space
      return columns[i]!.align === 'right' ? space + color(text) : color(text) + space
    })
    return parts.join(' '.repeat(GAP)).trimEnd()
  })
}

function asCell(cell: string | Cell): Cell {
  return typeof cell === 'string' ? { text: cell, color: (text) => text } : cell
}

function widthsWithin(
  limit: number,
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
): number[] {
  const widths = columns.map((_, i) => {
    const lines = rows.flatMap((row) => row[i]!.text.split('\n'))
    return lines.reduce((width, line) => Math.max(width, widthOf(line)), 1)
  })
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
