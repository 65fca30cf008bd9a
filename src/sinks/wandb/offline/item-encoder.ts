import {
  fieldKey,
  varintLength,
  WIRE_BYTES,
  WIRE_VARINT,
  writeInt64,
  writeVarint,
} from '../../protobuf/encoding.js'
import { HISTORY, HISTORY_STEP, ITEM, RECORD, SUMMARY } from './fields.js'
import { integerField, lengthField } from './protobuf.js'

/** Name and JSON of each value. */
export type Fields = readonly (readonly [name: string, json: string])[]

const INITIAL_BYTES = 16 * 1024
const VALUE_KEY = fieldKey(ITEM.valueJson, WIRE_BYTES)
const VALUE_KEY_BYTES = varintLength(VALUE_KEY)
/** More than the keys and lengths around the items can take. */
const AROUND_BYTES = 64

/**
 * History and summary records: what a run consists of, so they are written in place. Each name is encoded once.
 * As W&B's own client writes them: items with a nested key of one part, so that a dot in a name is a dot.
 */
export class ItemEncoder {
  #bytes = Buffer.allocUnsafe(INITIAL_BYTES)
  readonly #names = new Map<string, Buffer>()

  /** A history record; `num` is its number in the file. Valid until the next call. */
  history(num: number, step: number, fields: Fields): Uint8Array {
    const stepMessage = lengthField(HISTORY.step, integerField(HISTORY_STEP.num, step))
    return this.#record(num, RECORD.history, HISTORY.item, fields, stepMessage)
  }

  /** A summary record that holds all of the summary. Valid until the next call. */
  summary(num: number, fields: Fields): Uint8Array {
    return this.#record(num, RECORD.summary, SUMMARY.update, fields, Buffer.alloc(0))
  }

  #record(num: number, field: number, itemField: number, fields: Fields, last: Uint8Array): Uint8Array {
    const lengths = fields.map(([name, json]) => this.#itemLength(name, json))
    const content = lengths.reduce((sum, length) => sum + 1 + varintLength(length) + length, last.length)
    const bytes = this.#reserve(content)
    bytes[0] = fieldKey(RECORD.num, WIRE_VARINT)
    let at = writeInt64(bytes, 1, num)
    bytes[at++] = fieldKey(field, WIRE_BYTES)
    at = writeVarint(bytes, at, content)
    for (const [index, [name, json]] of fields.entries()) {
      bytes[at++] = fieldKey(itemField, WIRE_BYTES)
      at = writeVarint(bytes, at, lengths[index]!)
      at = this.#writeItem(bytes, at, name, json)
    }
    bytes.set(last, at)
    return bytes.subarray(0, at + last.length)
  }

  #itemLength(name: string, json: string): number {
    const length = Buffer.byteLength(valueJson(json))
    return this.#name(name).length + VALUE_KEY_BYTES + varintLength(length) + length
  }

  #writeItem(bytes: Buffer, at: number, name: string, json: string): number {
    const encoded = this.#name(name)
    bytes.set(encoded, at)
    at = writeVarint(bytes, at + encoded.length, VALUE_KEY)
    const value = valueJson(json)
    at = writeVarint(bytes, at, Buffer.byteLength(value))
    return at + bytes.write(value, at)
  }

  #name(name: string): Buffer {
    const known = this.#names.get(name)
    if (known !== undefined) return known
    const encoded = lengthField(ITEM.nestedKey, name)
    this.#names.set(name, encoded)
    return encoded
  }

  #reserve(content: number): Buffer {
    const needed = content + AROUND_BYTES
    if (needed > this.#bytes.length)
      this.#bytes = Buffer.allocUnsafe(Math.max(needed, 2 * this.#bytes.length))
    return this.#bytes
  }
}

/** W&B's client reads a whole number as an integer, which has no minus zero. */
const valueJson = (json: string): string => (json === '-0' ? '-0.0' : json)
