import type { Line } from '../../plots/data/lines.js'
import { numberText } from '../../plots/format.js'
import { yDomainOf } from '../../plots/y-domain.js'
import { printable } from '../../text/text.js'
import type { Colors } from '../output.js'
import { truncate, widthOf } from '../text.js'
import { BrailleCanvas } from './braille.js'

export interface TerminalChart {
  readonly title: string
  readonly xTitle: string
  readonly log: boolean
  readonly lines: readonly Line[]
  /** Of the terminal. */
  readonly columns: number
  readonly colors: Colors
}

const ROWS = 14
const MIN_COLUMNS = 40

/** A chart as lines of text, with what each of its lines came to below it. */
export function terminalChart({ title, xTitle, log, lines, columns, colors }: TerminalChart): string[] {
  const width = Math.max(MIN_COLUMNS, columns)
  const scaled = log ? lines.map(logOf) : lines
  const [low, high] = yDomainOf(
    scaled.flatMap(({ points }) => points.flatMap(({ smoothed }) => (smoothed === null ? [] : [smoothed]))),
    false,
  ).domain
  const valueAt = (part: number): string => {
    const value = low + (high - low) * part
    return numberText(Number((log ? 10 ** value : value).toPrecision(4)))
  }
  const labels = new Map([0, 0.5, 1].map((part) => [Math.round((ROWS - 1) * (1 - part)), valueAt(part)]))
  const margin = Math.max(...[...labels.values()].map(widthOf))
  const canvas = new BrailleCanvas(width - margin - 2, ROWS)
  const xs = extent(scaled)
  for (const [index, line] of scaled.entries()) drawLine(canvas, line, index, xs, [low, high])
  const paint = (text: string, line: number): string => colorOf(colors, line)(text)
  const rows = Array.from({ length: ROWS }, (_, row) => {
    const label = labels.get(row)
    return `${(label ?? '').padStart(margin)} ${colors.dim(label === undefined ? '│' : '┤')}${canvas.row(row, paint)}`
  })
  return [
    colors.bold(truncate(printable(title), width)),
    ...rows,
    `${' '.repeat(margin + 1)}${colors.dim(`└${'─'.repeat(canvas.columns)}`)}`,
    `${' '.repeat(margin + 2)}${axisLabels(xs, xTitle, canvas.columns)}`,
    ...lines.map((line, index) => legend(line, index, colors, width)),
  ]
}

/** As powers of ten; what has none is left out, as on any log axis. */
function logOf(line: Line): Line {
  const log = (value: number | null): number | null =>
    value === null || value <= 0 ? null : Math.log10(value)
  return {
    ...line,
    points: line.points.map(({ x, y, smoothed }) => ({ x, y: log(y), smoothed: log(smoothed) })),
  }
}

type Range = readonly [number, number]

function extent(lines: readonly Line[]): Range {
  const all = lines.flatMap(({ points }) => points.map(({ x }) => x))
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (const x of all) [low, high] = [Math.min(low, x), Math.max(high, x)]
  if (low < high) return [low, high]
  return Number.isFinite(low) ? [low - 1, low + 1] : [0, 1]
}

function drawLine(canvas: BrailleCanvas, { points }: Line, index: number, xs: Range, ys: Range): void {
  const place = (value: number, [from, to]: Range, dots: number): number =>
    Math.round(Math.min(1, Math.max(0, (value - from) / (to - from))) * (dots - 1))
  let before: { readonly x: number; readonly y: number } | null = null
  for (const { x, smoothed } of points) {
    if (smoothed === null) {
      before = null
      continue
    }
    const at = { x: place(x, xs, canvas.width), y: canvas.height - 1 - place(smoothed, ys, canvas.height) }
    canvas.stroke(before?.x ?? at.x, before?.y ?? at.y, at.x, at.y, index)
    before = at
  }
}

function axisLabels([low, high]: Range, title: string, columns: number): string {
  const short = (x: number): string => numberText(Number(x.toPrecision(4)))
  const [left, right] = [short(low), short(high)]
  const room = Math.max(1, columns - left.length - right.length - title.length)
  const before = Math.floor(room / 2)
  return `${left}${' '.repeat(before)}${title}${' '.repeat(room - before)}${right}`
}

function legend(line: Line, index: number, colors: Colors, width: number): string {
  const values = line.points.flatMap(({ y }) => (y === null ? [] : [y]))
  const numbers =
    values.length === 0
      ? 'no finite value'
      : `last ${numberText(values.at(-1)!)}, min ${numberText(least(values))}, max ${numberText(most(values))}`
  const { count, points } = line.nonFinite
  const first = points[0]
  const bad =
    first === undefined
      ? ''
      : `, ${count === 1 ? first.value : `${numberText(count)} not finite, ${first.value}`} at step ${numberText(first.step)}`
  return `${colorOf(colors, index)('━━')} ${truncate(`${printable(line.label)}: ${numbers}${bad}`, width - 3, 'middle')}`
}

const least = (values: readonly number[]): number => values.reduce((low, value) => Math.min(low, value))
const most = (values: readonly number[]): number => values.reduce((high, value) => Math.max(high, value))

function colorOf(colors: Colors, index: number): (text: string) => string {
  const { cyan, yellow, green, magenta, blue, red } = colors
  const palette = [cyan, yellow, green, magenta, blue, red]
  return palette[index % palette.length]!
}
