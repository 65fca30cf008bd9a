/** The value that `fraction` of all values do not exceed (nearest rank). */
export function quantile(values: readonly number[], fraction: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return (
    sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(fraction * sorted.length) - 1))] ?? Number.NaN
  )
}

export const median = (values: readonly number[]): number => quantile(values, 0.5)

/** Least-squares slope of values that were taken at equal intervals, per interval. */
export function slope(values: readonly number[]): number {
  const meanX = (values.length - 1) / 2
  const meanY = values.reduce((sum, y) => sum + y, 0) / values.length
  let covariance = 0
  let variance = 0
  for (const [x, y] of values.entries()) {
    covariance += (x - meanX) * (y - meanY)
    variance += (x - meanX) ** 2
  }
  return covariance / variance
}
