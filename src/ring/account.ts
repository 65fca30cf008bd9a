import { MEDIA_PRODUCER } from '../record/media.js'
import { DROP_CAUSES, F64, HEADER_BYTES, I32 } from './layout.js'

/** What became of the rows of a run's producers. A row is a log call. */
export interface RingAccount {
  /** Log calls. Always `journaled + inRing + dropped.total`. */
  readonly accepted: number
  /** In the journal file: kill -9 cannot lose them. */
  readonly journaled: number
  /** On the disk: a power cut cannot lose them. */
  readonly synced: number
  /** On their way to the journal: in shared memory, waiting for a tensor, or (media) being worked up. */
  readonly inRing: number
  /** Not kept, by cause: see `DROP_CAUSES`. */
  readonly dropped: { readonly total: number; readonly [cause: string]: number }
  /** Values, not rows: null and undefined are skipped; what is no number, or has a bad name, is refused. */
  readonly values: { readonly skipped: number; readonly refused: number }
}

/** The counters of one ring, seen by any thread. */
export const countersOf = (ring: SharedArrayBuffer): Float64Array =>
  new Float64Array(ring, 0, HEADER_BYTES / 8)

/** The ring through which the daemon puts media records. What was logged is what was posted to the daemon. */
export const isMediaRing = (ring: SharedArrayBuffer): boolean =>
  new Int32Array(ring, 0, HEADER_BYTES / 4)[I32.PRODUCER] === MEDIA_PRODUCER

/** Rows that one ring's writer had to drop, of all causes. */
export function droppedOf(counters: Float64Array): number {
  let dropped = 0
  for (let cause = 0; cause < DROP_CAUSES.length; cause++) dropped += counters[F64.DROPPED + cause]!
  return dropped
}

/**
 * Adds up the counters of rings that other threads may be changing. Each is read before those that it cannot
 * overtake (synced, then journaled and dropped, then published and posted), so that no difference is ever negative.
 */
export function readAccount(rings: readonly SharedArrayBuffer[]): RingAccount {
  const counters = rings.map(countersOf)
  const sum = (index: number): number => counters.reduce((total, of) => total + of[index]!, 0)
  const synced = sum(F64.SYNCED)
  const journaled = sum(F64.JOURNALED)
  const dropped: { total: number; [cause: string]: number } = { total: 0 }
  let droppedMedia = 0
  for (const [ring, of] of counters.entries()) {
    for (const [index, cause] of DROP_CAUSES.entries()) {
      const count = of[F64.DROPPED + index]!
      if (count === 0) continue
      dropped[cause] = (dropped[cause] ?? 0) + count
      dropped.total += count
      if (isMediaRing(rings[ring]!)) droppedMedia += count
    }
  }
  let published = sum(F64.MEDIA_POSTED) - droppedMedia
  for (const [ring, of] of counters.entries()) if (!isMediaRing(rings[ring]!)) published += of[F64.PUBLISHED]!
  const inRing = published + sum(F64.READING) - journaled
  const values = { skipped: sum(F64.SKIPPED_VALUES), refused: sum(F64.REFUSED_VALUES) }
  return { accepted: journaled + inRing + dropped.total, journaled, synced, inRing, dropped, values }
}
