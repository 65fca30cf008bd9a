import { checkedValue, MediaFileError } from '../../media/checked-file.js'
import type { RecordBatch } from '../../record/batch.js'
import { LineRate, type LineRateState, type LogLevel, levelNumber } from '../../record/log-line.js'
import type { MediaRecordOf } from '../../record/media.js'
import type { Alert, ConsoleOutput } from '../../record/updates.js'
import type { TextBuffer } from '../file/text-buffer.js'
import type { RejectedRow } from '../sink.js'
import { alertText, consoleText, logLine } from './format.js'
import type { LogOptions } from './options.js'

/** A line of a stream counts as one of this level. */
const LEVEL_OF_STREAM = { stdout: 'info', stderr: 'warn' } as const

/** Plain data: what the lines to come depend on. */
export interface LogLinesState {
  readonly rate: LineRateState
  /** Time of the newest line that was left out. */
  readonly leftOutAt: number
}

/** The lines of output.log, as a function of the records so far: what the sink writes, and `offstep verify` compares. */
export class LogLines {
  readonly #runDir: string
  readonly #level: number
  readonly #perSecond: number
  readonly #text: TextBuffer
  #rate: LineRate
  #leftOutAt = 0

  /** `text` gets the lines. */
  constructor(runDir: string, { level, maxLinesPerSecond }: LogOptions, text: TextBuffer) {
    this.#runDir = runDir
    this.#level = levelNumber(level)
    this.#perSecond = maxLinesPerSecond
    this.#text = text
    this.#rate = new LineRate(maxLinesPerSecond)
  }

  get state(): LogLinesState {
    return { rate: this.#rate.state, leftOutAt: this.#leftOutAt }
  }

  /** Null: as at the beginning. */
  restore(state: Partial<LogLinesState> | null): void {
    this.#rate = new LineRate(this.#perSecond, state?.rate)
    this.#leftOutAt = state?.leftOutAt ?? 0
  }

  /** Rows of other kinds have no line. */
  add({ count, media, times }: RecordBatch): { notApplicable: number; rejected: RejectedRow[] } {
    const rejected: RejectedRow[] = []
    let notApplicable = count - media.size
    for (const [row, record] of media) {
      if (record.kind !== 'console' && record.kind !== 'alert') {
        notApplicable++
        continue
      }
      const reason = this.#record(record, times[row]!)
      if (reason !== null) rejected.push({ row, cause: 'media-file', reason })
    }
    return { notApplicable, rejected }
  }

  /** The line that tells what was left out since the last one; null where nothing was. */
  notice(): string | null {
    const left = this.#rate.claim()
    return left === 0 ? null : logLine(this.#leftOutAt, 'warn', this.#rate.notice(left))
  }

  /** Why the record cannot be written, or null. */
  #record(record: MediaRecordOf<'console'> | MediaRecordOf<'alert'>, time: number): string | null {
    try {
      if (record.kind === 'alert') this.#alert(checkedValue(this.#runDir, record), time)
      else this.#lines(checkedValue(this.#runDir, record))
      return null
    } catch (error) {
      if (error instanceof MediaFileError) return error.message
      throw error
    }
  }

  #alert(alert: Alert, time: number): void {
    this.#line(time, alert.level, alert.level, alertText(alert))
  }

  #lines({ stream, lines }: ConsoleOutput): void {
    for (const line of lines) {
      this.#line(line.time, line.level ?? LEVEL_OF_STREAM[stream], line.level ?? stream, consoleText(line))
    }
  }

  #line(time: number, level: LogLevel, label: string, text: string): void {
    if (levelNumber(level) < this.#level) return
    if (!this.#rate.take(time)) {
      this.#leftOutAt = time
      return
    }
    const notice = this.notice()
    if (notice !== null) this.#text.add(notice)
    this.#text.add(logLine(time, label, text))
  }
}
