import type { CheckpointInfo } from '../checkpoint/types.js'
import { countersOf } from '../ring/account.js'
import { DROP, type DropCause, F64 } from '../ring/layout.js'

/** Where a resumed run goes on. */
export interface ResumedFrom {
  /** Of the last row that counts; rows with a later one are superseded. Null: there is none, the run begins anew. */
  readonly step: number | null
  /** The checkpoint to load: null where there is none, or none was asked for. */
  readonly checkpoint: CheckpointInfo | null
  /** How often the run has been resumed, this time included. */
  readonly attempt: number
}

/** What one thread of the earlier processes has left in the journal: its successor counts on from there. */
export interface ResumedProducer {
  readonly id: number
  readonly name: string
  /** Rows in the journal: the sequence number of the next one. */
  readonly next: number
  /** Rows that were dropped, by cause. */
  readonly dropped: { readonly [cause: string]: number }
  readonly keys: readonly (readonly [name: string, key: number])[]
}

/** A run that another process has begun, for a `LiveRun` that goes on with it; attempt 0: it has only the directory. */
export interface ResumedRun extends ResumedFrom {
  readonly id: string
  /** Absolute. */
  readonly dir: string
  /** Of the lock that is held already. */
  readonly nonce: string
  /** Of the first process. */
  readonly startTime: number
  /** How long the run has lasted so far. */
  readonly durationMs: number
  /** What is superseded: rows with a later step, or all; null where nothing is. */
  readonly rewoundTo: number | 'start' | null
  /** A sentence for each checkpoint that was passed over since it is not good. */
  readonly problems: readonly string[]
  /** The one with id 0 first. */
  readonly producers: readonly ResumedProducer[]
}

/** Has a new ring count on from what the journal holds. */
export function continueRing(ring: SharedArrayBuffer, { next, dropped }: ResumedProducer): void {
  const counters = countersOf(ring)
  for (const index of [F64.PUBLISHED, F64.JOURNALED, F64.SYNCED]) counters[index] = next
  for (const [cause, count] of Object.entries(dropped)) {
    const index = DROP[cause as DropCause]
    if (index !== undefined) counters[index] = count
  }
}

/** As `continueRing()`, for the ring of media: what it has got was posted, and is done. */
export function continueMediaRing(ring: SharedArrayBuffer, producer: ResumedProducer): void {
  continueRing(ring, producer)
  const counters = countersOf(ring)
  const posted = Object.values(producer.dropped).reduce((sum, count) => sum + count, producer.next)
  counters[F64.MEDIA_POSTED] = posted
  counters[F64.MEDIA_DONE] = posted
}
