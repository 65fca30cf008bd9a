import type { RecoveryProgress } from '../../recovery/report.js'
import { countText, durationText, printable } from '../../text/text.js'
import type { Colors } from '../output.js'
import { truncate, widthOf } from '../text.js'

const BAR_WIDTH = { least: 8, most: 30 }
const MAX_NAME = 20
/** What `120,412 rows/s  1,203,400 left  ETA 12 min 5 s` takes, with the gap before it. */
const DETAILS_WIDTH = 50

export interface SinkLine {
  readonly progress: RecoveryProgress
  readonly rowsPerSecond: number | null
  /** Of the widest name among the bars. */
  readonly nameWidth: number
  readonly columns: number
  /** When it is tried again, counted down between the reports. */
  readonly retryInMs: number
}

export const nameWidthOf = (names: readonly string[]): number =>
  Math.min(MAX_NAME, Math.max(...names.map((name) => widthOf(printable(name)))))

/** `  csv   ████████░░░░  63 %  120,412 rows/s  1,203,400 left  ETA 12 s`, less than `columns` wide. */
export function sinkLine(line: SinkLine, colors: Colors): string {
  const { progress, nameWidth, columns } = line
  const color = colorOf(progress, colors)
  const share = shareOf(progress)
  const name = padTo(truncate(printable(progress.sink), nameWidth), nameWidth)
  const percent = `${String(Math.floor(share * 100)).padStart(3)} %`
  // By the screen only, not by the texts: a bar that changes its length cannot be read.
  const free = columns - 1 - 2 - nameWidth - 2 - 2 - percent.length
  const barWidth = Math.max(BAR_WIDTH.least, Math.min(BAR_WIDTH.most, free - DETAILS_WIDTH))
  const full = Math.floor(share * barWidth)
  const bar = color('█'.repeat(full)) + colors.dim('░'.repeat(barWidth - full))
  const details = detailsWithin(detailsOf(line), free - barWidth)
  return `  ${name}  ${bar}  ${percent}${progress.state === 'delivering' ? details : color(details)}`
}

/** As many as fit, in the order of their worth; a reason, which stands alone, is cut. */
function detailsWithin(details: readonly string[], width: number): string {
  for (let count = details.length; count > 1; count--) {
    const text = details.slice(0, count).join('  ')
    if (widthOf(text) + 2 <= width) return `  ${text}`
  }
  return width <= 2 ? '' : `  ${truncate(details[0]!, width - 2)}`
}

function shareOf({ state, rows, totalRows, bytes, totalBytes }: RecoveryProgress): number {
  if (state === 'done') return 1
  if (totalRows > 0) return Math.min(1, rows / totalRows)
  return totalBytes > 0 ? Math.min(1, bytes / totalBytes) : 0
}

function colorOf({ state }: RecoveryProgress, colors: Colors): (text: string) => string {
  if (state === 'done') return colors.green
  if (state === 'failed') return colors.red
  return state === 'backing-off' ? colors.yellow : colors.cyan
}

function detailsOf({ progress, rowsPerSecond, retryInMs }: SinkLine): string[] {
  const { state, rows, totalRows } = progress
  const reason = printable(progress.error ?? '')
  if (state === 'done') return ['done']
  if (state === 'failed') return [`left for later: ${reason}`]
  if (state === 'backing-off') return [`backing off, again in ${Math.ceil(retryInMs / 1000)} s: ${reason}`]
  const left = Math.max(0, totalRows - rows)
  const leftText = `${countText(left)} left`
  if (rowsPerSecond === null || rowsPerSecond <= 0) return [leftText]
  return [
    `${countText(rowsPerSecond)} rows/s`,
    leftText,
    `ETA ${durationText((left / rowsPerSecond) * 1000)}`,
  ]
}

const padTo = (text: string, width: number): string => text + ' '.repeat(Math.max(0, width - widthOf(text)))
