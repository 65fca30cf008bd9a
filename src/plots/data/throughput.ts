import type { SeriesPoint } from '../../store/series/pyramid.js'
import type { Line } from './lines.js'

/** Enough to see a pause, few enough that a measured one is not noise. */
const STRETCHES = 100

/**
 * Steps per second, from when the steps were logged: for a run that logs no throughput of its own. Null where there is
 * too little to measure. `xOf`: where a point stands along the axis.
 */
export function stepRate(points: readonly SeriesPoint[], xOf: (point: SeriesPoint) => number): Line | null {
  const rising = points.filter((point, index) => index === 0 || point.step > points[index - 1]!.step)
  const every = Math.max(1, Math.ceil(rising.length / STRETCHES))
  const measured = rising.filter((_, index) => index % every === 0)
  const rates = measured.slice(1).flatMap((point, index) => {
    const before = measured[index]!
    const seconds = (point.time - before.time) / 1000
    return seconds <= 0 ? [] : [{ x: xOf(point), rate: (point.step - before.step) / seconds }]
  })
  if (rates.length < 2) return null
  return {
    label: 'steps per second',
    points: rates.map(({ x, rate }) => ({ x, y: rate, smoothed: rate })),
    isSmoothed: false,
    nonFinite: { count: 0, points: [] },
    nonFiniteX: [],
  }
}
