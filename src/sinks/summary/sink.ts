/**
 * summary.json: what a run came to, on one page, for people and for tools that compare runs.
 *
 * State: the accumulators themselves, so nothing is counted twice or lost, however often the file is written.
 * When writing fails the accumulators go back to what was last returned, and the batch may come again.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { RecordBatch } from '../../record/batch.js'
import type { JsonObject } from '../../record/json.js'
import { writeFileAtomic } from '../../store/atomic-file.js'
import { SinkError } from '../errors.js'
import { parseOptions } from '../file/parse-options.js'
import type { RejectedRow, RunOutcome, Sink, SinkContext, SinkState, WriteResult } from '../sink.js'
import { Accumulators } from './accumulators.js'
import { summaryText } from './document.js'
import { type SummaryOptions, summaryOptions } from './options.js'
import { addRows, noRows, type RowCounts } from './rows.js'
import { setValues } from './set-values.js'

/** `now`: milliseconds since the epoch. */
export function createSink(now: () => number = Date.now): Sink {
  return new SummarySink(now)
}

class SummarySink implements Sink {
  readonly #now: () => number
  #context: SinkContext | undefined
  #options!: SummaryOptions
  #metrics!: Accumulators
  #rows!: RowCounts
  #values: JsonObject = {}
  /** What the last write() returned, or open() was given. */
  #state: SinkState | null = null
  #writtenAt = Number.NEGATIVE_INFINITY
  /** There are rows that summary.json does not know of. */
  #unsaved = false

  constructor(now: () => number) {
    this.#now = now
  }

  async open(context: SinkContext, state: SinkState | null): Promise<void> {
    this.#options = parseOptions('summary', summaryOptions, context.options)
    this.#context = context
    this.#writtenAt = Number.NEGATIVE_INFINITY
    // A run without rows has a summary too.
    this.#unsaved = state === null && !existsSync(join(context.runDir, 'summary.json'))
    this.#restore(context, state)
  }

  async write(batch: RecordBatch): Promise<WriteResult> {
    const context = this.#context!
    let rejected: readonly RejectedRow[] = []
    try {
      this.#unsaved = true
      this.#metrics.add(batch)
      const set = setValues(this.#values, batch, context.runDir)
      this.#values = set.values
      rejected = set.rejected
      this.#rows = addRows(this.#rows, batch)
      // A clock that went back is no reason to wait for it.
      if (Math.abs(this.#now() - this.#writtenAt) >= this.#options.everyMs) {
        this.#save(context, { status: 'running', endTime: this.#rows.lastTime }, false)
      }
    } catch (error) {
      this.#restore(context, this.#state)
      throw error
    }
    if (this.#metrics.omittedValues > 0) {
      context.warn('summary_limit', `summary.json holds the first ${this.#options.maxMetrics} metrics only`)
    }
    const state = { ...this.#metrics.state(), rows: this.#rows, values: this.#values }
    this.#state = state
    return { state, rejected }
  }

  async close(outcome: RunOutcome): Promise<void> {
    const context = this.#context
    if (context === undefined) return
    this.#context = undefined
    // A session that brought nothing new has nothing to say of a run that may have ended.
    if (outcome.status === 'running' && !this.#unsaved) return
    const endTime = outcome.status === 'running' ? this.#rows.lastTime : outcome.endTime
    this.#save(context, { status: outcome.status, endTime }, true)
  }

  #save(context: SinkContext, outcome: RunOutcome, durable: boolean): void {
    const now = this.#now()
    const content = { rows: this.#rows, metrics: this.#metrics, values: this.#values }
    const text = summaryText(context, { ...outcome, now }, content, this.#options.goals)
    writeFileAtomic(join(context.runDir, 'summary.json'), text, { sync: durable })
    this.#writtenAt = now
    this.#unsaved = false
  }

  #restore(context: SinkContext, state: SinkState | null): void {
    this.#state = state
    this.#metrics = state === null ? new Accumulators(this.#options.maxMetrics) : this.#restored(state)
    this.#rows = state === null ? noRows(context.startTime) : (state.rows as RowCounts)
    this.#values = (state?.values ?? {}) as JsonObject
  }

  #restored(state: SinkState): Accumulators {
    try {
      return Accumulators.restore(this.#options.maxMetrics, state)
    } catch (cause) {
      throw new SinkError(
        'rebuild',
        'STATE_INVALID',
        'the cursor holds no usable summary; it is made again',
        { cause },
      )
    }
  }
}
