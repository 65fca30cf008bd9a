/** Beyond so many times the range of nearly all values, a value is not allowed to make the chart of the others flat. */
const FAR = 5
const HEADROOM = 0.15

export interface YDomain {
  readonly domain: readonly [number, number]
  /** Values that are not in it, and the one that is farthest. */
  readonly outside: number
  readonly farthest: number
}

/** What an axis shows: all values, but for single ones that are very far from all others. */
export function yDomainOf(values: readonly number[], log: boolean): YDomain {
  const sorted = values.filter((value) => !log || value > 0).sort((a, b) => a - b)
  if (sorted.length === 0) return { domain: log ? [0.1, 1] : [0, 1], outside: 0, farthest: Number.NaN }
  const [least, most] = [sorted[0]!, sorted.at(-1)!]
  if (log || sorted.length < 20) return { domain: widened(least, most, log), outside: 0, farthest: most }
  const [low, high] = [quantile(sorted, 0.02), quantile(sorted, 0.98)]
  const range = high - low
  const bottom = range > 0 && least < low - FAR * range ? low - HEADROOM * range : least
  const top = range > 0 && most > high + FAR * range ? high + HEADROOM * range : most
  const outside = sorted.filter((value) => value < bottom || value > top)
  const farthest = outside.reduce((far, value) => (Math.abs(value) > Math.abs(far) ? value : far), 0)
  return { domain: widened(bottom, top, false), outside: outside.length, farthest }
}

const quantile = (sorted: readonly number[], part: number): number =>
  sorted[Math.round((sorted.length - 1) * part)]!

/** A line that never changes stands in the middle. */
function widened(low: number, high: number, log: boolean): readonly [number, number] {
  if (low < high) return [low, high]
  if (log) return [low / 2, high * 2]
  const room = Math.abs(low) / 10 || 1
  return [low - room, high + room]
}

/** Ticks within a power of ten, by how many powers there are. */
const MANTISSAS = [
  { upTo: 0.7, ticks: [1, 1.5, 2, 3, 4, 5, 6, 8] },
  { upTo: 1.6, ticks: [1, 2, 3, 5] },
  { upTo: 2.5, ticks: [1, 2, 5] },
]

/** Ticks of a log axis that leave room for each other: of many powers of ten the powers alone. */
export function logTicks([low, high]: readonly [number, number]): number[] {
  const [first, last] = [Math.floor(Math.log10(low)), Math.ceil(Math.log10(high))]
  const decades = Math.log10(high / low)
  const mantissas = MANTISSAS.find(({ upTo }) => decades <= upTo)?.ticks ?? [1]
  const every = Math.max(1, Math.ceil(decades / 8))
  const ticks: number[] = []
  for (let power = first; power <= last; power += every) {
    for (const mantissa of mantissas) ticks.push(Number(`${mantissa}e${power}`))
  }
  return ticks.filter((tick) => tick >= low && tick <= high)
}
