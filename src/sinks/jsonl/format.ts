import type { RecordBatch } from '../../record/batch.js'
import type { MediaRecord } from '../../record/media.js'
import { fieldName, secondsText } from '../file/fields.js'
import type { TextBuffer } from '../file/text-buffer.js'

/** Turns batches into lines of metrics.jsonl. The names of all its batches come from one table. */
export class LineFormatter {
  readonly #startTime: number
  /** Per index of `batch.names`: the comma, the key and the colon that go before a value. */
  readonly #prefixes: string[] = []

  constructor(startTime: number) {
    this.#startTime = startTime
  }

  format(batch: RecordBatch, into: TextBuffer): void {
    for (let key = this.#prefixes.length; key < batch.names.length; key++) {
      this.#prefixes.push(`,${JSON.stringify(fieldName(batch.names[key]!))}:`)
    }
    for (let row = 0; row < batch.count; row++) into.add(this.#line(batch, row))
  }

  #line(batch: RecordBatch, row: number): string {
    const { keys, values, offsets } = batch
    const texts = batch.texts()
    const prefixes = this.#prefixes
    const time = batch.times[row]!
    let line = `{"step":${batch.steps[row]},"timestamp":${secondsText(time)},"elapsed":${secondsText(time - this.#startTime)},"producer":${batch.producers[row]},"sequence":${batch.sequences[row]}`
    const media = batch.media.get(row)
    if (media !== undefined) line += `,${JSON.stringify(fieldName(media.name))}:${mediaText(media)}`
    const end = offsets[row + 1]!
    for (let slot = offsets[row]!; slot < end; slot++) {
      const text = texts[slot]!
      line += prefixes[keys[slot]!]!
      line += Number.isFinite(values[slot]!) ? text : quoteNonFinite(text)
    }
    return `${line}}\n`
  }
}

/** `{"type":"image","format":"png","width":28,...,"path":"media/images/...","bytes":...,"sha256":"..."}` */
const mediaText = ({ kind, value, file }: MediaRecord): string =>
  JSON.stringify({ type: kind, ...value, ...file })

/** A bigint beyond the doubles is infinite among the values, but its text is a number. */
function quoteNonFinite(text: string): string {
  return text.endsWith('N') || text.endsWith('y') ? `"${text}"` : text
}
