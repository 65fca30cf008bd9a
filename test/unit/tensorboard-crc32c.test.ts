import fc from 'fast-check'
import { expect, test } from 'vitest'
import { crc32c } from '../../src/sinks/tensorboard/crc32c.js'
import { bitwiseCrc32c } from './support/event-files.js'

test('the check value of the polynomial is that of the catalogue', () => {
  expect(crc32c(Buffer.from('123456789'))).toBe(0xe3069283)
})

test('32 zero bytes have the checksum of RFC 3720', () => {
  expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa)
})

test('no bytes have the checksum 0', () => {
  expect(crc32c(new Uint8Array(0))).toBe(0)
})

test('any stretch of any bytes has the checksum that the definition gives', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), fc.nat(20), fc.nat(20), (bytes, start, cut) => {
      const end = Math.max(start, bytes.length - cut)
      fc.pre(start <= bytes.length)
      expect(crc32c(bytes, start, end)).toBe(bitwiseCrc32c(bytes.subarray(start, end)))
    }),
    { numRuns: 500 },
  )
})
