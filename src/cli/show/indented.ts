import type { Output } from '../output.js'
import { type Column, type Row, renderTable } from '../table.js'

const INDENT = 2

/** A name and a value. */
export const TWO: readonly Column[] = [
  { title: 'name', minWidth: 16 },
  { title: 'value', minWidth: 20 },
]

/** A table below the title of its section; no lines where there are no rows. */
export function table(columns: readonly Column[], rows: readonly Row[], output: Output): string[] {
  if (rows.length === 0) return []
  const narrower = { ...output, columns: output.columns - INDENT }
  const text = renderTable(columns, rows, narrower, { heading: false })
  return text.split('\n').map((line) => ' '.repeat(INDENT) + line)
}
