import Table from 'cli-table3'

export interface Column {
  readonly head: string
  readonly align?: 'left' | 'right'
  /** May be broken into lines where the terminal is too narrow; the last of these first. */
  readonly wraps?: boolean
}

const PLAIN = {
  'top-mid': '',
  'bottom-mid': '',
  'mid-mid': '',
  'left-mid': '',
  'right-mid': '',
  left: '',
  right: '',
}
const NO_LINES = { ...PLAIN, top: '', bottom: '', mid: '', middle: ' ' }
const CORNERS = { 'top-left': '', 'top-right': '', 'bottom-left': '', 'bottom-right': '' }

const PADDING = 1
const BETWEEN = 1
/** Narrower than that, a text is a column of single words. */
const LEAST_WIDTH = 24
const DEFAULT_WIDTH = 120

/** A table without lines that fits into the terminal, or into 120 columns of a file. */
export function textTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  width = process.stdout.columns ?? DEFAULT_WIDTH,
): string {
  const table = new Table({
    head: columns.map(({ head }) => head),
    colAligns: columns.map(({ align = 'left' }) => align),
    colWidths: widthsOf(columns, rows, width),
    chars: { ...NO_LINES, ...CORNERS },
    wordWrap: true,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': PADDING },
  })
  for (const row of rows) table.push([...row])
  return table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')
}

/** What a column's content takes, but for those that give way. */
function widthsOf(columns: readonly Column[], rows: readonly (readonly string[])[], width: number): number[] {
  const widths = columns.map(
    ({ head }, index) => PADDING + Math.max(head.length, ...rows.map((row) => row[index]!.length)),
  )
  let excess = widths.reduce((sum, one) => sum + one + BETWEEN, -BETWEEN) - width
  for (let index = columns.length - 1; index >= 0 && excess > 0; index--) {
    if (!columns[index]!.wraps) continue
    const narrower = Math.max(Math.min(widths[index]!, LEAST_WIDTH), widths[index]! - excess)
    excess -= widths[index]! - narrower
    widths[index] = narrower
  }
  return widths
}
