import type { TableCell, TableValue } from '../../../record/media.js'
import type { SummaryValue } from './summary.js'
import { encodeText } from './text.js'

/** A table as the markdown that TensorBoard's text plugin shows as one. */
export function encodeTable(tag: string, table: TableValue): SummaryValue {
  return encodeText(tag, markdownTable(table))
}

export function markdownTable({ columns, rows }: TableValue): string {
  const lines = [line(columns), `|${' --- |'.repeat(columns.length)}`, ...rows.map(line)]
  return `${lines.join('\n')}\n`
}

function line(cells: readonly TableCell[]): string {
  return `| ${cells.map(cellText).join(' | ')} |`
}

/** A cell is shown as it is: nothing in it is markdown, HTML, or the end of its line. */
function cellText(cell: TableCell): string {
  if (cell === null) return ''
  return String(cell)
    .replace(/\s*[\r\n]+\s*/g, ' ')
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/[\\`*_{}[\]|]/g, '\\$&')
}
