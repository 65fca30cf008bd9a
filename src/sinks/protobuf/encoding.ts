/**
 * The part of the protocol buffer wire format that event files and W&B logs need
 * (https://protobuf.dev/programming-guides/encoding): in-place writers for the hot path, and fields as buffers
 * of their own for what is encoded once.
 */
export const WIRE_VARINT = 0
export const WIRE_FIXED64 = 1
export const WIRE_BYTES = 2

const TWO_TO_32 = 2 ** 32
/** Ten bytes hold any 64-bit integer, seven bits each. */
export const MAX_VARINT_BYTES = 10

/** The byte before a field's value; for field numbers up to 15. */
export function fieldKey(field: number, wireType: number): number {
  return (field << 3) | wireType
}

/** Bytes that the unsigned 32-bit `value` takes as a varint. */
export function varintLength(value: number): number {
  if (value < 0x80) return 1
  if (value < 0x4000) return 2
  if (value < 0x20_0000) return 3
  return value < 0x1000_0000 ? 4 : 5
}

/** Writes the unsigned 32-bit `value`; returns the position after it. */
export function writeVarint(bytes: Uint8Array, at: number, value: number): number {
  while (value > 0x7f) {
    bytes[at++] = (value & 0x7f) | 0x80
    value >>>= 7
  }
  bytes[at++] = value
  return at
}

/** Writes a safe integer as an `int64` (a negative one as its two's complement: ten bytes). */
export function writeInt64(bytes: Uint8Array, at: number, value: number): number {
  let low = value >>> 0
  let high = Math.floor(value / TWO_TO_32) >>> 0
  while (high !== 0) {
    bytes[at++] = (low & 0x7f) | 0x80
    low = ((low >>> 7) | (high << 25)) >>> 0
    high >>>= 7
  }
  return writeVarint(bytes, at, low)
}

export function int64Field(field: number, value: number): Buffer {
  const bytes = Buffer.alloc(1 + MAX_VARINT_BYTES)
  bytes[0] = fieldKey(field, WIRE_VARINT)
  return bytes.subarray(0, writeInt64(bytes, 1, value))
}

export function doubleField(field: number, value: number): Buffer {
  const bytes = Buffer.alloc(9)
  bytes[0] = fieldKey(field, WIRE_FIXED64)
  bytes.writeDoubleLE(value, 1)
  return bytes
}

/** A string, bytes, packed or message field: the parts make up its content. */
export function bytesField(field: number, ...parts: readonly (Uint8Array | string)[]): Buffer {
  const content = Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : part)))
  const prefix = Buffer.alloc(1 + varintLength(content.length))
  prefix[0] = fieldKey(field, WIRE_BYTES)
  writeVarint(prefix, 1, content.length)
  return Buffer.concat([prefix, content])
}

/** What the parts of a field's content make up, not yet put together: a picture is copied once, into its record. */
export type Pieces = readonly Uint8Array[]

/** As `bytesField()`, for contents that may be large. */
export function piecesField(field: number, ...content: readonly (Uint8Array | string | Pieces)[]): Pieces {
  const pieces = content.flatMap((part) => (typeof part === 'string' ? Buffer.from(part) : part))
  const length = piecesLength(pieces)
  const prefix = Buffer.alloc(1 + varintLength(length))
  prefix[0] = fieldKey(field, WIRE_BYTES)
  writeVarint(prefix, 1, length)
  return [prefix, ...pieces]
}

export function piecesLength(pieces: Pieces): number {
  return pieces.reduce((sum, { length }) => sum + length, 0)
}
