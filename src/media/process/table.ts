import type { TableCell } from '../../record/media.js'
import { MediaError, type MediaInputs, type ProcessedMedia } from '../request.js'
import { describe } from './checks.js'

/** Checks columns and rows, and makes of each cell what JSON can hold. */
export function processTable(input: MediaInputs['table']): ProcessedMedia<'table'> {
  const columns = columnsOf(input.columns)
  if (!Array.isArray(input.rows)) {
    throw new MediaError(`the rows are ${describe(input.rows)}: give an array of arrays, one cell per column`)
  }
  // Not map(), which passes over holes.
  const rows = Array.from(input.rows, (row: unknown, index) => rowOf(row, index, columns))
  return { value: { columns, rows } }
}

function columnsOf(columns: unknown): string[] {
  if (!Array.isArray(columns) || columns.length === 0) {
    throw new MediaError(`the columns are ${describe(columns)}: give an array of at least one name`)
  }
  for (const [index, column] of columns.entries()) {
    if (typeof column !== 'string') {
      throw new MediaError(`columns[${index}] is ${describe(column)}: give the column's name as a string`)
    }
  }
  return columns as string[]
}

function rowOf(row: unknown, index: number, columns: readonly string[]): TableCell[] {
  if (!Array.isArray(row)) {
    throw new MediaError(`rows[${index}] is ${describe(row)}: give an array with one cell per column`)
  }
  if (row.length !== columns.length) {
    throw new MediaError(
      `rows[${index}] has ${row.length} cells and there are ${columns.length} columns: give one cell per column`,
    )
  }
  return columns.map((column, at) => {
    const cell = cellOf(row[at])
    if (cell !== undefined) return cell
    throw new MediaError(
      `rows[${index}], column ${describe(column)}, is ${describe(row[at])}: give a string, number, bigint, boolean, date or null`,
    )
  })
}

/** Undefined where it is nothing that a cell can hold. */
function cellOf(cell: unknown): TableCell | undefined {
  switch (typeof cell) {
    case 'string':
    case 'boolean':
      return cell
    case 'undefined':
      return null
    case 'number':
      return Number.isFinite(cell) ? cell : String(cell)
    case 'bigint':
      return Number.isSafeInteger(Number(cell)) ? Number(cell) : String(cell)
    default:
      if (cell instanceof Date) return dateText(cell)
      return cell === null ? null : undefined
  }
}

/** ISO 8601; "Invalid Date" where it is none, which must not cost the whole table. */
export function dateText(date: Date): string {
  return Number.isNaN(date.getTime()) ? String(date) : date.toISOString()
}
