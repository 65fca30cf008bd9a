import type { HistogramValue } from '../../record/media.js'
import type { NumberArray } from '../request.js'

/**
 * Two passes over the values: one for their extent, one that counts and sums the squares. Values of all types go
 * through one small array of doubles: a million floats take 9 ms so, and 21 ms in loops that read them directly,
 * even where these see one type of array only. Unrolling the first loop saves 1 ms, and is not worth its lines.
 */
const CHUNK = 4096
const chunk = new Float64Array(CHUNK)

/** Beyond, powers of two and their reciprocals would no longer be normal doubles. */
const MAX_EXPONENT = 1000

interface Extent {
  min: number
  max: number
  sum: number
  nan: number
  infinite: number
}

/**
 * Buckets of equal width between the least and the greatest finite value, both included; fewer than `bins` where
 * there are not enough doubles between them to tell so many edges apart. One value alone gets one bucket of width
 * 1 around it, as in TensorBoard. `std` is the population's. Without finite values there are no buckets.
 */
export function countHistogram(values: NumberArray, bins: number): HistogramValue {
  const { min, max, sum, nan, infinite } = extentOf(values)
  const finite = values.length - nan - infinite
  const ends = { finite, nan, infinite }
  if (finite === 0) return { edges: [], counts: [], min: null, max: null, mean: null, std: null, ...ends }
  if (min === max) return { edges: around(min), counts: [finite], min, max, mean: min, std: 0, ...ends }
  // A power of two takes the range to about 1, exactly: nothing overflows or is lost to rounding from here on.
  const exponent = Math.floor(Math.log2(max - min))
  const scale = 2 ** -Math.max(-MAX_EXPONENT, Math.min(exponent, MAX_EXPONENT))
  const edges = edgesBetween(min, max, bins, scale)
  // Any pivot near the mean will do: the pass finds how far it is off.
  const pivot = Number.isFinite(sum) ? sum / finite : min / 2 + max / 2
  const counting = new Counting(edges, scale, pivot)
  forEachChunk(values, (length) => counting.count(chunk, length))
  const { counts, deviation, squares } = counting
  const off = deviation / finite
  const mean = Math.min(Math.max(pivot + off / scale, min), max)
  const variance = Math.max(squares / finite - off * off, 0)
  const std = Math.min(Math.sqrt(variance) / scale, Number.MAX_VALUE)
  return { edges: Array.from(edges), counts: Array.from(counts), min, max, mean, std, ...ends }
}

function forEachChunk(values: NumberArray, visit: (length: number) => void): void {
  for (let at = 0; at < values.length; at += CHUNK) {
    const part = values.subarray(at, at + CHUNK)
    chunk.set(part)
    visit(part.length)
  }
}

function extentOf(values: NumberArray): Extent {
  const extent = { min: Number.POSITIVE_INFINITY, max: Number.NEGATIVE_INFINITY, sum: 0, nan: 0, infinite: 0 }
  forEachChunk(values, (length) => extend(extent, chunk, length))
  return extent
}

/** The sum of each chunk begins anew, which keeps its rounding errors small. */
function extend(extent: Extent, values: Float64Array, length: number): void {
  let { min, max } = extent
  let sum = 0
  for (let i = 0; i < length; i++) {
    const value = values[i]!
    if (value - value === 0) {
      if (value < min) min = value
      if (value > max) max = value
      sum += value
    } else if (Number.isNaN(value)) extent.nan++
    else extent.infinite++
  }
  extent.min = min
  extent.max = max
  extent.sum += sum
}

/** Far from zero, half to each side is less than the distance of doubles. */
function around(value: number): number[] {
  const half = Math.max(0.5, Math.abs(value) * 2 * Number.EPSILON)
  return [Math.max(value - half, -Number.MAX_VALUE), Math.min(value + half, Number.MAX_VALUE)]
}

function edgesBetween(min: number, max: number, bins: number, scale: number): Float64Array {
  const edges = new Float64Array(bins + 1)
  const width = (max * scale - min * scale) / bins
  edges[0] = min
  for (let i = 1; i < bins; i++) edges[i] = (min * scale + i * width) / scale
  edges[bins] = max
  for (let i = 0; i < bins; i++) {
    if (edges[i]! >= edges[i + 1]!) return edgesBetween(min, max, bins >> 1, scale)
  }
  return edges
}

/** The second pass. Lengths are in units of `1 / scale`. */
class Counting {
  readonly counts: Float64Array
  /** Of the values from the pivot: the sum, and the sum of the squares. */
  deviation = 0
  squares = 0
  readonly #edges: Float64Array
  readonly #scale: number
  readonly #pivot: number

  constructor(edges: Float64Array, scale: number, pivot: number) {
    this.counts = new Float64Array(edges.length - 1)
    this.#edges = edges
    this.#scale = scale
    this.#pivot = pivot * scale
  }

  count(values: Float64Array, length: number): void {
    const { counts } = this
    const edges = this.#edges
    const scale = this.#scale
    const pivot = this.#pivot
    const last = counts.length - 1
    const low = edges[0]! * scale
    const bucketsPerUnit = counts.length / (edges[last + 1]! * scale - low)
    let deviation = 0
    let squares = 0
    for (let i = 0; i < length; i++) {
      const value = values[i]!
      if (value - value !== 0) continue
      const scaled = value * scale
      let bucket = Math.min(((scaled - low) * bucketsPerUnit) | 0, last)
      // Rounding may be off by one: the edges decide.
      while (value < edges[bucket]!) bucket--
      while (bucket < last && value >= edges[bucket + 1]!) bucket++
      counts[bucket]!++
      const distance = scaled - pivot
      deviation += distance
      squares += distance * distance
    }
    this.deviation += deviation
    this.squares += squares
  }
}
