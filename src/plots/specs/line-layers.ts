import type { Line } from '../data/lines.js'
import type { Theme } from '../theme.js'
import { logTicks, type YDomain } from '../y-domain.js'
import type { Encoding, Layer } from './types.js'

/** Thickness of lines, and size of dots. */
export interface Stroke {
  readonly faint: number
  readonly smoothed: number
  readonly plain: number
  readonly dot: number
  /** With fewer points each has a dot. */
  readonly dots: number
}

/** A line, and what its colour stands for. */
export interface ColoredLine {
  readonly line: Line
  readonly series: string
}

export interface Series {
  readonly name: string
  readonly color: string
}

export interface LineAxes {
  readonly xTitle: string | null
  readonly yTitle: string | null
  readonly log: boolean
  /** About so many. Without it, what the theme has. */
  readonly ticks?: number
}

interface Axis {
  readonly tickCount?: number
  readonly values?: number[]
}

/** Axes and colours that all layers of a chart share. */
export function lineEncoding(
  lines: readonly Line[],
  y: YDomain,
  { xTitle, yTitle, log, ticks }: LineAxes,
): Encoding {
  const count: Axis = ticks === undefined ? {} : { tickCount: ticks }
  const scale = log
    ? ({ type: 'log', nice: false } as const)
    : ({ type: 'linear', nice: true, zero: false } as const)
  const axis: Axis = log ? { values: logTicks(y.domain) } : count
  return {
    x: {
      field: 'x',
      type: 'quantitative',
      title: xTitle,
      scale: { zero: false, nice: false, domain: xDomainOf(lines) },
      axis: count,
    },
    y: {
      field: 'y',
      type: 'quantitative',
      title: yTitle,
      scale: { ...scale, domain: [...y.domain] },
      axis,
    },
  }
}

export const colorOf = (
  series: readonly Series[],
  legend: object | null,
): NonNullable<Encoding['color']> => ({
  field: 'series',
  type: 'nominal',
  title: null,
  scale: { domain: series.map(({ name }) => name), range: series.map(({ color }) => color) },
  legend,
})

/** The values as faint lines, and the smoothed ones over them; without smoothing, the values alone. */
export function lineLayers(
  lines: readonly ColoredLine[],
  { domain: [low, high] }: YDomain,
  log: boolean,
  stroke: Stroke,
): Layer[] {
  // What is beyond the axis goes along its edge: cut by a clip path, resvg would leave out the whole line.
  const shown = (y: number | null): number | null =>
    y === null || (log && y <= 0) ? null : Math.min(high, Math.max(low, y))
  const rows = (of: readonly ColoredLine[], part: 'y' | 'smoothed') =>
    of.flatMap(({ line: { label, points }, series }) =>
      points.map((point) => ({ x: point.x, y: shown(point[part]), series, label })),
    )
  const smoothed = lines.filter(({ line }) => line.isSmoothed)
  const plain = lines.filter(({ line }) => !line.isSmoothed)
  const dotted = plain.filter(({ line }) => line.points.length < stroke.dots)
  const line = (values: readonly object[], strokeWidth: number, opacity: number) => ({
    data: { values },
    mark: { type: 'line', strokeWidth, opacity },
    encoding: { detail: { field: 'label' } },
  })
  return [
    line(rows(smoothed, 'y'), stroke.faint, 0.3),
    line(rows(smoothed, 'smoothed'), stroke.smoothed, 1),
    line(rows(plain, 'y'), stroke.plain, 1),
    {
      data: { values: rows(dotted, 'y').filter(({ y }) => y !== null) },
      mark: { type: 'point', filled: true, opacity: 1, size: stroke.dot },
    },
  ].filter(({ data }) => data.values.length > 0) as Layer[]
}

/** Along the upper edge, where no value can be. */
export function nonFiniteLayers(lines: readonly Line[], { alert }: Theme, size = 70): Layer[] {
  const values = lines.flatMap(({ nonFiniteX }) => nonFiniteX.map((x) => ({ x })))
  if (values.length === 0) return []
  return [
    {
      data: { values },
      mark: { type: 'point', shape: 'cross', filled: true, size, opacity: 1, angle: 45 },
      encoding: { y: { value: 0 }, color: { value: alert } },
    },
  ]
}

export const finiteValues = (lines: readonly Line[]): number[] =>
  lines.flatMap(({ points }) => points.flatMap(({ y }) => (y === null ? [] : [y])))

function xDomainOf(lines: readonly Line[]): [number, number] {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (const { points, nonFiniteX } of lines) {
    for (const x of [...points.map((point) => point.x), ...nonFiniteX]) {
      low = Math.min(low, x)
      high = Math.max(high, x)
    }
  }
  if (low < high) return [low, high]
  return Number.isFinite(low) ? [low - 1, high + 1] : [0, 1]
}
