import type { SeriesPoint } from './pyramid.js'

/** What a chart has along its x-axis. */
export type Axis = 'step' | 'time'

/**
 * At most about `points` of them, in which every dip and every spike is still there: of each stretch of the axis the
 * first, the lowest, the highest and the last. NaN and infinities are kept where a stretch has nothing else.
 */
export function downSample(series: readonly SeriesPoint[], points: number, axis: Axis): SeriesPoint[] {
  if (series.length <= points) return [...series]
  const stretches = Math.max(1, Math.floor(points / 4))
  let low = Number.POSITIVE_INFINITY
  let high = Number.NEGATIVE_INFINITY
  for (const point of series) {
    low = Math.min(low, point[axis])
    high = Math.max(high, point[axis])
  }
  const width = (high - low) / stretches || 1
  const kept: SeriesPoint[] = []
  let stretch = null as Stretch | null
  for (const point of series) {
    const number = Math.min(stretches - 1, Math.floor((point[axis] - low) / width))
    if (stretch?.number !== number) {
      if (stretch !== null) kept.push(...pointsOf(stretch))
      stretch = { number, first: point, low: point, high: point, last: point }
      continue
    }
    stretch.last = point
    if (!(stretch.low.value <= point.value) && !Number.isNaN(point.value)) stretch.low = point
    if (!(stretch.high.value >= point.value) && !Number.isNaN(point.value)) stretch.high = point
  }
  if (stretch !== null) kept.push(...pointsOf(stretch))
  return kept
}

interface Stretch {
  readonly number: number
  readonly first: SeriesPoint
  low: SeriesPoint
  high: SeriesPoint
  last: SeriesPoint
}

function pointsOf({ first, low, high, last }: Stretch): SeriesPoint[] {
  const inside = low.step <= high.step ? [low, high] : [high, low]
  return [...new Set([first, ...inside, last])]
}
