import path from 'node:path'
import { readRewinds } from '../journal/rewinds.js'
import { SinkError } from '../sinks/errors.js'
import type { Sink } from '../sinks/sink.js'
import { type Cursor, firstCursor } from './cursor.js'

/** So often in a row a sink may begin again without coming further than it was before. */
export const MAX_REBUILDS = 3

/** Where a sink goes on that has asked to begin again, and the error that its caller gets. */
export interface Rebuild {
  readonly cursor: Cursor
  readonly error: unknown
}

/**
 * Back to the first record. A sink that asks for it again and again, and never comes further, would write the
 * same rows for ever: it is paused, and may try again when a person has looked (in the next session).
 */
export function rebuild(cursor: Cursor, error: unknown, message: string): Rebuild {
  const { sink, attempts, place, rebuilds } = cursor
  const again = rebuilds !== undefined && place.position <= rebuilds.position
  const count = again ? rebuilds.count + 1 : 1
  const first = { ...firstCursor(sink), attempts: attempts + 1, rewinds: cursor.rewinds }
  if (count <= MAX_REBUILDS) {
    const position = again ? rebuilds.position : place.position
    return { cursor: { ...first, lastError: message, rebuilds: { count, position } }, error }
  }
  const lastError = `it began again ${MAX_REBUILDS} times and came no further: ${message}`
  return {
    cursor: { ...first, lastError },
    error: new SinkError('pause', 'REBUILD_LOOP', lastError, { cause: error }),
  }
}

/**
 * The cursor of a sink, once it knows of all rewinds of the journal: a destination that may hold rows which are
 * superseded since begins again, unless it knows what to do itself.
 */
export function afterRewinds(cursor: Cursor, runDir: string, { afterRewind = 'rebuild' }: Sink): Cursor {
  const rewinds = readRewinds(path.join(runDir, 'journal')).length
  if (rewinds === (cursor.rewinds ?? 0)) return cursor
  const { sink, attempts, lastError } = cursor
  return afterRewind === 'continue'
    ? { ...cursor, rewinds }
    : { ...firstCursor(sink), attempts, lastError, rewinds }
}
