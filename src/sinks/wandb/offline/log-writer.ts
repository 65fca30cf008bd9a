import { crc32 } from 'node:zlib'
import { type HistoryState, lastLine } from '../history.js'
import type { HistoryLine } from '../history-line.js'
import { Summary } from '../summary.js'
import { ItemEncoder } from './item-encoder.js'
import { environmentRecord, exitRecord, headerRecord, type OfflineRun, runRecord } from './run-records.js'
import type { LogState } from './state.js'
import { TransactionLog } from './transaction-log.js'

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
  begin({ extent, num }: LogState, run: () => OfflineRun): void {
    this.#log.begin(extent.length)
    this.#num = num
    if (extent.length === 0) this.#addHead(run())
  }

  /** The state after these lines, all of which are complete. */
  addLines(before: LogState, lines: readonly HistoryLine[], history: HistoryState): LogState {
    const summary = new Summary(before.summary)
    for (const line of lines) {
      this.#addLine(line)
      summary.add(line, this.#startTime)
    }
    const length = before.extent.length + this.#log.length
    const crc = crc32(this.#log.bytes, before.extent.crc)
    return { extent: { length, crc }, num: this.#num, history, summary: summary.state() }
  }

  addTail({ history, summary: complete }: LogState): void {
    const summary = new Summary(complete)
    const open = lastLine(history)
    if (open !== null) {
      this.#addLine(open)
      summary.add(open, this.#startTime)
    }
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

  #addLine(line: HistoryLine): void {
    this.#log.add(this.#items.history(this.#num++, line.step, line.fields(this.#startTime)))
  }
}
