import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Dtype, NamedTensor } from '../../src/checkpoint/request.js'
import { decodeSafetensors, SafetensorsDecoder } from '../../src/checkpoint/safetensors/decode.js'
import { encodeSafetensors } from '../../src/checkpoint/safetensors/encode.js'
import { tensor } from '../support/checkpoint-maker.js'

const SIZES: { readonly [Name in Dtype]: number } = {
  F64: 8,
  I64: 8,
  U64: 8,
  F32: 4,
  I32: 4,
  U32: 4,
  F16: 2,
  BF16: 2,
  I16: 2,
  U16: 2,
  I8: 1,
  U8: 1,
  BOOL: 1,
}

const file = (tensors: readonly NamedTensor[], metadata: { [name: string]: string } = {}): Buffer =>
  Buffer.concat([...encodeSafetensors({ path: 'model.safetensors', tensors, metadata }).chunks(7)])

const encode = (tensors: readonly NamedTensor[]): void => {
  encodeSafetensors({ path: 'model.safetensors', tensors })
}

/** A file with a header as it is given, and so many bytes of data. */
function raw(header: unknown, dataBytes: number): Buffer {
  const json = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header))
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(json.length))
  return Buffer.concat([length, json, Buffer.alloc(dataBytes)])
}

const read = (bytes: Uint8Array) => decodeSafetensors('m.safetensors', bytes)
const bytes = (shape: readonly number[], begin: number, dtype = 'U8') => ({
  dtype,
  shape,
  data_offsets: [begin, begin + shape.reduce((a, b) => a * b, 1)],
})

const text = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.constantFrom('__proto__', 'constructor', '7', '"\\', '\u2028', 'a/b', ''),
)
const anyTensor: fc.Arbitrary<NamedTensor> = fc
  .record({
    name: text,
    dtype: fc.constantFrom(...(Object.keys(SIZES) as Dtype[])),
    shape: fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 4 }),
    fill: fc.integer({ min: 0, max: 255 }),
  })
  .map(({ name, dtype, shape, fill }) => {
    const length = shape.reduce((a, b) => a * b, 1) * SIZES[dtype]
    return { name, dtype, shape, data: Uint8Array.from({ length }, (_, i) => fill + i) }
  })
const anyFile = fc.record({
  tensors: fc.uniqueArray(anyTensor, { selector: ({ name }) => name, maxLength: 12 }),
  metadata: fc.dictionary(text, text),
})

test('what was encoded is decoded, in pieces of any size, and each tensor is aligned', () => {
  fc.assert(
    fc.property(anyFile, fc.integer({ min: 1, max: 64 }), ({ tensors, metadata }, piece) => {
      const encoded = encodeSafetensors({ path: 'm', tensors, metadata })
      const whole = Buffer.concat([...encoded.chunks(piece)])
      expect(encoded.bytes).toBe(whole.length)
      const decoder = new SafetensorsDecoder('m', null)
      for (const chunk of encoded.chunks(piece)) decoder.push(chunk)
      const decoded = decoder.end()
      expect(new Map(Object.entries(decoded.metadata))).toEqual(new Map(Object.entries(metadata)))
      expect(new Map(decoded.tensors)).toEqual(new Map(tensors.map((each) => [each.name, each])))
      expect(decodeSafetensors('m', whole)).toEqual(decoded)
      const headerBytes = Number(whole.readBigUInt64LE())
      expect(headerBytes % 8).toBe(0)
      const header = JSON.parse(whole.toString('utf8', 8, 8 + headerBytes)) as {
        [name: string]: { data_offsets: [number, number] }
      }
      for (const { name, dtype } of tensors) expect(header[name]!.data_offsets[0] % SIZES[dtype]).toBe(0)
    }),
  )
})

test('every prefix of a file, and every file with bytes behind its end, is refused', () => {
  const whole = file([tensor('a', 'F32', [2], new Float32Array(2)), tensor('b', 'U8', [0], new Uint8Array())])
  for (let end = 0; end < whole.length; end++) {
    expect(() => read(whole.subarray(0, end))).toThrow(/damaged/)
  }
  expect(() => read(Buffer.concat([whole, Buffer.alloc(1)]))).toThrow(/damaged/)
  expect(read(whole).tensors.size).toBe(2)
})

test('larger elements come first, then the names in the order of their UTF-8 bytes', () => {
  const one = (name: string, dtype: Dtype) => tensor(name, dtype, [1], new Uint8Array(SIZES[dtype]))
  const given = [one('x', 'BOOL'), one('😀', 'F32'), one('\uffee', 'F32'), one('b', 'I64'), one('c', 'F64')]
  expect([...read(file(given)).tensors.keys()]).toEqual(['b', 'c', '\uffee', '😀', 'x'])
})

describe('what no file can hold is refused before anything is written', () => {
  const data = new Uint8Array(4)
  test.each<[string, NamedTensor[], RegExp]>([
    ['a name twice', [tensor('a', 'U8', [4], data), tensor('a', 'U8', [4], data)], /"a" is there twice/],
    ['a wrong shape', [tensor('a', 'F32', [2], data)], /has 4 bytes, and F32 of shape \[2\] has 8/],
    ['half an element', [tensor('a', 'U8', [1.5], data)], /whole numbers/],
    ['a negative length', [tensor('a', 'U8', [-4], data)], /whole numbers/],
    ['more than a number holds', [tensor('a', 'U8', [2 ** 40, 2 ** 40], data)], /whole numbers/],
    ['an unknown type', [tensor('a', 'F8' as Dtype, [4], data)], /has the type F8: give one of/],
    ["the format's own name", [tensor('__metadata__', 'U8', [4], data)], /keeps for itself/],
    ['a name that is no text', [tensor('\ud800', 'U8', [4], data)], /no text/],
  ])('%s', (_, tensors, message) => {
    expect(() => encode(tensors)).toThrow(message)
  })
})

describe('a file that is not what it says is refused with the reason', () => {
  test.each<[string, Buffer, RegExp]>([
    ['too long a header', raw('{}', 0).fill(255, 0, 8), /header would have/],
    ['a header beyond the end', raw('{}', 0).fill(9, 0, 1), /header would have 9 bytes, and the file has 10/],
    ['no JSON', raw('{nothing', 0), /no JSON/],
    ['no UTF-8', raw('{"a":1}', 0).fill(255, 10, 11), /no JSON/],
    ['an array', raw('[]', 0), /begin with "\{"/],
    ['space in front', raw(' {}', 0), /begin with "\{"/],
    [
      'a name twice',
      raw(`{"a":${JSON.stringify(bytes([1], 0))},"\\u0061":${JSON.stringify(bytes([1], 0))}}`, 1),
      /"a" twice/,
    ],
    [
      'a member twice',
      raw('{"a":{"dtype":"U8","dtype":"U8","shape":[1],"data_offsets":[0,1]}}', 1),
      /"dtype" twice/,
    ],
    ['an unknown type', raw({ a: bytes([1], 0, 'F4') }, 1), /no type that is known/],
    ['a shape that is none', raw({ a: { dtype: 'U8', shape: [0.5], data_offsets: [0, 1] } }, 1), /no shape/],
    ['offsets that go back', raw({ a: { dtype: 'U8', shape: [1], data_offsets: [1, 0] } }, 1), /no offsets/],
    ['three offsets', raw({ a: { dtype: 'U8', shape: [1], data_offsets: [0, 1, 1] } }, 1), /no offsets/],
    [
      'too few bytes for a shape',
      raw({ a: { dtype: 'F32', shape: [1], data_offsets: [0, 1] } }, 1),
      /needs 4/,
    ],
    ['an overlap', raw({ a: bytes([2], 0), b: bytes([2], 1) }, 3), /overlaps/],
    ['a gap', raw({ a: bytes([2], 0), b: bytes([2], 3) }, 5), /gap before the tensor "b"/],
    [
      'bytes behind the last',
      raw({ a: bytes([2], 0) }, 3),
      /has 3 bytes of tensors, and its header tells of 2/,
    ],
    ['metadata that is no text', raw({ __metadata__: { a: 1 } }, 0), /no object of texts/],
    ['a tensor that is nothing', raw({ a: null }, 0), /no type that is known/],
  ])('%s', (_, damaged, message) => {
    expect(() => read(damaged)).toThrow(message)
  })
})
