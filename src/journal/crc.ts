import { crc32 } from 'node:zlib'

/** Below this many bytes a call of zlib's costs more than the sum itself. */
const SHORT = 192

/** CRC-32 (as zlib's) of bytes `start .. end - 1`, gone on with from `seed`. */
export function crcOf(buffer: Buffer, start: number, end: number, seed: number): number {
  if (end - start > SHORT) return crc32(buffer.subarray(start, end), seed)
  let crc = ~seed
  let at = start
  // Slicing by four: each table is the one before it, moved on by a byte.
  for (; at + 4 <= end; at += 4) {
    crc ^= buffer[at]! | (buffer[at + 1]! << 8) | (buffer[at + 2]! << 16) | (buffer[at + 3]! << 24)
    crc =
      TABLE_3[crc & 0xff]! ^
      TABLE_2[(crc >>> 8) & 0xff]! ^
      TABLE_1[(crc >>> 16) & 0xff]! ^
      TABLE_0[crc >>> 24]!
  }
  for (; at < end; at++) crc = TABLE_0[(crc ^ buffer[at]!) & 0xff]! ^ (crc >>> 8)
  return ~crc >>> 0
}

const POLYNOMIAL = 0xedb88320

const TABLE_0 = Int32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1
  return crc
})
const byteOn = (table: Int32Array): Int32Array => table.map((crc) => TABLE_0[crc & 0xff]! ^ (crc >>> 8))
const TABLE_1 = byteOn(TABLE_0)
const TABLE_2 = byteOn(TABLE_1)
const TABLE_3 = byteOn(TABLE_2)
