import type { UpdateRecord } from '../../../record/media.js'
import type { StateKind } from '../run/updates.js'

/** Updates that are neither in a line nor in the state: `console`, `system`, `alert`, `file` and `artifact`. */
export type OtherRecord = Exclude<UpdateRecord, { readonly kind: StateKind | 'resume' | 'checkpoint' }>

/** What a sink sends by itself. */
export interface OtherRow {
  /** In its batch. */
  readonly row: number
  readonly record: OtherRecord
  readonly step: number
  /** Of the call, in milliseconds since the epoch. */
  readonly time: number
}
