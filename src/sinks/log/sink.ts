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
import type { RecordBatch } from '../../record/batch.js'
import { AppendFile, extentIn } from '../file/append-file.js'
import { parseOptions } from '../file/parse-options.js'
import { TextBuffer } from '../file/text-buffer.js'
import type { RunOutcome, Sink, SinkContext, SinkState, WriteResult } from '../sink.js'
import { LogLines } from './log-lines.js'
import { logOptions } from './options.js'

export const LOG_FILE = 'output.log'

export function createSink(): Sink {
  return new LogSink()
}

class LogSink implements Sink {
  #lines!: LogLines
  #file: AppendFile | undefined
  readonly #text = new TextBuffer()

  async open(context: SinkContext, state: SinkState | null): Promise<void> {
    this.#letGo()
    const options = parseOptions('log', logOptions, context.options)
    this.#lines = new LogLines(context.runDir, options, this.#text)
    this.#lines.restore(state)
    const path = join(context.runDir, LOG_FILE)
    this.#file =
      state === null
        ? AppendFile.create(path)
        : AppendFile.open(path, extentIn(state, 'length', 'crc'), context.suspect)
  }

  async write(batch: RecordBatch): Promise<WriteResult> {
    const before = this.#lines.state
    this.#text.clear()
    try {
      const counts = this.#lines.add(batch)
      const bytes = this.#text.finish()
      this.#file!.append(bytes, bytes.length)
      return { state: { ...this.#file!.extent, ...this.#lines.state }, ...counts }
    } catch (error) {
      this.#lines.restore(before)
      throw error
    }
  }

  async close(_outcome: RunOutcome): Promise<void> {
    try {
      const notice = this.#file === undefined ? null : this.#lines.notice()
      if (notice === null) return
      const bytes = Buffer.from(notice)
      // Where more comes it is cut off again: what counts is the cursor.
      this.#file!.append(bytes, bytes.length)
    } finally {
      this.#letGo()
    }
  }

  #letGo(): void {
    this.#file?.close()
    this.#file = undefined
  }
}
