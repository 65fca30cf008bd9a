/**
 * TFRecord framing (tensorflow/core/lib/io/record_writer.cc), all integers little-endian:
 *
 *     uint64 length | uint32 masked CRC-32C of the length | payload | uint32 masked CRC-32C of the payload
 */
import { crc32c } from './crc32c.js'

export const RECORD_HEADER_BYTES = 12
export const RECORD_FOOTER_BYTES = 4

/** A checksum of data that holds checksums is weak, so the format stores them rotated and shifted. */
export function maskCrc(crc: number): number {
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0
}

/**
 * Writes header and footer around a payload that lies at `start + RECORD_HEADER_BYTES .. payloadEnd - 1`.
 * Returns where the next record starts.
 */
export function sealRecord(bytes: Uint8Array, view: DataView, start: number, payloadEnd: number): number {
  const payload = start + RECORD_HEADER_BYTES
  view.setUint32(start, payloadEnd - payload, true)
  view.setUint32(start + 4, 0, true)
  view.setUint32(start + 8, maskCrc(crc32c(bytes, start, start + 8)), true)
  view.setUint32(payloadEnd, maskCrc(crc32c(bytes, payload, payloadEnd)), true)
  return payloadEnd + RECORD_FOOTER_BYTES
}
