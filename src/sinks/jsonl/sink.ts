/**
 * metrics.jsonl: one flat JSON object per row, for `jq`, `pandas.read_json(lines=True)` and every other tool.
 *
 *     {"step":10,"timestamp":1732190000.123,"elapsed":12.5,"producer":0,"sequence":17,"train/loss":1.5}
 *
 * timestamp: Unix seconds; elapsed: seconds since the run began. JSON has no NaN and no infinities: they are
 * the strings "NaN", "Infinity" and "-Infinity". Bigints are written with all of their digits.
 * State: the length of the file, and its CRC-32.
 */
import { join } from 'node:path'
import type { RecordBatch } from '../../record/batch.js'
import { AppendFile, extentIn } from '../file/append-file.js'
import { TextBuffer } from '../file/text-buffer.js'
import type { Sink, SinkContext, SinkState, WriteResult } from '../sink.js'
import { LineFormatter } from './format.js'

export function createSink(): Sink {
  return new JsonlSink()
}

class JsonlSink implements Sink {
  #file: AppendFile | undefined
  #formatter = new LineFormatter(0)
  readonly #text = new TextBuffer()

  async open(context: SinkContext, state: SinkState | null): Promise<void> {
    await this.close()
    this.#formatter = new LineFormatter(context.startTime)
    const path = join(context.runDir, 'metrics.jsonl')
    this.#file =
      state === null
        ? AppendFile.create(path)
        : AppendFile.open(path, extentIn(state, 'length', 'crc'), context.suspect)
  }

  async write(batch: RecordBatch): Promise<WriteResult> {
    this.#text.clear()
    this.#formatter.format(batch, this.#text)
    const bytes = this.#text.finish()
    this.#file!.append(bytes, bytes.length)
    return { state: { ...this.#file!.extent } }
  }

  async close(): Promise<void> {
    this.#file?.close()
    this.#file = undefined
  }
}
