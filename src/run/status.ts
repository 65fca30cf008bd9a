import type { Control } from '../ring/control.js'
import { DROP_CAUSES, F64, HEADER_BYTES } from '../ring/layout.js'
import type { SinkStateName } from '../ring/sink-slot.js'

/** What became of the records of a run; the unit is the record: one log call, one row. */
export interface RunStatusReport {
  /** Log calls. Always `journaled + inRing + dropped.total`. */
  readonly accepted: number
  /** In the journal file: kill -9 cannot lose them. */
  readonly journaled: number
  /** On the disk: a power cut cannot lose them. */
  readonly synced: number
  /** On their way to the journal: in shared memory, or waiting for a tensor. */
  readonly inRing: number
  /** Not kept, by cause. See `DROP_CAUSES`. */
  readonly dropped: { readonly total: number; readonly [cause: string]: number }
  /** Values, not records: null and undefined are skipped; no numbers, and bad names, are refused. */
  readonly values: { readonly skipped: number; readonly refused: number }
  readonly sinks: { readonly [name: string]: SinkStatus }
}

/** Always `journaled = delivered + pending + deadLettered + notApplicable`. */
export interface SinkStatus {
  readonly state: SinkStateName
  readonly delivered: number
  readonly pending: number
  readonly deadLettered: number
  readonly notApplicable: number
  /** Failed attempts since the last success. */
  readonly attempts: number
  readonly lastError: string | null
}

/**
 * Reads the counters of a run from shared memory. Never blocks. Each counter is read before those that it
 * cannot overtake (delivered, then journaled, then accepted), so that no difference is ever negative.
 */
export function readStatus(
  control: Control,
  rings: readonly SharedArrayBuffer[],
  sinkNames: readonly string[],
): RunStatusReport {
  const slots = sinkNames.map((_, index) => {
    const slot = control.sink(index)
    return { ...slot.counts, state: slot.state, attempts: slot.attempts, lastError: slot.lastError }
  })
  const counters = rings.map((ring) => new Float64Array(ring, 0, HEADER_BYTES / 8))
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
  const sinks: Record<string, SinkStatus> = {}
  for (const [index, { delivered, deadLettered, notApplicable, ...rest }] of slots.entries()) {
    const pending = journaled - delivered - deadLettered - notApplicable
    sinks[sinkNames[index]!] = { ...rest, delivered, pending, deadLettered, notApplicable }
  }
  return {
    accepted: journaled + inRing + dropped.total,
    journaled,
    synced,
    inRing,
    dropped,
    values: { skipped: sum(F64.SKIPPED_VALUES), refused: sum(F64.REFUSED_VALUES) },
    sinks,
  }
}
