import { checkedValue, MediaFileError } from '../../media/checked-file.js'
import type { RecordBatch } from '../../record/batch.js'
import type { JsonObject } from '../../record/json.js'
import type { RejectedRow } from '../sink.js'

/** What `run.updateSummary()` has set, by name. Plain JSON. */
export interface SetValues {
  readonly values: JsonObject
  /** Updates whose file is gone. */
  readonly rejected: readonly RejectedRow[]
}

/** Blocks where an update is long, and in a file. */
export function setValues(before: JsonObject, { media }: RecordBatch, runDir: string): SetValues {
  let values = before
  const rejected: RejectedRow[] = []
  for (const [row, record] of media) {
    if (record.kind !== 'summary') continue
    try {
      const update = checkedValue(runDir, record)
      const kept = Object.entries({ ...values, ...update.values })
      values = Object.fromEntries(kept.filter(([name]) => !update.removed.includes(name)))
    } catch (error) {
      if (!(error instanceof MediaFileError)) throw error
      rejected.push({ row, cause: 'media-file', reason: error.message })
    }
  }
  return { values, rejected }
}
