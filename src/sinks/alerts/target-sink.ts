/**
 * One target of alerts that is reached over the network. Its rows are delivered when the alerts in them are: the
 * cursor, the back-off and the dead letters of the journal's delivery are those of the alerts too.
 *
 * A part with several alerts is split until each has one, so that each is committed alone: what a crash between an
 * answer and its commit can repeat is one alert, with the id that it had before.
 */
import { KnownAlerts } from '../../alerts/channel.js'
import type { FiredAlert, ResolvedRule } from '../../alerts/types.js'
import type { RecordBatch } from '../../record/batch.js'
import { SinkError } from '../errors.js'
import { parseOptions } from '../file/parse-options.js'
import type { RejectedRow, RunOutcome, Sink, SinkContext, SinkState, WriteResult } from '../sink.js'
import { AlertFeed } from './alert-feed.js'
import { targetOptions } from './options.js'
import { EndMark, endAlerts } from './run-end.js'
import { createSender } from './send/create-sender.js'
import type { AlertSender } from './send/sender.js'

export const createSink = (): Sink => new AlertTargetSink()

class AlertTargetSink implements Sink {
  /** Alerts that were sent stay sent. */
  readonly afterRewind = 'continue'
  #context!: SinkContext
  #rules: readonly ResolvedRule[] = []
  #name = ''
  #feed!: AlertFeed
  #sender!: AlertSender
  #state: SinkState | null = null
  /** Ids that the target has and the cursor may not: a commit that failed must not repeat them. */
  readonly #sent = new KnownAlerts()

  async open(context: SinkContext, state: SinkState | null): Promise<void> {
    const { rules, target, secrets } = parseOptions('alert target', targetOptions, context.options)
    await this.#sender?.close()
    this.#context = context
    this.#rules = rules
    this.#name = target.name
    this.#feed = new AlertFeed(rules, context)
    this.#state = state
    this.#sender = createSender(target, secrets, process.env)
  }

  async write(batch: RecordBatch): Promise<WriteResult> {
    const { due, rejected: gone, state } = this.#feed.read(batch, this.#state)
    const own = due.filter(({ rule }) => this.#isFor(rule))
    if (own.length > 1 && batch.count > 1) throw new SinkError('split', 'ALERTS', 'one alert at a time')
    const rejected: RejectedRow[] = [...gone]
    for (const { alert, row } of own) {
      const refused = await this.#send(alert)
      if (refused === null || rejected.some((other) => other.row === row)) continue
      rejected.push({ row, cause: refused.code, reason: refused.message })
    }
    this.#state = state
    return { state, rejected }
  }

  async close(outcome: RunOutcome): Promise<void> {
    try {
      if (outcome.status !== 'running') await this.#end(outcome)
    } finally {
      await this.#sender.close()
    }
  }

  async #end(outcome: RunOutcome): Promise<void> {
    const own = endAlerts(this.#rules, this.#context, outcome).filter(({ rule }) => this.#isFor(rule))
    const mark = new EndMark(this.#context.runDir, `alert-${this.#name}`)
    if (own.length === 0 || mark.isTold(outcome)) return
    for (const { alert } of own) await this.#send(alert)
    mark.tell(outcome, this.#context.live)
  }

  #isFor(rule: number | null): boolean {
    return rule === null || (this.#rules[rule]?.targets?.includes(this.#name) ?? true)
  }

  /** The error where the target refuses this alert for good; null where it has it. */
  async #send(alert: FiredAlert): Promise<SinkError | null> {
    if (this.#sent.has(alert.id)) return null
    try {
      const { runId, runName, project, signal } = this.#context
      await this.#sender.send(alert, { id: runId, name: runName, project }, signal)
    } catch (error) {
      if (!(error instanceof SinkError) || error.action !== 'reject') throw error
      this.#context.warn(`refused/${alert.id}`, `the alert "${alert.title}" is not sent: ${error.message}`)
      return error
    }
    this.#sent.add(alert.id)
    return null
  }
}
