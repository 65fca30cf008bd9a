import { DROP_CAUSES, F64, HEADER_BYTES } from './layout.js'

/** What became of the rows of a run's producers. A row is a log call. */
export interface RingAccount {
  /** Log calls. Always `journaled + inRing + dropped.total`. */
  readonly accepted: number
  /** In the journal file: kill -9 cannot lose them. */
  readonly journaled: number
  /** On the disk: a power cut cannot lose them. */
  readonly synced: number
  /** On their way to the journal: in shared memory, or waiting for a tensor. */
  readonly inRing: number
  /** Not kept, by cause: see `DROP_CAUSES`. */
  readonly dropped: { readonly total: number; readonly [cause: string]: number }
  /** Values, not rows: null and undefined are skipped; what is no number, or has a bad name, is refused. */
  readonly values: { readonly skipped: number; readonly refused: number }
}

/** The counters of one ring, seen by any thread. */
export const countersOf = (ring: SharedArrayBuffer): Float64Array =>
  new Float64Array(ring, 0, HEADER_BYTES / 8)

/**
 * Adds up the counters of rings that other threads may be changing. Each is read before those that it cannot
 * overtake (synced, then journaled, then published), so that no difference is ever negative.
 */
export function readAccount(rings: readonly SharedArrayBuffer[]): RingAccount {
  const counters = rings.map(countersOf)
  const sum = (index: number): number => counters.reduce((total, of) => total + of[index]!, 0)
  const synced = sum(F64.SYNCED)
  const journaled = sum(F64.JOURNALED)
  const inRing = sum(F64.PUBLISHED) + sum(F64.READING) - journaled
  const dropped: { total: number; [cause: string]: number } = { total: 0 }
  for (const [index, cause] of DROP_CAUSES.entries()) {
    const count = sum(F64.DROPPED + index)
    if (count === 0) continue
    dropped[cause] = count
    dropped.total += count
  }
  const values = { skipped: sum(F64.SKIPPED_VALUES), refused: sum(F64.REFUSED_VALUES) }
  return { accepted: journaled + inRing + dropped.total, journaled, synced, inRing, dropped, values }
}
