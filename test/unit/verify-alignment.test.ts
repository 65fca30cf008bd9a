import { statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Alignment, type Unit } from '../../src/verify/alignment.js'
import { splitLines, TextFile } from '../../src/verify/text-file.js'
import { temporaryDirectory } from '../support/directory.js'

/** Lines of this test: `sequence value`. */
function read(text: string): Unit {
  const sequence = /^(\d+) /.exec(text)?.[1] ?? null
  const number = sequence === null ? null : Number(sequence)
  return {
    text,
    id: sequence,
    producer: number === null ? null : 0,
    sequence: number,
    order: number,
    nameless: false,
  }
}

interface Compared {
  readonly differing: number
  readonly missing: number
  readonly extra: number
  readonly onlyHere: number
  readonly first: number | null
}

/** Compares a file with the lines it should hold, which come `atOnce` at a time. */
function compare(
  expected: readonly string[],
  found: readonly string[],
  { atOnce = 7, isLost = (_: number): boolean => false } = {},
): Compared {
  const file = join(temporaryDirectory(), 'lines')
  const text = (lines: readonly string[]): string => lines.map((line) => `${line}\n`).join('')
  writeFileSync(file, text(found))
  const actual = new TextFile(file, 'lines', statSync(file).size, read)
  const alignment = new Alignment({
    actual,
    split: (bytes) => splitLines(bytes, read),
    isLost: ({ sequence }) => sequence !== null && isLost(sequence),
    lostWithoutId: 0,
    describe: () => ({ field: null, expected: null, found: null }),
  })
  for (let i = 0; i < expected.length; i += atOnce) {
    alignment.expect(Buffer.from(text(expected.slice(i, i + atOnce))))
  }
  alignment.finish()
  actual.close()
  const { differing, missing, extra, onlyHere, first } = alignment
  return { differing, missing, extra, onlyHere, first: first?.number ?? null }
}

const lines = (count: number, from = 0): string[] =>
  Array.from({ length: count }, (_, i) => `${from + i} value ${((from + i) * 7919) % 1000}`)
const SOUND: Compared = { differing: 0, missing: 0, extra: 0, onlyHere: 0, first: null }

test('nothing is told of a file that holds what it should, however the lines come', () => {
  for (const atOnce of [1, 3, 1000]) expect(compare(lines(500), lines(500), { atOnce })).toEqual(SOUND)
})

test('lines that are changed, taken away and put in are counted exactly, each for itself', () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom('keep', 'keep', 'keep', 'change', 'take', 'put'), {
        minLength: 1,
        maxLength: 300,
      }),
      fc.integer({ min: 1, max: 50 }),
      (edits, atOnce) => {
        const expected = lines(edits.length)
        // Between any two edits lies a line that is kept, so that each can be told from the others.
        const steps = edits.map((edit, i) => (i > 0 && edits[i - 1] !== 'keep' ? 'keep' : edit))
        const found = steps.flatMap((edit, i) => {
          if (edit === 'take') return []
          if (edit === 'change') return [`${i} changed`]
          return edit === 'put' ? [expected[i]!, 'strange'] : [expected[i]!]
        })
        const count = (kind: string): number => steps.filter((edit) => edit === kind).length
        const firstEdit = steps.findIndex((edit) => edit !== 'keep')
        expect(compare(expected, found, { atOnce })).toEqual({
          differing: count('change'),
          missing: count('take'),
          extra: count('put'),
          onlyHere: 0,
          first: firstEdit < 0 ? null : firstEdit + (steps[firstEdit] === 'put' ? 2 : 1),
        })
      },
    ),
    { numRuns: 150 },
  )
})

test('any two lists are equal, or the counts say that they are not', () => {
  const list = fc.array(fc.constantFrom(...lines(12), 'x', ''), { maxLength: 30 })
  fc.assert(
    fc.property(list, list, fc.integer({ min: 1, max: 9 }), (a, b, atOnce) => {
      const expected = [...new Set(a)]
      const { differing, missing, extra } = compare(expected, b, { atOnce })
      expect(differing + missing + extra === 0).toBe(JSON.stringify(expected) === JSON.stringify(b))
      expect(expected.length - missing).toBe(b.length - extra)
    }),
    { numRuns: 300 },
  )
})

test('a hundred thousand lines that are gone are counted without losing the place', () => {
  const all = lines(200_000)
  const found = [...all.slice(0, 50_000), ...all.slice(150_000)]
  expect(compare(all, found, { atOnce: 5000 })).toMatchObject({ ...SOUND, missing: 100_000, first: 50_001 })
})

test('a hundred thousand lines that do not belong there are counted without losing the place', () => {
  const all = lines(100_000)
  const found = [
    ...all.slice(0, 50_000),
    ...Array<string>(100_000).fill('strange line'),
    ...all.slice(50_000),
  ]
  expect(compare(all, found, { atOnce: 5000 })).toMatchObject({ ...SOUND, extra: 100_000, first: 50_001 })
})

test('a file of which every line differs costs every line once', () => {
  const all = lines(100_000)
  const changed = all.map((line) => `${line}!`)
  expect(compare(all, changed, { atOnce: 5000 })).toMatchObject({ ...SOUND, differing: 100_000, first: 1 })
})

test('lines that the journal has lost are no difference, many of them neither', () => {
  const all = lines(150_000)
  const expected = [...all.slice(0, 20_000), ...all.slice(120_000)]
  const isLost = (sequence: number): boolean => sequence >= 20_000 && sequence < 120_000
  expect(compare(expected, all, { atOnce: 5000, isLost })).toEqual({ ...SOUND, onlyHere: 100_000 })
})

test('megabytes without a new line are looked at in pieces', () => {
  const all = lines(1000)
  const found = [...all.slice(0, 500), '\0'.repeat(20_000_000), ...all.slice(500)]
  const { extra, ...rest } = compare(all, found)
  expect(rest).toEqual({ differing: 0, missing: 0, onlyHere: 0, first: 501 })
  expect(extra).toBeGreaterThanOrEqual(1)
})
