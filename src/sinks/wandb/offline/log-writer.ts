import { crc32 } from 'node:zlib'
import { closeHistory, type HistoryState } from '../history/history.js'
import type { HistoryLine } from '../history/history-line.js'
import { Summary } from '../run/summary.js'
import type { RunUpdates } from '../run/updates.js'
import { changedMetrics, type DefinedMetric, definedMetrics } from './defined-metrics.js'
import { ItemEncoder } from './item-encoder.js'
import type { RecordMaker } from './other-records.js'
import { environmentRecord, exitRecord, headerRecord, type OfflineRun, runRecord } from './run-records.js'
import type { LogState } from './state.js'
import { TransactionLog } from './transaction-log.js'
import { configRecord, metricRecord } from './update-records.js'

const PRODUCER = 'offstep'

/**
 * Encodes what a batch adds to the log: the lines that are complete, and behind them a tail, which the next batch
 * is laid over: the line that later rows may still change, and the summary. So the log holds every row at any
 * time, and nothing in it is ever a wrong one.
 */
export class LogWriter {
  readonly #log = new TransactionLog()
  readonly #items = new ItemEncoder()
  readonly #startTime: number
  #num = 0

  /** `startTime`: of the run, in milliseconds since the epoch. */
  constructor(startTime: number) {
    this.#startTime = startTime
  }

  /** The bytes since `begin()`; valid until the next call. */
  get bytes(): Buffer {
    return this.#log.bytes
  }

  /** Goes on behind what is committed; at the beginning of the file with what is known of the run. */
  begin(state: LogState, run: () => OfflineRun): void {
    this.#log.begin(state.extent.length)
    this.#num = state.num
    if (state.extent.length > 0) return
    this.#addHead(run())
    // Of a run's earlier part.
    this.#addMetrics(metricsOf(state))
  }

  add(make: RecordMaker): void {
    this.#log.add(make(this.#num++))
  }

  /** Parameters that are new, or others than before. */
  addConfig(before: RunUpdates, after: RunUpdates): void {
    // The state says so: nothing has changed.
    if (before.config === after.config) return
    const known = new Map(before.config.map(([name, value]) => [name, JSON.stringify(value)]))
    const changed = after.config.filter(([name, value]) => known.get(name) !== JSON.stringify(value))
    if (changed.length > 0) this.add((num) => configRecord(num, changed))
  }

  /** The state after these lines, all of which are complete. */
  addLines(before: LogState, lines: readonly HistoryLine[], history: HistoryState): LogState {
    const summary = new Summary(before.summary)
    for (const line of lines) {
      this.#addLine(line)
      summary.add(line, this.#startTime)
    }
    const after = { history, summary: summary.state() }
    this.#addMetrics(changedMetrics(metricsOf(before), metricsOf(after)))
    const length = before.extent.length + this.#log.length
    const crc = crc32(this.#log.bytes, before.extent.crc)
    return { extent: { length, crc }, num: this.#num, ...after }
  }

  addTail(state: LogState): void {
    const { history } = state
    const summary = new Summary(state.summary, history.updates)
    for (const line of closeHistory(history).lines) {
      this.#addLine(line)
      summary.add(line, this.#startTime)
    }
    const after = { history, summary: summary.state() }
    this.#addMetrics(changedMetrics(metricsOf(state), metricsOf(after)))
    const fields = summary.fields({ lateRows: history.lateRows, rejectedLines: 0 })
    if (fields.length > 0) this.#log.add(this.#items.summary(this.#num++, fields))
  }

  /** `endTime`: milliseconds since the epoch. */
  addExit(exitCode: number, endTime: number): void {
    const runtime = Math.max(0, Math.round((endTime - this.#startTime) / 1000))
    this.#log.add(exitRecord(this.#num++, exitCode, runtime))
  }

  #addHead(run: OfflineRun): void {
    this.#log.add(headerRecord(this.#num++, PRODUCER))
    this.#log.add(runRecord(this.#num++, run))
    if (run.machine !== null) this.#log.add(environmentRecord(this.#num++, run, run.machine))
  }

  #addMetrics(metrics: readonly DefinedMetric[]): void {
    for (const metric of metrics) this.add((num) => metricRecord(num, metric))
  }

  #addLine(line: HistoryLine): void {
    this.#log.add(this.#items.history(this.#num++, line.step, line.fields(this.#startTime)))
  }
}

function metricsOf({ history, summary }: Pick<LogState, 'history' | 'summary'>): DefinedMetric[] {
  const names = summary.map(([name]) => name)
  return definedMetrics(history.updates.metrics, names)
}
