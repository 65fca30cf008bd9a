import { join } from 'node:path'
import { JournalReader } from '../../../../journal/reader.js'
import { outlivesRewind, type Rewind, Superseded } from '../../../../journal/rewinds.js'
import type { RecordBatch } from '../../../../record/batch.js'

/** Of journal at once: after each, other work of the thread has its turn. */
const READ_BYTES = 256 * 1024

/** A journal of which W&B has rows that do not count any more. */
export interface RewoundJournal {
  /** Absolute path of the run directory. */
  readonly runDir: string
  /** All that there were. */
  readonly rewinds: readonly Rewind[]
  /** So many of them W&B has been told of. */
  readonly known: number
  /** The first row that is still to be delivered. */
  readonly end: { readonly producer: number; readonly sequence: number }
}

export interface Survivors {
  /** Valid until the next ones are asked for. */
  readonly batch: RecordBatch
  /** Behind the first row that W&B may have and that counts no more. */
  readonly isBehind: boolean
}

/**
 * The rows that have been delivered, and count, in order: those before the first row that a rewind which is new to W&B has
 * superseded made the same lines then as they make now. Where that row was there is an empty batch. Blocks while it reads.
 */
export function* survivors({ runDir, rewinds, known, end }: RewoundJournal): Generator<Survivors, void> {
  const before = new Superseded(rewinds.slice(0, known))
  const since = new Superseded(rewinds.slice(known))
  const reader = new JournalReader(join(runDir, 'journal'), undefined, { superseded: true })
  let isBehind = false
  try {
    for (let batch = read(reader); batch !== null; batch = read(reader)) {
      let from = 0
      for (let row = 0; row < batch.count; row++) {
        const isEnd = batch.producers[row] === end.producer && batch.sequences[row]! >= end.sequence
        const isNew = !isEnd && isLeftOut(since, batch, row)
        if (!isEnd && !isNew && !isLeftOut(before, batch, row)) continue
        if (row > from) yield { batch: batch.slice(from, row), isBehind }
        if (isEnd) return
        from = row + 1
        // What an earlier rewind has left out was in no line that this one could change.
        if (isBehind || !isNew || isLeftOut(before, batch, row)) continue
        isBehind = true
        yield { batch: batch.slice(row, row), isBehind }
      }
      if (from < batch.count) yield { batch: batch.slice(from, batch.count), isBehind }
    }
  } finally {
    reader.close()
  }
}

const read = (reader: JournalReader): RecordBatch | null => reader.read({ maxBytes: READ_BYTES })

function isLeftOut(superseded: Superseded, { producers, sequences, steps, media }: RecordBatch, row: number) {
  if (!superseded.has(producers[row]!, sequences[row]!, steps[row]!)) return false
  const record = media.get(row)
  return record === undefined || !outlivesRewind(record)
}
