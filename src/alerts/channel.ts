import type { FiredAlert } from './types.js'

/**
 * What the thread that finds alerts tells the others of a live run, over a BroadcastChannel: the daemon, which logs,
 * prints and records them, and the thread that called `init()`, where `onAlert` is. May be told several times, until
 * the journal has the alert's record: whoever listens knows an alert by its id.
 */
export type AlertMessage =
  | {
      readonly type: 'alert'
      readonly alert: FiredAlert
      /** The process that ended the run in good order has told it: only its record is missing. */
      readonly told: boolean
      /** Print it. */
      readonly terminal: boolean
      /** Make it a record of the run; null where it is one. */
      readonly record: { readonly rule: number; readonly waitMs: number } | null
    }
  /** There are no more. */
  | { readonly type: 'end' }

/** Ids of alerts that were heeded: the oldest are forgotten, since nobody tells of them any more. */
const MAX_KNOWN = 4096

export class KnownAlerts {
  readonly #ids = new Set<string>()

  has(id: string): boolean {
    return this.#ids.has(id)
  }

  add(id: string): void {
    this.#ids.add(id)
    if (this.#ids.size > MAX_KNOWN) this.#ids.delete(this.#ids.values().next().value!)
  }
}
