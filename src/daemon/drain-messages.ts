import type { MessagePort } from 'node:worker_threads'

/** The drain's one task. `rings`: of the producers that exist so far; more come through `mailbox`. */
export interface DrainTask {
  readonly control: SharedArrayBuffer
  readonly rings: readonly SharedArrayBuffer[]
  readonly mailbox: MessagePort
  readonly runDir: string
  readonly runId: string
  readonly segmentBytes: number
  readonly syncIntervalMs: number
  /** `disk.minFreeBytes`. */
  readonly minFreeBytes: number
  /** The drain before this one could not write: the first success is to be told. */
  readonly failing: boolean
}

/** What the drain tells the daemon through its mailbox: each change of what is wrong, and when all is well. */
export interface DrainReport {
  readonly kind: 'error' | 'recovered'
  /** An errno, or another word for what is wrong. */
  readonly code: string
  readonly message: string
}

export const RECOVERED: DrainReport = {
  kind: 'recovered',
  code: 'OK',
  message: 'The journal can be written again.',
}
