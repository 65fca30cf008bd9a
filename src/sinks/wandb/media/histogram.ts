import type { HistogramValue } from '../../../record/media.js'

/** W&B shows no more. */
const MAX_BINS = 512

/** Counts and edges as W&B has them. Neighbours are one bucket where there are too many. */
export function histogramJson({ counts, edges }: HistogramValue): string {
  const width = Math.max(1, Math.ceil(counts.length / MAX_BINS))
  const values: number[] = []
  const bins = edges.slice(0, 1)
  for (let from = 0; from < counts.length; from += width) {
    const to = Math.min(from + width, counts.length)
    values.push(counts.slice(from, to).reduce((sum, count) => sum + count, 0))
    bins.push(edges[to]!)
  }
  return JSON.stringify({ _type: 'histogram', values, bins })
}
