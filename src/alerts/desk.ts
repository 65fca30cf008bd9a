import { BroadcastChannel, receiveMessageOnPort } from 'node:worker_threads'
import type { MediaRecord } from '../record/media.js'
import { plural } from '../text/text.js'
import { type AlertMessage, KnownAlerts } from './channel.js'
import type { FiredAlert } from './types.js'

export interface AlertDeskSetup {
  readonly channel: string
  /** One line in the run's logs, once for each kind. */
  readonly warn: (kind: string, message: string) => void
  readonly print: (message: string) => void
  /** Makes a record of the run; false where that cannot be now. */
  readonly record: (record: MediaRecord, step: number, time: number) => boolean
}

/** One line for people. */
export const alertLine = ({ level, title, text }: FiredAlert): string =>
  `ALERT (${level}) ${title}${text === '' ? '' : `: ${text.replace(/\s+/g, ' ')}`}`

/**
 * What the daemon does about the alerts of its run: log, print, and record them, so that the sinks that know alerts
 * (W&B) get them from the journal. Runs on the daemon's thread; does no I/O but the log's.
 */
export class AlertDesk {
  readonly #setup: AlertDeskSetup
  readonly #channel: BroadcastChannel
  readonly #told = new KnownAlerts()
  readonly #recorded = new KnownAlerts()
  /** Titles by id: there was no room for the record when it was last tried. */
  readonly #unrecorded = new Map<string, string>()

  constructor(setup: AlertDeskSetup) {
    this.#setup = setup
    this.#channel = new BroadcastChannel(setup.channel)
    this.#channel.onmessage = (event) => this.#heed((event as { data: AlertMessage }).data)
    this.#channel.unref()
  }

  /** Heeds what was said until now, and listens no more. */
  end(): void {
    for (;;) {
      const received = receiveMessageOnPort(this.#channel as never)
      if (received === undefined) break
      this.#heed(received.message as AlertMessage)
    }
    this.#channel.close()
    const left = [...this.#unrecorded.values()]
    if (left.length === 0) return
    const message = `The run ended too soon to record ${plural(left.length, 'alert')} (the last: "${left.at(-1)}"): sinks that know alerts, such as W&B, do not get what is missing.`
    this.#setup.warn('alerts-unrecorded', message)
  }

  #heed(message: AlertMessage): void {
    if (message.type === 'end') return
    const { alert, told, terminal, record } = message
    if (!told && !this.#told.has(alert.id)) {
      this.#told.add(alert.id)
      const line = alertLine(alert)
      this.#setup.warn(`alert/${alert.id}`, line)
      if (terminal) this.#setup.print(line)
    }
    if (record === null || this.#recorded.has(alert.id)) return
    const { id, title, text, level, step, time } = alert
    const value = { title, text, level, waitMs: record.waitMs, rule: { index: record.rule, id } }
    const whole: MediaRecord = { kind: 'alert', name: 'alert', producer: 0, value }
    this.#unrecorded.set(id, title)
    if (!this.#setup.record(whole, step ?? 0, time)) return
    this.#unrecorded.delete(id)
    this.#recorded.add(id)
  }
}
