/** What people write into a report: between two markers, and kept when the report is written again. */
import { APPENDIX_TITLE, OBSERVATIONS_TITLE } from './document.js'
import { isSealed } from './seal.js'

export const BEGIN = '<!-- offstep:observations:begin -->'
export const END = '<!-- offstep:observations:end -->'
/** What stands there until somebody writes something. */
export const INVITATION = '*What did you see, and what follows from it? What you write here is kept.*'

export interface KeptObservations {
  readonly text: string
  /** Something else was changed by hand too: the old file is worth keeping. */
  readonly edited: boolean
}

/** From the report.md that is there. Where a person has damaged the markers, as much as can be told is theirs. */
export function readObservations(old: string): KeptObservations {
  const lines = old.split(/\r?\n/)
  const at = (marker: string) => lines.flatMap((line, index) => (line.trim() === marker ? [index] : []))
  const [begins, ends] = [at(BEGIN), at(END)]
  const [begin, end] = [begins[0], ends[0]]
  const isWhole = begins.length === 1 && ends.length === 1 && begin! < end!
  if (!isWhole) return { text: rescue(lines, begins, ends), edited: true }
  const rest = [...lines.slice(0, begin! + 1), ...lines.slice(end!)].join('\n')
  return { text: clean(lines.slice(begin! + 1, end)), edited: !isSealed(rest) }
}

/** From the first marker, or the heading, to the last marker, or the next heading. */
function rescue(lines: readonly string[], begins: readonly number[], ends: readonly number[]): string {
  const heading = (title: string, from = 0): number =>
    lines.findIndex((line, index) => index >= from && line.trim() === `## ${title}`)
  const markers = [...begins, ...ends]
  const start = begins.length > 0 ? Math.min(...markers) : heading(OBSERVATIONS_TITLE)
  if (start < 0) return ''
  const next = heading(APPENDIX_TITLE, start)
  const rest = next < 0 ? lines.length : next
  return clean(lines.slice(start + 1, ends.length > 0 ? Math.max(...markers) : rest))
}

function clean(lines: readonly string[]): string {
  const own = lines.filter((line) => ![BEGIN, END, INVITATION].includes(line.trim()))
  return own
    .join('\n')
    .replace(/^(\s*\n)+/, '')
    .trimEnd()
}
