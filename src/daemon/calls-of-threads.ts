import { MEDIA_PRODUCER } from '../record/media.js'
import { countersOf } from '../ring/account.js'
import { F64 } from '../ring/layout.js'
import type { NamedRing } from './messages.js'

/** Calls that threads of the user have made: rows that are in the journal, and media. Not the daemon's own records. */
export function callsOfThreads(rings: readonly NamedRing[]): number {
  let calls = 0
  for (const { id, ring } of rings) {
    if (id === MEDIA_PRODUCER) continue
    const counters = countersOf(ring)
    calls += counters[F64.JOURNALED]! + counters[F64.MEDIA_POSTED]!
  }
  return calls
}
