import type { RecordBatch } from '../../record/batch.js'

/** What is kept of the rows as a whole. Plain JSON. */
export interface RowCounts {
  readonly count: number
  readonly steps: { readonly first: number; readonly last: number; readonly max: number }
  /** Milliseconds since the epoch, of the newest row. */
  readonly lastTime: number
}

export function noRows(startTime: number): RowCounts {
  return { count: 0, steps: { first: 0, last: 0, max: 0 }, lastTime: startTime }
}

export function addRows(rows: RowCounts, batch: RecordBatch): RowCounts {
  if (batch.count === 0) return rows
  const first = rows.count === 0 ? batch.steps[0]! : rows.steps.first
  let max = rows.count === 0 ? first : rows.steps.max
  let lastTime = rows.lastTime
  for (let row = 0; row < batch.count; row++) {
    if (batch.steps[row]! > max) max = batch.steps[row]!
    if (batch.times[row]! > lastTime) lastTime = batch.times[row]!
  }
  return {
    count: rows.count + batch.count,
    steps: { first, last: batch.steps[batch.count - 1]!, max },
    lastTime,
  }
}
