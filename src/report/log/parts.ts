import { BEGIN, cellsOf, END, OURS } from './table.js'

/** An experiment log, taken apart. */
export interface LogParts {
  readonly before: readonly string[]
  /** What stands between the markers. */
  readonly table: readonly string[]
  readonly after: readonly string[]
  /** The markers were where they should be. */
  readonly whole: boolean
}

/** By the markers; where a person has damaged them, by the heading of the table. All lines are in one of the parts. */
export function takeApart(text: string): LogParts {
  const lines = text.split(/\r?\n/)
  const begins = indexes(lines, (line) => line.trim() === BEGIN)
  const ends = indexes(lines, (line) => line.trim() === END)
  const [begin, end] = [begins[0], ends[0]]
  if (begins.length === 1 && ends.length === 1 && begin! < end!) {
    const parts = { before: lines.slice(0, begin), table: lines.slice(begin! + 1, end) }
    return { ...parts, after: lines.slice(end! + 1), whole: true }
  }
  return byHeading(lines.filter((line) => line.trim() !== BEGIN && line.trim() !== END))
}

/** All tables that have our heading become one, at the place of the first. */
function byHeading(lines: readonly string[]): LogParts {
  const before: string[] = []
  const table: string[] = []
  const after: string[] = []
  let inTable = false
  for (const line of lines) {
    const isRow = line.trim().startsWith('|')
    inTable = isRow && (inTable || OURS.every((title) => cellsOf(line).includes(title)))
    if (inTable) table.push(line)
    else (table.length === 0 ? before : after).push(line)
  }
  return { before, table, after, whole: false }
}

function indexes(lines: readonly string[], is: (line: string) => boolean): number[] {
  return lines.flatMap((line, index) => (is(line) ? [index] : []))
}
