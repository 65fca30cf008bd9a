import type { RecordBatch } from '../record/batch.js'
import { SinkError } from '../sinks/errors.js'

/** The rows that the kit has refused where it tests refusals. */
const BAD = { producer: 0, sequence: 11 }

export const isBad = ({ producer, sequence }: { producer: number; sequence: number }): boolean =>
  producer === BAD.producer && sequence === BAD.sequence

/** Throws as a destination that refuses a batch for one row in it. */
export function refuseBadRows(batch: RecordBatch): void {
  for (let row = 0; row < batch.count; row++) {
    if (!isBad({ producer: batch.producers[row]!, sequence: batch.sequences[row]! })) continue
    throw new SinkError('reject', 'BAD_ROW', 'the destination refuses a row')
  }
}
