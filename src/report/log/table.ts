/** The table of EXPERIMENTS.md: which of its cells are ours, and which are people's. */

export const BEGIN = '<!-- offstep:runs:begin -->'
export const END = '<!-- offstep:runs:end -->'

/** Columns that are made anew each time. Any other column is people's. */
export const OURS = ['Date', 'Run', 'Status', 'Differs in', 'Best'] as const
export const NOTES = 'Notes'

/** What people have in the row of a run: one text for each of their columns, as they wrote it. */
export interface OldRow {
  readonly cells: readonly string[]
  /** The whole line. */
  readonly line: string
}

export interface OldTable {
  /** Titles of the columns that are people's. */
  readonly theirs: readonly string[]
  /** By the run's id. */
  readonly rows: ReadonlyMap<string, OldRow>
  /** Rows that are none of ours. */
  readonly others: readonly string[]
  /** What else stands within the markers. */
  readonly texts: readonly string[]
}

/** Reads the lines of a table, however a person has changed it. */
export function readTable(lines: readonly string[]): OldTable {
  const heading = lines.findIndex((line) => OURS.every((title) => cellsOf(line).includes(title)))
  const titles = heading < 0 ? [...OURS, NOTES] : cellsOf(lines[heading]!)
  const theirs = titles.filter((title) => !OURS.includes(title as (typeof OURS)[number]))
  const rows = new Map<string, OldRow>()
  const others: string[] = []
  const texts: string[] = []
  for (const [at, line] of lines.entries()) {
    if (at === heading || isRule(line)) continue
    if (!line.trim().startsWith('|')) {
      texts.push(line)
      continue
    }
    const id = runOf(cellsOf(line)[titles.indexOf('Run')] ?? '')
    if (id === null || rows.has(id)) others.push(line)
    else rows.set(id, { cells: cellsOfPeople(line, titles, theirs), line })
  }
  return { theirs, rows, others, texts: withoutEdges(texts) }
}

/** Without blank lines at both ends. */
function withoutEdges(lines: readonly string[]): readonly string[] {
  const filled = (line: string): boolean => line.trim() !== ''
  return lines.slice(Math.max(0, lines.findIndex(filled)), lines.findLastIndex(filled) + 1)
}

const isRule = (line: string): boolean => /^[|\s:-]+$/.test(line) && line.includes('-')

/** The cells between the bars. A bar behind a backslash is a part of the text. */
export function cellsOf(line: string): string[] {
  const trimmed = line
    .trim()
    .replace(/^\|/, '')
    .replace(/(?<!\\)\|$/, '')
  return trimmed.split(/(?<!\\)\|/).map((cell) => cell.trim())
}

/** A bar that somebody typed makes a cell too many: it belongs to the last one. */
function cellsOfPeople(line: string, titles: readonly string[], theirs: readonly string[]): string[] {
  const found = cellsOf(line)
  const last = titles.length - 1
  const cells =
    found.length > titles.length ? [...found.slice(0, last), found.slice(last).join(' \\| ')] : found
  return theirs.map((title) => cells[titles.indexOf(title)] ?? '')
}

/** The run that the cell of a row links to: its id is the first part of the link. */
function runOf(cell: string): string | null {
  const link = /(?<!\\)\]\(<?([^/()<>\s]+)\/[^()\s]*\)/.exec(cell)
  if (link === null) return null
  try {
    return decodeURIComponent(link[1]!)
  } catch {
    // No link of ours: a person's row.
    return null
  }
}

/** One row, of cells that are Markdown already. */
export const rowLine = (cells: readonly string[]): string =>
  `| ${cells.join(' | ')} |`.replace(/ {2,}\|/g, ' |')
