/**
 * What alerts come to without a network: the log, the terminal, `onAlert`, `run.stopRequested`, and a record of the
 * run, from which W&B gets them.
 *
 * State: that of the rules, and the alerts whose record has not come by yet. They are told over a channel again and
 * again until it has: a daemon that died may have taken what it was told with it.
 */
import { BroadcastChannel } from 'node:worker_threads'
import type { AlertMessage } from '../../alerts/channel.js'
import { alertLine } from '../../alerts/desk.js'
import type { FiredAlert } from '../../alerts/types.js'
import { openDiagnostics } from '../../daemon/diagnostics.js'
import { didYouMean } from '../../options/suggest.js'
import type { RecordBatch } from '../../record/batch.js'
import { parseOptions } from '../file/parse-options.js'
import type { RunOutcome, Sink, SinkContext, SinkState, WriteResult } from '../sink.js'
import { AlertFeed, type DueAlert } from './alert-feed.js'
import { localOptions } from './options.js'
import { EndMark, endAlerts } from './run-end.js'

const NAME = 'alerts'
/** Alerts that wait for their record: more than a daemon that lives leaves waiting. */
const MAX_UNRECORDED = 64

interface Unrecorded {
  readonly alert: FiredAlert
  readonly rule: number
}

export const createSink = (): Sink => new AlertsSink()

class AlertsSink implements Sink {
  /** Alerts that were told stay told. */
  readonly afterRewind = 'continue'
  #context!: SinkContext
  #options!: ReturnType<typeof parse>
  #feed!: AlertFeed
  #state: SinkState | null = null
  #channel: BroadcastChannel | null = null
  /** See EndMark: of a run that goes on. */
  #livedUntil = Number.NEGATIVE_INFINITY
  /** Of the last batch, for a hint. */
  #names: readonly string[] = []

  async open(context: SinkContext, state: SinkState | null): Promise<void> {
    this.#context = context
    this.#options = parse(context)
    this.#feed = new AlertFeed(this.#options.rules, context)
    this.#state = state
    this.#livedUntil = new EndMark(context.runDir, NAME).livedUntil
    const { left } = this.#options
    if (left.length > 0) {
      context.warn('offline', `the run is offline: alerts are not sent to ${left.join(', ')}`)
    }
    this.#channel?.close()
    this.#channel = context.live ? new BroadcastChannel(this.#options.channel) : null
    this.#channel?.unref()
  }

  async write(batch: RecordBatch): Promise<WriteResult> {
    const { due, recorded, rejected, state } = this.#feed.read(batch, this.#state)
    this.#names = batch.names
    const known = new Set(recorded)
    const before = unrecordedIn(this.#state).filter(({ alert }) => !known.has(alert.id))
    const added = due.filter(hasNoRecord).filter(({ alert }) => !known.has(alert.id))
    const unrecorded: Unrecorded[] = added.map(({ alert, rule }) => ({ alert, rule }))
    for (const { alert, rule } of before) this.#post(alert, rule, true, alert.time <= this.#livedUntil)
    for (const { alert, rule, recorded: has } of due) this.#tell(alert, rule, !has)
    const waiting = [...before, ...unrecorded]
    if (waiting.length > MAX_UNRECORDED) {
      const message = `more than ${MAX_UNRECORDED} alerts wait to be recorded: the oldest are not, and W&B does not get them`
      this.#context.warn('unrecorded', message)
    }
    this.#state = { ...state, unrecorded: waiting.slice(-MAX_UNRECORDED) }
    return { state: this.#state, rejected }
  }

  async close(outcome: RunOutcome): Promise<void> {
    if (outcome.status !== 'running') this.#end(outcome)
    this.#channel?.close()
    this.#channel = null
  }

  #end(outcome: RunOutcome): void {
    const mark = new EndMark(this.#context.runDir, NAME)
    if (!mark.isTold(outcome)) {
      for (const rule of this.#feed.unseen(this.#state)) this.#missed(rule)
      for (const { alert, rule } of endAlerts(this.#options.rules, this.#context, outcome)) {
        this.#tell(alert, rule, false)
      }
      mark.tell(outcome, this.#context.live)
    }
    this.#send({ type: 'end' })
  }

  /** One sentence for a rule that has looked at nothing. */
  #missed(rule: ReturnType<AlertFeed['unseen']>[number]): void {
    const index = this.#options.rules.indexOf(rule)
    const wanted = 'metric' in rule ? rule.metric : rule.when === 'overfitting' ? rule.validation : ''
    const metric = [wanted].flat().join('", "')
    const message =
      rule.when === 'gpu-idle'
        ? `alerts[${index}] ("gpu-idle") has seen no GPU`
        : `alerts[${index}] ("${rule.when}") looks at "${metric}", which was never logged${didYouMean(metric, this.#names)}`
    this.#context.warn(`unseen/${index}`, message)
    this.#context.announce?.(`alerts/unseen/${index}`, message)
  }

  #tell(alert: FiredAlert, rule: number | null, record: boolean): void {
    if (rule !== null && this.#options.rules[rule]?.stop === true) this.#context.requestStop?.()
    if (this.#channel === null) this.#log(alert)
    else this.#post(alert, rule, record)
  }

  #post(alert: FiredAlert, rule: number | null, record: boolean, told = false): void {
    const about = rule === null ? undefined : this.#options.rules[rule]
    const terminal = this.#options.terminal && (about?.targets?.includes('terminal') ?? true)
    const asRecord = record && rule !== null ? { rule, waitMs: about?.coolDownMs ?? 0 } : null
    this.#send({ type: 'alert', alert, told, terminal, record: asRecord })
  }

  #send(message: AlertMessage): void {
    this.#channel?.postMessage(message)
  }

  /** Of a run whose process is gone: there is no daemon that would. */
  #log(alert: FiredAlert): void {
    const log = openDiagnostics(this.#context.runDir)
    log.training.warn(alertLine(alert))
    log.close()
  }
}

const parse = ({ options }: SinkContext) => parseOptions(NAME, localOptions, options)

const unrecordedIn = (state: SinkState | null): readonly Unrecorded[] =>
  (state?.unrecorded ?? []) as readonly Unrecorded[]

const hasNoRecord = (due: DueAlert): due is DueAlert & { readonly rule: number } =>
  !due.recorded && due.rule !== null
