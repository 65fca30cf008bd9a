import type { FiredAlert } from '../../../alerts/types.js'

/** What a message says of the run. */
export interface AlertedRun {
  readonly id: string
  readonly name: string
  readonly project: string
}

/** Brings alerts to one target. */
export interface AlertSender {
  /**
   * Resolves when the target has the alert. Throws a SinkError: `reject` where it will never take this one. No message
   * holds a secret.
   */
  send(alert: FiredAlert, run: AlertedRun, signal: AbortSignal): Promise<void>
  /** Lets go of its connections. */
  close(): Promise<void>
}
