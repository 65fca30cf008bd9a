/** Protocol buffer fields of any number, as buffers of their own: for records that are written once a run. */
import {
  fieldKey,
  MAX_VARINT_BYTES,
  varintLength,
  WIRE_BYTES,
  WIRE_VARINT,
  writeInt64,
  writeVarint,
} from '../../protobuf/encoding.js'

export type FieldPart = Uint8Array | string

/** A string or message field: the parts make up its content. */
export function lengthField(field: number, ...parts: readonly FieldPart[]): Buffer {
  const content = Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : part)))
  return Buffer.concat([lengthPrefix(field, content.length), content])
}

/** What stands before the `length` bytes of a field's content. */
export function lengthPrefix(field: number, length: number): Buffer {
  const key = fieldKey(field, WIRE_BYTES)
  const prefix = Buffer.alloc(varintLength(key) + varintLength(length))
  writeVarint(prefix, writeVarint(prefix, 0, key), length)
  return prefix
}

/** Nothing for a text that is not there. */
export function textField(field: number, text: string | null | undefined): Buffer {
  return text === null || text === undefined || text === '' ? Buffer.alloc(0) : lengthField(field, text)
}

/** An `int64`, `int32` or enum: a safe integer. */
export function integerField(field: number, value: number): Buffer {
  const key = fieldKey(field, WIRE_VARINT)
  const bytes = Buffer.alloc(varintLength(key) + MAX_VARINT_BYTES)
  return bytes.subarray(0, writeInt64(bytes, writeVarint(bytes, 0, key), value))
}
