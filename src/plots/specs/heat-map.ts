import type { HistogramPoint } from '../data/journal-events.js'

const ROWS = 32
const COLUMNS = 64
/** The part of all values that may stand beyond the edges, at either side: far ones would make the rest one row. */
const TAIL = 0.002

export interface HeatCell {
  readonly x: number
  readonly x2: number
  readonly y: number
  readonly y2: number
  /** Part of the column's values in this cell, of the most that any cell has: 0 to 1. */
  readonly share: number
}

/** Histograms, which may all have different edges, as cells over steps and values. Empty cells are left out. */
export function heatCells(histograms: readonly HistogramPoint[]): HeatCell[] {
  const columns = thin(histograms.filter(({ value }) => value.counts.some((count) => count > 0)))
  if (columns.length === 0) return []
  const [low, high] = rangeOf(columns)
  const height = (high - low) / ROWS
  const shares = columns.map(({ value }) => rowShares(value.edges, value.counts, low, height))
  const most = Math.max(...shares.flat())
  return columns.flatMap(({ step }, column) => {
    const [x, x2] = widthOf(columns, column)
    return shares[column]!.flatMap((share, row) =>
      share <= 0
        ? []
        : [{ x, x2, y: low + row * height, y2: low + (row + 1) * height, share: share / most, step }],
    )
  })
}

function thin(histograms: readonly HistogramPoint[]): readonly HistogramPoint[] {
  const every = Math.ceil(histograms.length / COLUMNS)
  return histograms.filter((_, index) => index % every === 0)
}

/** A column goes half the way to its neighbours. */
function widthOf(columns: readonly HistogramPoint[], index: number): readonly [number, number] {
  const { step } = columns[index]!
  const [before, after] = [columns[index - 1]?.step, columns[index + 1]?.step]
  const left = before === undefined ? (after ?? step + 1) - step : step - before
  const right = after === undefined ? left : after - step
  return [step - left / 2, step + right / 2]
}

/** From the lowest to the highest value that is not in the tails. */
function rangeOf(columns: readonly HistogramPoint[]): readonly [number, number] {
  const bounds = columns.map(({ value: { edges, counts } }) => {
    const total = counts.reduce((sum, count) => sum + count, 0)
    let [low, high] = [0, counts.length - 1]
    for (let below = counts[low]!; below <= total * TAIL && low < high; below += counts[low]!) low++
    for (let above = counts[high]!; above <= total * TAIL && high > low; above += counts[high]!) high--
    return [edges[low]!, edges[high + 1]!] as const
  })
  const low = Math.min(...bounds.map(([from]) => from))
  const high = Math.max(...bounds.map(([, to]) => to))
  return high > low ? [low, high] : [low - 0.5, low + 0.5]
}

/** The values of a bucket are taken to be spread evenly in it. */
function rowShares(
  edges: readonly number[],
  counts: readonly number[],
  low: number,
  height: number,
): number[] {
  const shares = new Array<number>(ROWS).fill(0)
  const total = counts.reduce((sum, count) => sum + count, 0)
  for (const [bucket, count] of counts.entries()) {
    const [from, to] = [edges[bucket]!, edges[bucket + 1]!]
    const first = Math.max(0, Math.floor((from - low) / height))
    const last = Math.min(ROWS - 1, Math.floor((to - low) / height))
    for (let row = first; row <= last && count > 0; row++) {
      const inside = Math.min(to, low + (row + 1) * height) - Math.max(from, low + row * height)
      shares[row]! += (count / total) * (to > from ? Math.max(0, inside) / (to - from) : 1)
    }
  }
  return shares
}
