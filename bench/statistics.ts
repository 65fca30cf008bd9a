/** The value that `fraction` of all values do not exceed (nearest rank). */
export function quantile(values: readonly number[], fraction: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return (
    sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(fraction * sorted.length) - 1))] ?? Number.NaN
  )
}

export const median = (values: readonly number[]): number => quantile(values, 0.5)

/** Least-squares slope of values that were taken at equal intervals, per interval. */
export const slope = (values: readonly number[]): number =>
  slopeOf(values.map((value, index) => [index, value]))

/**
 * The exponent k of y = a * x^k: the slope of log y on log x. Points that have no logarithm are left out; NaN where fewer
 * than two distinct x remain.
 */
export const exponent = (points: readonly Point[]): number =>
  slopeOf(points.filter(([x, y]) => x > 0 && y > 0).map(([x, y]) => [Math.log(x), Math.log(y)]))

type Point = readonly [number, number]

/** Least squares. NaN where all x are the same. */
function slopeOf(points: readonly Point[]): number {
  const meanX = points.reduce((sum, [x]) => sum + x, 0) / points.length
  const meanY = points.reduce((sum, [, y]) => sum + y, 0) / points.length
  let covariance = 0
  let variance = 0
  for (const [x, y] of points) {
    covariance += (x - meanX) * (y - meanY)
    variance += (x - meanX) ** 2
  }
  return covariance / variance
}
