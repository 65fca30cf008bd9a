import { join } from 'node:path'
import { readCursor } from '../../delivery/cursor.js'
import { JOURNAL_START } from '../../journal/position.js'
import { bytesBefore, journalBytes } from '../../journal/size.js'
import { knowsRewinds } from '../../store/runs/rewound.js'
import type { StoredRun } from '../../store/runs/stored-run.js'

/** How far a destination has come. */
export interface SinkProgress {
  readonly name: string
  readonly delivered: number
  readonly deadLettered: number
  /** Rows that it has no way to hold, and rows that are superseded. */
  readonly notApplicable: number
  /** The run went back to an earlier step, and the sink has not heard of it: it may hold rows that count no more. */
  readonly superseded: boolean
  /** Bytes of the journal that it has not got. */
  readonly pendingBytes: number
  /** Of the last attempt, where it failed and none has gone through since. */
  readonly error: string | null
}

/** By the cursors: some file calls for each. */
export function sinksOf({ dir, file }: StoredRun): SinkProgress[] {
  const journal = join(dir, 'journal')
  const bytes = journalBytes(journal)
  return (file.sinks ?? []).map(({ name }) => {
    const cursor = readCursor(dir, name)
    const { place, counts, lastError } = cursor
    const pendingBytes =
      file.delivered === true ? 0 : Math.max(0, bytes - bytesBefore(journal, place.position))
    const superseded = place.position > JOURNAL_START && !knowsRewinds(dir, cursor)
    return { name, ...counts, superseded, pendingBytes, error: lastError }
  })
}
