export interface HistogramCounts {
  readonly counts: readonly number[]
  readonly edges: readonly number[]
}

const BUCKETS = 30

/** As a training script counts its weights by hand: 30 buckets of equal width from the least to the greatest value. */
export function countHistogram(values: Float32Array): HistogramCounts {
  let least = Number.POSITIVE_INFINITY
  let greatest = Number.NEGATIVE_INFINITY
  for (const value of values) {
    if (value < least) least = value
    if (value > greatest) greatest = value
  }
  const width = (greatest - least) / BUCKETS || 1
  const counts = new Array<number>(BUCKETS).fill(0)
  for (const value of values) counts[Math.min(BUCKETS - 1, Math.floor((value - least) / width))]! += 1
  return { counts, edges: Array.from({ length: BUCKETS + 1 }, (_, i) => least + i * width) }
}
