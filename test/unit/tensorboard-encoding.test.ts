import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { int64Field } from '../../src/sinks/protobuf/encoding.js'
import {
  fileVersionEvent,
  scalarTemplate,
  sessionStartEvent,
} from '../../src/sinks/tensorboard/protobuf/event.js'

function scalarHex(tag: string, value: number, withMetadata: boolean): string {
  const { bytes, floatOffset } = scalarTemplate(tag, withMetadata)
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).writeFloatLE(value, floatOffset)
  return Buffer.from(bytes).toString('hex')
}

/** The wire format's definition of an int64 varint, on bigints. */
function varintHex(value: number): string {
  let rest = BigInt.asUintN(64, BigInt(value))
  const bytes: number[] = []
  for (; rest > 0x7fn; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80)
  return Buffer.from([...bytes, Number(rest)]).toString('hex')
}

describe('scalar values', () => {
  test("the first value of a tag has TensorBoard's own bytes, plus the data class", () => {
    expect(scalarHex('loss', 0.5, true)).toBe(
      '0a210a046c6f7373420a080112002a040000003f4a0d0a090a077363616c6172732001',
    )
  })

  test('later values are the same without the metadata', () => {
    expect(scalarHex('loss', 0.5, false)).toBe('0a120a046c6f7373420a080112002a040000003f')
  })

  test('a tag of more than 127 bytes has two-byte lengths', () => {
    const tag = 'x'.repeat(200)
    expect(scalarHex(tag, 0.5, false)).toBe(
      `0ad7010ac801${Buffer.from(tag).toString('hex')}420a080112002a040000003f`,
    )
  })

  test('a tag is UTF-8', () => {
    expect(scalarHex('µ', 0, false)).toBe('0a100a02c2b5420a080112002a0400000000')
  })
})

describe('the first two records of a file', () => {
  test('the first names the format version and the writer', () => {
    expect(fileVersionEvent(1.5).toString('hex')).toBe(
      `09000000000000f83f1a0d${Buffer.from('brain.Event:2').toString('hex')}52090a07${Buffer.from('offstep').toString('hex')}`,
    )
  })

  test('the second is a session start at its step', () => {
    expect(sessionStartEvent(1.5, 300).toString('hex')).toBe('09000000000000f83f10ac023a020801')
  })
})

describe('int64', () => {
  test.each([
    [0, '00'],
    [127, '7f'],
    [128, '8001'],
    [2 ** 31, '8080808008'],
    [2 ** 32, '8080808010'],
    [2 ** 53 - 1, 'ffffffffffffff0f'],
    [-1, 'ffffffffffffffffff01'],
    [-(2 ** 31), '80808080f8ffffffff01'],
    [-(2 ** 53 - 1), '81808080808080f0ff01'],
  ])('%d is %s', (value, hex) => {
    expect(int64Field(2, value).toString('hex')).toBe(`10${hex}`)
  })

  test('every safe integer is the varint of its two-s complement', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), (value) => {
        expect(int64Field(2, value).toString('hex')).toBe(`10${varintHex(value)}`)
      }),
    )
  })
})
