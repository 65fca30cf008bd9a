/**
 * output.log: what the process printed, what its logger said, and alerts, a line each.
 *
 *     2026-11-21T14:30:05.123Z stdout epoch 1 of 10
 *     2026-11-21T14:30:06.200Z warn   loss is high {"loss":9.5}
 *     2026-11-21T14:30:06.250Z error  alert: Loss is NaN: train/loss at step 300
 *
 * The records behind it: `console` (captured output, and `run.logLines()`) and `alert`. Other rows are not applicable.
 * training.log is another file: the daemon writes there what there is to say of the tracking itself, also where the
 * journal cannot be written.
 * State: the length of the file, its CRC-32, and how many lines the newest second has had.
 */
import { join } from 'node:path'
import { checkedValue, MediaFileError } from '../../media/checked-file.js'
import type { RecordBatch } from '../../record/batch.js'
import { LineRate, type LineRateState, type LogLevel, levelNumber } from '../../record/log-line.js'
import type { MediaRecordOf } from '../../record/media.js'
import type { Alert, ConsoleOutput } from '../../record/updates.js'
import { AppendFile, extentIn } from '../file/append-file.js'
import { parseOptions } from '../file/parse-options.js'
import { TextBuffer } from '../file/text-buffer.js'
import type { RejectedRow, RunOutcome, Sink, SinkContext, SinkState, WriteResult } from '../sink.js'
import { alertText, consoleText, logLine } from './format.js'
import { type LogOptions, logOptions } from './options.js'

export const LOG_FILE = 'output.log'
/** A line of a stream counts as one of this level. */
const LEVEL_OF_STREAM = { stdout: 'info', stderr: 'warn' } as const

export function createSink(): Sink {
  return new LogSink()
}

class LogSink implements Sink {
  #context!: SinkContext
  #options!: LogOptions
  #file: AppendFile | undefined
  #rate = new LineRate(0)
  /** Time of the newest line that was left out. */
  #leftOutAt = 0
  readonly #text = new TextBuffer()

  async open(context: SinkContext, state: SinkState | null): Promise<void> {
    this.#letGo()
    this.#options = parseOptions('log', logOptions, context.options)
    this.#context = context
    const path = join(context.runDir, LOG_FILE)
    this.#file =
      state === null
        ? AppendFile.create(path)
        : AppendFile.open(path, extentIn(state, 'length', 'crc'), context.suspect)
    this.#restore(state)
  }

  async write(batch: RecordBatch): Promise<WriteResult> {
    const before = this.#state()
    const rejected: RejectedRow[] = []
    let notApplicable = batch.count - batch.media.size
    this.#text.clear()
    try {
      for (const [row, record] of batch.media) {
        if (record.kind !== 'console' && record.kind !== 'alert') {
          notApplicable++
          continue
        }
        const reason = this.#add(record, batch.times[row]!)
        if (reason !== null) rejected.push({ row, cause: 'media-file', reason })
      }
      const bytes = this.#text.finish()
      this.#file!.append(bytes, bytes.length)
    } catch (error) {
      this.#restore(before)
      throw error
    }
    return { state: this.#state(), notApplicable, rejected }
  }

  async close(_outcome: RunOutcome): Promise<void> {
    const left = this.#rate.claim()
    try {
      if (this.#file === undefined || left === 0) return
      const bytes = Buffer.from(logLine(this.#leftOutAt, 'warn', this.#rate.notice(left)))
      // Where more comes it is cut off again: what counts is the cursor.
      this.#file.append(bytes, bytes.length)
    } finally {
      this.#letGo()
    }
  }

  /** Why the record cannot be written, or null. */
  #add(record: MediaRecordOf<'console'> | MediaRecordOf<'alert'>, time: number): string | null {
    const { runDir } = this.#context
    try {
      if (record.kind === 'alert') this.#alert(checkedValue(runDir, record), time)
      else this.#lines(checkedValue(runDir, record))
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
    if (levelNumber(level) < levelNumber(this.#options.level)) return
    if (!this.#rate.take(time)) {
      this.#leftOutAt = time
      return
    }
    const left = this.#rate.claim()
    if (left > 0) this.#text.add(logLine(this.#leftOutAt, 'warn', this.#rate.notice(left)))
    this.#text.add(logLine(time, label, text))
  }

  #state(): SinkState {
    return { ...this.#file!.extent, rate: this.#rate.state, leftOutAt: this.#leftOutAt }
  }

  #restore(state: SinkState | null): void {
    const { rate, leftOutAt } = (state ?? {}) as { rate?: LineRateState; leftOutAt?: number }
    this.#rate = new LineRate(this.#options.maxLinesPerSecond, rate)
    this.#leftOutAt = leftOutAt ?? 0
  }

  #letGo(): void {
    this.#file?.close()
    this.#file = undefined
  }
}
