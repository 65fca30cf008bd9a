/**
 * The alerts of a run as a function of its journal: by the rules that look at rows, and by the `alert` records, which
 * `run.alert()` and the daemon make. Every alert sink has one, with a state of its own, so that a dead destination
 * holds up no other.
 */
import { Evaluator, type RuleState, rulesFrom } from '../../alerts/evaluator.js'
import type { FiredAlert, ResolvedRule } from '../../alerts/types.js'
import { alertOfRecord, alertOfRow } from '../../alerts/wording.js'
import { checkedValue, MediaFileError } from '../../media/checked-file.js'
import type { RecordBatch } from '../../record/batch.js'
import type { MediaRecordOf } from '../../record/media.js'
import type { Alert, SystemSample } from '../../record/updates.js'
import type { RejectedRow, SinkState } from '../sink.js'

/** Titles that are kept in the state at most: a run that alerts without end must not make its cursor grow. */
const MAX_TITLES = 256

/** Plain JSON, small. */
interface FeedState {
  readonly rules: RuleState[]
  /** Until when alerts of a title are left out. By the times of the calls, so that it is the same each time. */
  readonly titles: readonly (readonly [title: string, until: number])[]
}

export interface DueAlert {
  readonly alert: FiredAlert
  /** Row of the batch that it is about. */
  readonly row: number
  /** Index; null for an alert of the user's. */
  readonly rule: number | null
  /** The journal has its record. */
  readonly recorded: boolean
}

export interface FeedResult {
  readonly due: readonly DueAlert[]
  /** Ids of alerts whose record has come by. */
  readonly recorded: readonly string[]
  /** Alerts whose file is gone. */
  readonly rejected: readonly RejectedRow[]
  readonly state: SinkState
}

export class AlertFeed {
  readonly #rules: readonly ResolvedRule[]
  readonly #evaluator: Evaluator
  readonly #run: { readonly runId: string; readonly runDir: string }

  constructor(rules: readonly ResolvedRule[], run: { readonly runId: string; readonly runDir: string }) {
    this.#rules = rules
    this.#evaluator = new Evaluator(rules)
    this.#run = run
  }

  /** What comes of a batch after `before`, which is left as it is. May read files: a sample that is long is in one. */
  read(batch: RecordBatch, before: SinkState | null): FeedResult {
    const rules = rulesFrom(statesIn(before), this.#rules)
    const fired = this.#evaluator.take(batch, rules, (row) => this.#sample(batch, row))
    const due: DueAlert[] = fired.map((alert) => ({
      alert: alertOfRow(this.#run.runId, this.#rules[alert.rule]!, alert),
      row: alert.row,
      rule: alert.rule,
      recorded: false,
    }))
    let titles = (before?.titles ?? []) as FeedState['titles']
    const recorded: string[] = []
    const rejected: RejectedRow[] = []
    for (const [row, record] of batch.media) {
      if (record.kind !== 'alert') continue
      const given = this.#alertIn(record, row, rejected)
      if (given === null) continue
      if (typeof given.rule?.id === 'string') recorded.push(given.rule.id)
      else {
        const time = batch.times[row]!
        if (!isDue(titles, given, time)) continue
        titles = withTitle(titles, given, time)
        due.push({ ...this.#ofRecord(batch, row, given), row, recorded: true })
      }
    }
    due.sort((a, b) => a.row - b.row)
    return { due, recorded, rejected, state: { rules, titles } satisfies FeedState }
  }

  /** Rules that look at a metric, or at a GPU, that has not come. */
  unseen(state: SinkState | null): ResolvedRule[] {
    return this.#evaluator.unseen(rulesFrom(statesIn(state), this.#rules)).map((index) => this.#rules[index]!)
  }

  #ofRecord(batch: RecordBatch, row: number, given: Alert): Pick<DueAlert, 'alert' | 'rule'> {
    const rule = given.rule === undefined ? null : given.rule.index
    const kind = rule === null ? 'alert' : (this.#rules[rule]?.when ?? 'alert')
    const at = { sequence: batch.sequences[row]!, step: batch.steps[row]!, time: batch.times[row]! }
    return { alert: alertOfRecord(this.#run.runId, given, at, kind), rule }
  }

  #alertIn(record: MediaRecordOf<'alert'>, row: number, rejected: RejectedRow[]): Alert | null {
    try {
      return checkedValue(this.#run.runDir, record)
    } catch (error) {
      if (!(error instanceof MediaFileError)) throw error
      rejected.push({ row, cause: 'media-file', reason: error.message })
      return null
    }
  }

  #sample(batch: RecordBatch, row: number): SystemSample | null {
    const record = batch.media.get(row)
    // A sample is in its record: names and numbers of one machine are never long.
    return record?.kind === 'system' ? (record.value ?? null) : null
  }
}

const statesIn = (state: SinkState | null): readonly RuleState[] => (state?.rules ?? []) as FeedState['rules']

const isDue = (titles: FeedState['titles'], { title }: Alert, time: number): boolean =>
  !titles.some(([known, until]) => known === title && time < until)

function withTitle(titles: FeedState['titles'], { title, waitMs }: Alert, time: number): FeedState['titles'] {
  if (waitMs === 0) return titles
  const others = titles.filter(([known, until]) => known !== title && time < until)
  return [...others, [title, time + waitMs] as const].slice(-MAX_TITLES)
}
