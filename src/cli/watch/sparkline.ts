const BARS = [...'▁▂▃▄▅▆▇█']
/** A stretch with nothing but NaN and infinities. */
const NOT_FINITE = '×'

export interface SparkPoint {
  readonly x: number
  readonly value: number
}

/** A line of at most `width` characters: the mean of each stretch of x, between the lowest and the highest of them. */
export function sparkline(points: readonly SparkPoint[], width: number): string {
  const means = points.length <= width ? points.map(({ value }) => value) : meansOf(points, width)
  const finite = means.filter(Number.isFinite)
  const low = Math.min(...finite)
  const high = Math.max(...finite)
  return means.map((mean) => barOf(mean, low, high)).join('')
}

function barOf(mean: number, low: number, high: number): string {
  if (!Number.isFinite(mean)) return NOT_FINITE
  // Both halved: their difference may be infinite.
  const part = high === low ? 0.5 : (mean / 2 - low / 2) / (high / 2 - low / 2)
  return BARS[Math.min(BARS.length - 1, Math.floor(part * BARS.length))]!
}

/** A stretch without points is as the one before it. */
function meansOf(points: readonly SparkPoint[], width: number): number[] {
  const first = Math.min(...points.map(({ x }) => x))
  const length = Math.max(...points.map(({ x }) => x)) - first || 1
  const stretches = Array.from({ length: width }, (): number[] | null => null)
  for (const { x, value } of points) {
    const at = Math.min(width - 1, Math.floor(((x - first) / length) * width))
    const stretch = stretches[at] ?? []
    stretches[at] = stretch
    if (Number.isFinite(value)) stretch.push(value)
  }
  let before = Number.NaN
  return stretches.map((values) => {
    if (values !== null) before = mean(values)
    return before
  })
}

/** NaN of none. Each is divided first: their sum may be infinite. */
const mean = (values: readonly number[]): number =>
  values.length === 0 ? Number.NaN : values.reduce((sum, value) => sum + value / values.length, 0)
