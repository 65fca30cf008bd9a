/**
 * CRC-32C (Castagnoli; RFC 3720, appendix B.4), eight bytes at a time ("slicing-by-8", Kounavis and Berry,
 * 2005). Node's `zlib.crc32` computes another polynomial.
 */
const POLYNOMIAL = 0x82f63b78 // 0x1edc6f41, bits reversed
const SLICES = 8

/** `table[256 * n + byte]`: what a byte does to the checksum when `n` more bytes follow it in its slice. */
const table = makeTable()

function makeTable(): Int32Array {
  const made = new Int32Array(256 * SLICES)
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1
    made[byte] = crc
  }
  for (let index = 256; index < made.length; index++) {
    const previous = made[index - 256]!
    made[index] = (previous >>> 8) ^ made[previous & 0xff]!
  }
  return made
}

/** Checksum of `bytes[start .. end - 1]`, unsigned. */
export function crc32c(bytes: Uint8Array, start = 0, end = bytes.length): number {
  let crc = -1
  let at = start
  for (const last = end - SLICES; at <= last; at += SLICES) {
    crc =
      table[0x700 | ((crc ^ bytes[at]!) & 0xff)]! ^
      table[0x600 | (((crc >>> 8) ^ bytes[at + 1]!) & 0xff)]! ^
      table[0x500 | (((crc >>> 16) ^ bytes[at + 2]!) & 0xff)]! ^
      table[0x400 | ((crc >>> 24) ^ bytes[at + 3]!)]! ^
      table[0x300 | bytes[at + 4]!]! ^
      table[0x200 | bytes[at + 5]!]! ^
      table[0x100 | bytes[at + 6]!]! ^
      table[bytes[at + 7]!]!
  }
  for (; at < end; at++) crc = table[(crc ^ bytes[at]!) & 0xff]! ^ (crc >>> 8)
  return ~crc >>> 0
}
