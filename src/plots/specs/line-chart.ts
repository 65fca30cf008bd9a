import type { TopLevelSpec } from 'vega-lite'
import type { Line } from '../data/lines.js'
import { numberText } from '../format.js'
import { configOf, type Theme } from '../theme.js'
import { type YDomain, yDomainOf } from '../y-domain.js'
import { colorOf, finiteValues, lineEncoding, lineLayers, nonFiniteLayers } from './line-layers.js'
import type { Layer, Titles } from './types.js'

export const CHART_WIDTH = 760
export const CHART_HEIGHT = 380
const STROKE = { faint: 1, smoothed: 2.2, plain: 1.8, dot: 36, dots: 30 }
/** Lines of a subtitle that say where values are not finite. */
const MAX_NOTES = 4

export interface LineChart extends Titles {
  readonly xTitle: string
  readonly yTitle: string
  readonly log?: boolean
  readonly lines: readonly Line[]
  /** A colour for each line. */
  readonly colors: readonly string[]
  /** Drawn below, and above, the lines. */
  readonly below?: readonly Layer[]
  readonly above?: readonly Layer[]
}

/** Lines over steps or time; where they are smoothed, the values stand behind as faint lines. */
export function lineChart(chart: LineChart, theme: Theme): TopLevelSpec {
  const { lines, log = false, colors, below = [], above = [] } = chart
  const domain = yDomainOf(finiteValues(lines), log)
  const colored = lines.map((line) => ({ line, series: line.label }))
  const series = lines.map(({ label }, index) => ({ name: label, color: colors[index]! }))
  const notes = [...axisNotes(lines, domain, log), ...nonFiniteNotes(lines)]
  return {
    title: { text: chart.title, subtitle: [...chart.subtitle, ...notes] },
    width: CHART_WIDTH,
    height: CHART_HEIGHT,
    encoding: {
      ...lineEncoding(lines, domain, { ...chart, log }),
      color: colorOf(series, lines.length === 1 ? null : {}),
    },
    layer: [
      ...below,
      ...lineLayers(colored, domain, log, STROKE),
      ...above,
      ...nonFiniteLayers(lines, theme),
    ],
    config: configOf(theme),
  }
}

/** What is not on the axis is told. */
function axisNotes(lines: readonly Line[], { outside, farthest }: YDomain, log: boolean): string[] {
  const far = outside === 1 ? '1 value is' : `${numberText(outside)} values are`
  const beyond = outside === 0 ? [] : [`${far} beyond the axis, up to ${numberText(farthest)}`]
  const hasNone = log && finiteValues(lines).some((value) => value <= 0)
  return hasNone ? [...beyond, 'values of 0 and below have no place on a log axis'] : beyond
}

function nonFiniteNotes(lines: readonly Line[]): string[] {
  const notes = lines.flatMap(({ label, nonFinite: { count, points } }) => {
    if (count === 0) return []
    const first = points[0]!
    const at = `step ${numberText(first.step)}`
    if (count === 1) return [`× ${label} is ${first.value} at ${at}`]
    return [`× ${label}: ${numberText(count)} values are not finite, the first (${first.value}) at ${at}`]
  })
  const left = notes.length - MAX_NOTES
  return left > 0 ? [...notes.slice(0, MAX_NOTES), `× and in ${numberText(left)} more lines`] : notes
}

/** A log axis shows more where values of one sign are spread over several powers of ten. */
export function isWide(lines: readonly Line[], ratio: number): boolean {
  const sorted = finiteValues(lines).sort((a, b) => a - b)
  if (sorted.length === 0 || sorted[0]! <= 0) return false
  return sorted[Math.floor(sorted.length * 0.98)]! / sorted[Math.floor(sorted.length * 0.02)]! > ratio
}
