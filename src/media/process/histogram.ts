import type { HistogramValue } from '../../record/media.js'
import { MediaError, type MediaInputs, type NumberArray, type ProcessedMedia } from '../request.js'
import { numbers, requireCount, requireNumbers } from './checks.js'
import { countHistogram } from './histogram-count.js'

/** As many as TensorBoard's own writers make. */
const DEFAULT_BINS = 30
const MAX_BINS = 10_000

/** Counts values into buckets, or checks buckets that were counted by the caller. */
export function processHistogram(input: MediaInputs['histogram']): ProcessedMedia<'histogram'> {
  if ('edges' in input || 'counts' in input) return { value: countedByCaller(input) }
  const values = requireNumbers(input.values, 'the values')
  const bins = input.bins === undefined ? DEFAULT_BINS : requireCount(input.bins, 'bins', 1, MAX_BINS)
  if (values.length === 0) throw new MediaError('it has no values: give at least one number')
  const value = countHistogram(values, bins)
  if (value.finite > 0) return { value }
  throw new MediaError(
    `none of its ${numbers(values)} is finite (${value.nan} NaN, ${value.infinite} infinite): give at least one finite number`,
  )
}

function countedByCaller(input: { readonly edges?: unknown; readonly counts?: unknown }): HistogramValue {
  const edges = requireNumbers(input.edges, 'the edges')
  const counts = requireNumbers(input.counts, 'the counts')
  if (counts.length === 0)
    throw new MediaError('it has no buckets: give at least one count, between two edges')
  if (edges.length !== counts.length + 1) {
    throw new MediaError(
      `the edges are ${numbers(edges)} and the counts ${numbers(counts)}: give one edge more than counts`,
    )
  }
  if (counts.length > MAX_BINS) {
    throw new MediaError(`it has ${counts.length} buckets: give at most ${MAX_BINS}`)
  }
  checkEdges(edges)
  const finite = sumOf(counts)
  const unknown = { min: null, max: null, mean: null, std: null, nan: 0, infinite: 0 }
  return { edges: Array.from(edges), counts: Array.from(counts), finite, ...unknown }
}

function checkEdges(edges: NumberArray): void {
  for (let i = 0; i < edges.length; i++) {
    if (!Number.isFinite(edges[i])) {
      throw new MediaError(`edges[${i}] is ${edges[i]}: give finite edges`)
    }
    if (i > 0 && edges[i]! <= edges[i - 1]!) {
      throw new MediaError(`edges[${i}] is ${edges[i]}, after ${edges[i - 1]}: give edges in ascending order`)
    }
  }
}

function sumOf(counts: NumberArray): number {
  let sum = 0
  for (let i = 0; i < counts.length; i++) {
    const count = counts[i]!
    if (!(count >= 0 && Number.isFinite(count))) {
      throw new MediaError(`counts[${i}] is ${count}: give finite counts from 0 up`)
    }
    sum += count
  }
  if (!Number.isFinite(sum)) throw new MediaError('the counts add up to infinity: give smaller counts')
  return sum
}
