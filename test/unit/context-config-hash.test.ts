import { execFileSync } from 'node:child_process'
import { describe, expect, test } from 'vitest'
import { canonicalJson, hashConfig } from '../../src/daemon/context/config-hash.js'
import { toJson } from '../../src/record/to-json.js'

describe('canonicalJson', () => {
  test.each([
    [{ b: 1, a: { d: 2, c: 3 } }, '{"a":{"c":3,"d":2},"b":1}'],
    [{ 10: 1, 9: 2, a: 3, A: 4 }, '{"10":1,"9":2,"A":4,"a":3}'],
    [{ '€': 1, '\r': 2, '1': 3, '\u0080': 4, '😀': 5 }, '{"\\r":2,"1":3,"\u0080":4,"€":1,"😀":5}'],
    [[1.0, -0, 1e21, 5e-324, 0.1], '[1,0,1e+21,5e-324,0.1]'],
    [[Number.NaN, Infinity, -Infinity], '["NaN","Infinity","-Infinity"]'],
    [
      [5n, 2n ** 53n, -(2n ** 70n), 10n ** 400n],
      `[5,"9007199254740992","-1180591620717411303424","1${'0'.repeat(400)}"]`,
    ],
    [{ a: undefined, b: () => 1, c: Symbol('c'), d: null }, '{"d":null}'],
    [[undefined, () => 1], '[null,null]'],
    [new Array(2), '[null,null]'],
    [new Date(0), '"1970-01-01T00:00:00.000Z"'],
    [new Date(Number.NaN), 'null'],
    [
      new Map<unknown, unknown>([
        ['b', 1],
        ['a', new Map([[1, 2]])],
      ]),
      '{"a":{"1":2},"b":1}',
    ],
    [new Set([2, 10, 'x', 1]), '["x",1,10,2]'],
    [new Float32Array([0.5, Number.NaN]), '[0.5,"NaN"]'],
    [new URL('https://example.org'), '"https://example.org/"'],
    [JSON.parse('{"__proto__":{"a":1}}'), '{"__proto__":{"a":1}}'],
    [undefined, 'null'],
  ])('case %#', (value, expected) => {
    expect(canonicalJson(value)).toBe(expected)
  })

  test('does not depend on the order of keys, or of items of a set', () => {
    expect(canonicalJson({ a: 1, b: new Set([1, 2]) })).toBe(canonicalJson({ b: new Set([2, 1]), a: 1 }))
  })

  test('depends on the order of an array', () => {
    expect(canonicalJson([1, 2])).not.toBe(canonicalJson([2, 1]))
  })

  test('throws on a value that contains itself', () => {
    const cyclic: unknown[] = []
    cyclic.push(cyclic)
    expect(() => canonicalJson(cyclic)).toThrow(RangeError)
  })
})

test('toJson keeps the order of keys, and what JSON reads back is equal', () => {
  const json = toJson({ b: 1n, a: new Set(['x']), c: Number.NaN })
  expect(JSON.stringify(json)).toBe('{"b":1,"a":["x"],"c":"NaN"}')
  expect(JSON.parse(JSON.stringify(json))).toEqual(json)
})

test('hashConfig is the SHA-256 that sha256sum prints for the canonical JSON', () => {
  const config = { lr: 3e-4, name: 'Größe', layers: [1, 2] }
  const printed = execFileSync('sha256sum', { input: canonicalJson(config), encoding: 'utf8' })
  expect(hashConfig(config)).toBe(printed.slice(0, 64))
})
