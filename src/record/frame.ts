/**
 * Frames: what crosses the ring, and what the journal keeps byte for byte. 8-byte aligned, little endian.
 *
 *     word 0    u32  kind (low 8 bits) | length in words (high 24 bits)
 *               u32  ROW, MEDIA: low 32 bits of the row's sequence number; KEY: the key's id; PAD: 0
 *     ROW       f64 step, f64 time (ms since the epoch), n x f64 value, n x u32 key id (padded to a word)
 *     KEY       u32 length of the name in bytes, u32 0, then the name in UTF-8 (padded to a word)
 *     MEDIA     f64 step, f64 time, u32 producer that logged it, u32 length, then a MediaRecord as JSON in UTF-8
 *               (padded to a word), without its producer; takes a sequence number, as a row does
 *     PAD       nothing: the rest of the ring's region, so that no frame ever wraps
 *
 * A key id is 30 bits; the two bits above say what the value's 8 bytes hold: 0 a double, 1 an int64.
 * A producer defines a key before the first row that uses it; ids count from 0 within a producer.
 */
export const KIND_PAD = 0
export const KIND_ROW = 1
export const KIND_KEY = 2
export const KIND_MEDIA = 3

/** Frames that are records: each has a sequence number. */
export const isRecord = (kind: number): boolean => kind === KIND_ROW || kind === KIND_MEDIA

export const ROW_HEADER_WORDS = 3
export const MAX_FRAME_WORDS = 2 ** 24 - 1
export const KEY_ID_MASK = 0x3fffffff
export const VALUE_INT64 = 0x40000000

/** Words of a row with `n` values: `3 + n + ceil(n / 2)`. */
export const rowWords = (n: number): number => ROW_HEADER_WORDS + n + ((n + 1) >> 1)

/** Number of values of a row of this many words (the inverse of `rowWords`). */
export const rowValues = (words: number): number => Math.trunc((2 * (words - ROW_HEADER_WORDS)) / 3)

export const keyWords = (nameBytes: number): number => 2 + Math.ceil(nameBytes / 8)

/** A KEY frame. Not for the hot path. */
export function encodeKey(key: number, name: string): Uint8Array {
  const bytes = Buffer.from(name, 'utf8')
  const words = keyWords(bytes.length)
  const frame = Buffer.alloc(words * 8)
  frame.writeUInt32LE(((words << 8) | KIND_KEY) >>> 0, 0)
  frame.writeUInt32LE(key, 4)
  frame.writeUInt32LE(bytes.length, 8)
  bytes.copy(frame, 16)
  return frame
}
