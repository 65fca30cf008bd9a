import { join } from 'node:path'
import { JournalReader } from '../../src/journal/reader.js'
import type { MediaRecord } from '../../src/record/media.js'

/** A media record or an update, and where it stands in the journal. */
export interface FoundMedia {
  readonly sequence: number
  readonly step: number
  readonly time: number
  readonly record: MediaRecord
}

/** All of a run's, in order. */
export function mediaIn(runDir: string): FoundMedia[] {
  const reader = new JournalReader(join(runDir, 'journal'))
  const found: FoundMedia[] = []
  for (let batch = reader.read(); batch !== null; batch = reader.read()) {
    for (const [row, record] of batch.media) {
      found.push({
        sequence: batch.sequences[row]!,
        step: batch.steps[row]!,
        time: batch.times[row]!,
        record,
      })
    }
  }
  reader.close()
  return found
}
