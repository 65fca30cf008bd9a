/**
 * metrics.jsonl: one flat JSON object per row, for `jq`, `pandas.read_json(lines=True)` and every other tool.
 *
 *     {"step":10,"timestamp":1732190000.123,"elapsed":12.5,"producer":0,"sequence":17,"train/loss":1.5}
 *
 * timestamp: Unix seconds; elapsed: seconds since the run began. JSON has no NaN and no infinities: they are
 * the strings "NaN", "Infinity" and "-Infinity". Bigints are written with all of their digits.
 * State: the length of the file.
 */
import { join } from 'node:path'
import type { RecordBatch } from '../../record/batch.js'
import { AppendFile, lengthIn } from '../file/append-file.js'
import { fieldName, secondsText } from '../file/fields.js'
import { TextBuffer } from '../file/text-buffer.js'
import type { Sink, SinkContext, SinkState, WriteResult } from '../sink.js'

export function createSink(): Sink {
  return new JsonlSink()
}

class JsonlSink implements Sink {
  #file: AppendFile | undefined
  #startTime = 0
  /** Per index of `batch.names`: the comma, the key and the colon that go before a value. */
  #prefixes: string[] = []
  readonly #text = new TextBuffer()

  async open(context: SinkContext, state: SinkState | null): Promise<void> {
    await this.close()
    this.#startTime = context.startTime
    this.#prefixes = []
    this.#file = AppendFile.open(
      join(context.runDir, 'metrics.jsonl'),
      state === null ? null : lengthIn(state, 'length'),
    )
  }

  async write(batch: RecordBatch): Promise<WriteResult> {
    for (let key = this.#prefixes.length; key < batch.names.length; key++) {
      this.#prefixes.push(`,${JSON.stringify(fieldName(batch.names[key]!))}:`)
    }
    this.#text.clear()
    for (let row = 0; row < batch.count; row++) this.#text.add(this.#format(batch, row))
    const bytes = this.#text.finish()
    this.#file!.append(bytes, bytes.length)
    return { state: { length: this.#file!.length } }
  }

  async close(): Promise<void> {
    this.#file?.close()
    this.#file = undefined
  }

  #format(batch: RecordBatch, row: number): string {
    const { keys, values, offsets } = batch
    const texts = batch.texts()
    const prefixes = this.#prefixes
    const time = batch.times[row]!
    let line = `{"step":${batch.steps[row]},"timestamp":${secondsText(time)},"elapsed":${secondsText(time - this.#startTime)},"producer":${batch.producers[row]},"sequence":${batch.sequences[row]}`
    const end = offsets[row + 1]!
    for (let slot = offsets[row]!; slot < end; slot++) {
      const text = texts[slot]!
      line += prefixes[keys[slot]!]!
      line += Number.isFinite(values[slot]!) ? text : quoteNonFinite(text)
    }
    return `${line}}\n`
  }
}

/** A bigint beyond the doubles is infinite among the values, but its text is a number. */
function quoteNonFinite(text: string): string {
  return text.endsWith('N') || text.endsWith('y') ? `"${text}"` : text
}
