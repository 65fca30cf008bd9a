import { countersOf, droppedOf, isMediaRing } from '../ring/account.js'
import { F64 } from '../ring/layout.js'

/** What was logged to one ring when a flush began. */
export interface FlushTarget {
  /** `counter`: F64.JOURNALED or F64.SYNCED. */
  reached(counter: number): boolean
  /** How many records of it the journal has in the end. */
  journaled(): number
}

/** A media call may still turn out to be none, and is then dropped: that reaches its target too. */
export function flushTargets(rings: readonly SharedArrayBuffer[]): FlushTarget[] {
  const posted = rings.reduce((sum, ring) => sum + countersOf(ring)[F64.MEDIA_POSTED]!, 0)
  return rings.map((ring) => {
    const counters = countersOf(ring)
    const isMedia = isMediaRing(ring)
    const target = isMedia ? posted : counters[F64.PUBLISHED]!
    const dropped = (): number => (isMedia ? droppedOf(counters) : 0)
    return {
      reached: (counter) => counters[counter]! + dropped() >= target,
      journaled: () => target - dropped(),
    }
  })
}
