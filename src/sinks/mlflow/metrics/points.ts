import type { RecordBatch } from '../../../record/batch.js'
import type { Names } from '../names.js'

/** Steps that are no whole numbers are recorded under this name, beside the point. */
export const STEP_NAME = 'offstep/step'

/** One value of a metric, as MLflow takes it. */
export interface Point {
  /** The same in every attempt: which value of which row it is. */
  readonly id: string
  /** The row of the batch. */
  readonly row: number
  readonly name: string
  readonly value: number
  /** The value as JSON, NaN and infinities as protobuf has them. */
  readonly json: string
  /** Whole milliseconds since the epoch, of the log call. */
  readonly timestamp: number
  readonly step: number
}

/** The points of the rows of a batch, in their order. Media records have none. */
export function pointsOf(batch: RecordBatch, names: Names): Point[] {
  const { keys, values, offsets, names: given } = batch
  const texts = batch.texts()
  const points: Point[] = []
  for (let row = 0; row < batch.count; row++) {
    if (batch.media.has(row)) continue
    const at = placeOf(batch, row)
    for (let slot = offsets[row]!; slot < offsets[row + 1]!; slot++) {
      const name = names.of(given[keys[slot]!]!)
      const value = values[slot]!
      points.push({
        ...at,
        id: `${at.id}:${slot - offsets[row]!}`,
        name,
        value,
        json: jsonOf(value, texts[slot]!),
      })
    }
    const step = batch.steps[row]!
    if (step !== at.step) points.push(madePoint(at, STEP_NAME, step))
  }
  return points
}

type Place = Pick<Point, 'id' | 'row' | 'timestamp' | 'step'>

export function placeOf({ producers, sequences, steps, times }: RecordBatch, row: number): Place {
  return {
    id: `${producers[row]}:${sequences[row]}`,
    row,
    timestamp: Math.max(0, Math.round(times[row]!)),
    step: wholeStep(steps[row]!),
  }
}

export const madePoint = (at: Place, name: string, value: number): Point => ({
  ...at,
  id: `${at.id}:${name}`,
  name,
  value,
  json: jsonOf(value, `${value}`),
})

/** MLflow's steps are 64-bit integers; beyond 2 ** 53 a double has no fractions to tell them apart by. */
function wholeStep(step: number): number {
  const floor = Math.floor(step)
  return Math.min(Number.MAX_SAFE_INTEGER, Math.max(Number.MIN_SAFE_INTEGER, floor)) + 0
}

const jsonOf = (value: number, text: string): string => (Number.isFinite(value) ? text : `"${value}"`)
