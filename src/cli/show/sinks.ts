import { join } from 'node:path'
import { readCursor } from '../../delivery/cursor.js'
import { bytesBefore, journalBytes } from '../../journal/size.js'
import type { StoredRun } from '../../store/runs/stored-run.js'

/** How far a destination has come. */
export interface SinkProgress {
  readonly name: string
  readonly delivered: number
  readonly deadLettered: number
  /** Rows that it has no way to hold. */
  readonly notApplicable: number
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
    const { place, counts, lastError } = readCursor(dir, name)
    const pendingBytes =
      file.delivered === true ? 0 : Math.max(0, bytes - bytesBefore(journal, place.position))
    return { name, ...counts, pendingBytes, error: lastError }
  })
}
