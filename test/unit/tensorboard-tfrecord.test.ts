import { expect, test } from 'vitest'
import { crc32c } from '../../src/sinks/tensorboard/crc32c.js'
import { RecordBuffer } from '../../src/sinks/tensorboard/record-buffer.js'
import { maskCrc } from '../../src/sinks/tensorboard/tfrecord.js'
import { readRecords } from './support/event-files.js'

function recordsOf(...payloads: readonly Uint8Array[]): Buffer {
  const records = new RecordBuffer()
  for (const payload of payloads) records.append(payload)
  return Buffer.from(records.bytes.subarray(0, records.length))
}

test("a masked checksum is the one of TensorBoard's own test vector", () => {
  expect(maskCrc(crc32c(Buffer.from('\x1a\x11CRC test, one two', 'latin1')))).toBe(0x5794d08a)
})

test('the header of a 24-byte record is that of the real thing', () => {
  expect(recordsOf(new Uint8Array(24)).subarray(0, 12).toString('hex')).toBe('1800000000000000a37f4b22')
})

test('the payload is followed by its own masked checksum', () => {
  const record = recordsOf(Buffer.from('\x1a\x11CRC test, one two', 'latin1'))
  expect(record.readUInt32LE(record.length - 4)).toBe(0x5794d08a)
})

test('an empty payload is a record of 16 bytes', () => {
  expect(readRecords(recordsOf(new Uint8Array(0)))).toEqual([Buffer.alloc(0)])
})

test('records follow each other without gaps, whatever the buffer grows to', () => {
  const payloads = [1, 70_000, 0, 7, 300_000].map((length, index) => Buffer.alloc(length, index + 1))
  const bytes = recordsOf(...payloads)
  expect(Buffer.concat(readRecords(bytes)).equals(Buffer.concat(payloads))).toBe(true)
  expect(bytes.length).toBe(370_008 + 5 * 16)
})
