import { type RingAccount, readAccount } from '../ring/account.js'
import type { Control } from '../ring/control.js'
import type { SinkStateName } from '../ring/sink-slot.js'

/** What became of the records of a run; the unit is the record: one log call, one row. */
export interface RunStatusReport extends RingAccount {
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
 * Reads the counters of a run from shared memory. Never blocks. The sinks' are read first: they cannot overtake
 * the journal's.
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
  const account = readAccount(rings)
  const sinks: Record<string, SinkStatus> = {}
  for (const [index, { delivered, deadLettered, notApplicable, ...rest }] of slots.entries()) {
    const pending = account.journaled - delivered - deadLettered - notApplicable
    sinks[sinkNames[index]!] = { ...rest, delivered, pending, deadLettered, notApplicable }
  }
  return { ...account, sinks }
}
