import type { Output } from './output.js'
import { type Column, type Row, renderTable } from './table.js'
import { widthOf } from './text.js'

const GAP = 2

export interface SpareColumn extends Column {
  /** May be left out where the screen is narrow, and those with the highest numbers first; without it never. */
  readonly spare?: number
}

/** A table with as many of its columns as the screen has room for; in a file all of them. */
export function renderFitting(columns: readonly SpareColumn[], rows: readonly Row[], output: Output): string {
  const widths = columns.map((column, index) => widthWith(column, rows, index) + GAP)
  const indexes = [...columns.keys()]
  const isSpare = (index: number): boolean => columns[index]!.spare !== undefined
  const kept = new Set(indexes.filter((index) => !isSpare(index)))
  let room = output.columns + GAP - [...kept].reduce((sum, index) => sum + widths[index]!, 0)
  for (const index of indexes.filter(isSpare).sort((a, b) => columns[a]!.spare! - columns[b]!.spare!)) {
    if (widths[index]! > room) continue
    room -= widths[index]!
    kept.add(index)
  }
  const only = <Item>(items: readonly Item[]): Item[] => items.filter((_, index) => kept.has(index))
  return renderTable(only(columns), rows.map(only), output)
}

function widthWith({ title, minWidth }: Column, rows: readonly Row[], index: number): number {
  if (minWidth !== undefined) return minWidth
  return rows.reduce((width, row) => {
    const cell = row[index]!
    return Math.max(width, widthOf(typeof cell === 'string' ? cell : cell.text))
  }, widthOf(title))
}
