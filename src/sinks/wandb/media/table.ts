import type { TableCell, TableValue } from '../../../record/media.js'
import { type ExtendedJson, extendedJson } from '../extended-json.js'
import { isNonFiniteName, NON_FINITE } from '../history/non-finite.js'
import type { LoadedMedia } from './load.js'
import { madeFile } from './made-file.js'

/** A table as W&B has it: a file of columns and rows. `value`: reads it; called again for the content. */
export function tableFile(key: string, value: () => TableValue): LoadedMedia {
  const { columns, rows } = value()
  return madeFile({
    directory: 'table',
    key,
    extension: 'table.json',
    // A table that was logged does not change.
    about: { _type: 'table-file', ncols: columns.length, nrows: rows.length, log_mode: 'IMMUTABLE' },
    make: () => tableContent(value()),
  })
}

function tableContent({ columns, rows }: TableValue): Buffer {
  const isNumeric = columns.map((_, at) => isNumericColumn(rows.map((row) => row[at]!)))
  const data = rows.map((row) => row.map((cell, at) => (isNumeric[at] ? numberOf(cell) : cell)))
  return Buffer.from(extendedJson({ columns, data }), 'utf8')
}

/** In a column of texts the names of NaN and infinities may be texts. */
const isNumericColumn = (cells: readonly TableCell[]): boolean =>
  cells.every((cell) => cell === null || typeof cell === 'number' || isNonFiniteName(cell))

const numberOf = (cell: TableCell): ExtendedJson => (isNonFiniteName(cell) ? NON_FINITE[cell] : cell)
