import { RecordBatch } from '../../../../record/batch.js'
import { isUpdateRecord } from '../../../../record/media.js'

/** A loop that counts its steps begins with one of these. */
const LARGEST_FIRST_STEP = 1

/**
 * A resumed run whose own steps begin anew is moved behind the steps that are there: by how much. Its first row
 * decides; null where there is none yet. `lastStep`: the newest `_step` at W&B, -1 where there is none.
 */
export function stepShiftOf(batch: RecordBatch, lastStep: number): number | null {
  if (lastStep < 0) return 0
  for (let row = 0; row < batch.count; row++) {
    const record = batch.media.get(row)
    if (record !== undefined && isUpdateRecord(record)) continue
    const first = batch.steps[row]!
    const anew = first >= 0 && first <= LARGEST_FIRST_STEP && first <= lastStep
    return anew ? lastStep + 1 - Math.floor(first) : 0
  }
  return null
}

/** The same rows at steps that are so much larger. */
export function shifted(batch: RecordBatch, shift: number | null): RecordBatch {
  if (!shift) return batch
  return new RecordBatch({ ...columnsOf(batch), steps: batch.steps.map((step) => step + shift) })
}

function columnsOf(batch: RecordBatch) {
  const { count, producers, sequences, times, offsets, keys, values, names, integers, media } = batch
  return { count, producers, sequences, times, offsets, keys, values, names, integers, media }
}
