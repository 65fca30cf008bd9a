import { join } from 'node:path'
import { listSegments } from '../../journal/files.js'
import { FIRST_PLACE } from '../../journal/position.js'
import { JournalReader } from '../../journal/reader.js'
import { mediaValue } from '../../media/value.js'
import type { SystemPoint } from '../../plots/data/journal-events.js'
import type { MediaRecord } from '../../record/media.js'
import { placeOfSegment } from '../../store/runs/row-tail.js'

/** Enough for the widest line. */
const MAX_SAMPLES = 200

/** What the machine did, by the last segment of the journal and what has come since. Blocks for file calls. */
export class SystemTail {
  readonly #dir: string
  readonly #samples: SystemPoint[] = []
  #reader: JournalReader | null = null

  constructor(runDir: string) {
    this.#dir = runDir
  }

  /** Samples until now. */
  read(): readonly SystemPoint[] {
    this.#reader ??= this.#begin()
    for (let batch = this.#reader.read(); batch !== null; batch = this.#reader.read()) {
      for (const [row, record] of batch.media) this.#add(record, batch.times[row]!)
    }
    this.#samples.splice(0, this.#samples.length - MAX_SAMPLES)
    return this.#samples
  }

  close(): void {
    this.#reader?.close()
    this.#reader = null
  }

  #begin(): JournalReader {
    const journal = join(this.#dir, 'journal')
    const segments = listSegments(journal)
    const place = segments.length > 1 ? placeOfSegment(journal, segments.at(-1)!) : null
    return new JournalReader(journal, place ?? FIRST_PLACE)
  }

  #add(record: MediaRecord, time: number): void {
    if (record.kind !== 'system') return
    try {
      this.#samples.push({ time, values: mediaValue(this.#dir, record).values })
    } catch {
      // Its file is gone or is not JSON: that costs the sample, and `offstep verify` says which.
    }
  }
}
