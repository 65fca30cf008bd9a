import { join } from 'node:path'
import { FIRST_PLACE, JOURNAL_START, offsetOf } from '../../journal/position.js'
import { JournalReader } from '../../journal/reader.js'
import { type Axis, downSample } from './down-sample.js'
import type { Pyramid, SeriesPoint } from './pyramid.js'
import type { SeriesIndex } from './series-index.js'
import type { MetricKey } from './series-table.js'

export interface SeriesRange {
  /** What `from` and `to` count, and what is spread evenly where points are left out. Default `step`. */
  readonly by?: Axis
  /** The lowest step, or time in milliseconds since the epoch, that is wanted. */
  readonly from?: number
  readonly to?: number
  /** At most about so many points, every dip and spike among them; without it, all of them. */
  readonly points?: number
}

export interface Series extends MetricKey {
  readonly points: readonly SeriesPoint[]
  /** All points of the range are here. */
  readonly exact: boolean
}

/**
 * Points of one metric, in the order in which they were logged; null where the run has no such metric. Blocks: as long as
 * reading the journal takes where all points of a long series are asked for, else for some milliseconds.
 */
export function readSeries(
  runDir: string,
  index: SeriesIndex,
  { producer, name }: MetricKey,
  range: SeriesRange = {},
): Series | null {
  const pyramid = index.pyramid(producer, name)
  if (pyramid === null) return null
  const { by = 'step', points } = range
  const kept = [...keptPoints(pyramid)].filter((point) => isIn(point, range))
  const enough = pyramid.span === 1 || (points !== undefined && kept.length >= points)
  const found = enough ? kept : exactPoints(runDir, pyramid, { producer, name }, range)
  const shown = points === undefined ? found : downSample(found, points, by)
  const exact = shown.length === found.length && (!enough || pyramid.span === 1)
  return { producer, name, points: shown, exact }
}

const isIn = (point: SeriesPoint, { by = 'step', from, to }: SeriesRange): boolean =>
  !(from !== undefined && point[by] < from) && !(to !== undefined && point[by] > to)

function* keptPoints(pyramid: Pyramid): Generator<SeriesPoint> {
  for (let entry = 0; entry < pyramid.entries; entry++) yield* pyramid.pointsOf(entry)
}

/** From the journal, which is read from the first to the last entry that may have points of the range. */
function exactPoints(
  runDir: string,
  pyramid: Pyramid,
  { producer, name }: MetricKey,
  range: SeriesRange,
): SeriesPoint[] {
  const { start, end } = placesOf(pyramid, range)
  const found: SeriesPoint[] = []
  const place = offsetOf(start) === 0 ? FIRST_PLACE : { position: start, next: {} }
  const reader = new JournalReader(join(runDir, 'journal'), place)
  try {
    for (let batch = reader.read(); batch !== null; batch = reader.read()) {
      const key = batch.names.indexOf(name)
      for (let row = 0; key >= 0 && row < batch.count; row++) {
        if (batch.producers[row] !== producer) continue
        for (let slot = batch.offsets[row]!; slot < batch.offsets[row + 1]!; slot++) {
          if (batch.keys[slot] !== key) continue
          const point = { step: batch.steps[row]!, time: batch.times[row]!, value: batch.values[slot]! }
          if (isIn(point, range)) found.push(point)
        }
      }
      if (reader.position > end) break
    }
  } finally {
    reader.close()
  }
  return found
}

/** All of the journal where steps go back, since nobody can say then what an entry holds. */
function placesOf(pyramid: Pyramid, { by = 'step', from, to }: SeriesRange): { start: number; end: number } {
  let start = JOURNAL_START
  let end = Number.POSITIVE_INFINITY
  let last = Number.NEGATIVE_INFINITY
  for (let entry = 0; entry < pyramid.entries; entry++) {
    for (const point of pyramid.pointsOf(entry)) {
      if (point[by] < last) return { start: JOURNAL_START, end: Number.POSITIVE_INFINITY }
      last = point[by]
    }
    const [first] = pyramid.pointsOf(entry)
    if (from !== undefined && first![by] < from) start = pyramid.positionOf(entry)
    if (to !== undefined && first![by] > to && end === Number.POSITIVE_INFINITY)
      end = pyramid.positionOf(entry)
  }
  return { start, end }
}
