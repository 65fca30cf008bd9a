import { afterAll, expect, test } from 'vitest'
import { BLOCK_BYTES, CHUNK_HEADER_BYTES, type Chunk, readChunk } from '../../src/journal/framing.js'
import { chunksOf, JournalInMemory } from './support/journal-in-memory.js'

const journal = new JournalInMemory(260)
const { file, whole, totals, records } = journal
const total = totals.reduce((sum, rows) => sum + rows, 0)
const lastBlock = Math.floor((whole.length - 1) / BLOCK_BYTES) * BLOCK_BYTES
afterAll(() => journal.uninstall())

const chunks = chunksOf(whole)
const sum = (counts: readonly number[]): number => counts.reduce((a, b) => a + b, 0)

/** Reads with one bit flipped. */
function flipped(offset: number, bit: number): { readonly counts: number[]; readonly lost: number } {
  const bytes = file.content
  bytes[offset] = whole[offset]! ^ (1 << bit)
  try {
    return journal.read()
  } catch (error) {
    if (error instanceof Error) error.message = `bit ${bit} of byte ${offset}: ${error.message}`
    throw error
  } finally {
    bytes[offset] = whole[offset]!
  }
}

test('the segment under test has three blocks and a few hundred rows of two producers, and is read whole', () => {
  expect([Math.ceil(whole.length / BLOCK_BYTES), totals.length, total]).toEqual([3, 2, 260])
  expect(journal.read()).toEqual({ counts: totals, lost: 0 })
  expect(records.filter(({ rows }) => rows > 0).length).toBeGreaterThan(50)
  const block = (offset: number): number => Math.floor(offset / BLOCK_BYTES)
  expect(records.filter(({ start, end }) => block(start) < block(end - 1)).length, 'spanning').toBe(1)
})

test('every flipped bit, all of them, makes its chunk one that is not read', () => {
  const chunk: Chunk = { type: 0, start: 0, end: 0 }
  const bytes = Buffer.from(whole)
  let flips = 0
  for (const { at, blockEnd, end } of chunks) {
    for (let offset = at; offset < end; offset++) {
      for (let bit = 0; bit < 8; bit++) {
        bytes[offset] = whole[offset]! ^ (1 << bit)
        const result = readChunk(bytes, at, blockEnd, bytes.length, chunk)
        if (result !== 'bad' && result !== 'short') expect.fail(`bit ${bit} of byte ${offset}: ${result}`)
        flips++
      }
      bytes[offset] = whole[offset]!
    }
  }
  expect(flips).toBe(whole.length * 8)
}, 600_000)

/** The reader's answer may differ by the bit only in a chunk's header: checksum, length and type. */
const headerBytes = new Set(
  chunks.flatMap(({ at }) => Array.from({ length: CHUNK_HEADER_BYTES }, (_, i) => at + i)),
)
const bitsOf = (offset: number): number[] =>
  headerBytes.has(offset) ? [0, 1, 2, 3, 4, 5, 6, 7] : [(offset * 5) % 8]

test('a flipped bit of any byte costs the rest of its block, and what is read is right, in order and counted', () => {
  for (let offset = 0; offset < whole.length; offset++) {
    const hit = sum(journal.rowsFrom(offset))
    for (const bit of bitsOf(offset)) {
      const { counts, lost } = flipped(offset, bit)
      const missing = total - sum(counts)
      // Rows that nothing follows are not known to be lost: they may not have been written yet.
      const counted = offset < lastBlock ? missing : 0
      if (missing !== hit || lost !== counted)
        expect({ offset, bit, missing, lost }).toEqual({ offset, bit, missing: hit, lost: counted })
    }
  }
}, 600_000)

test('with a next segment, a flipped bit in any block costs the rest of its block, all of it counted', () => {
  journal.withSecond(() => {
    for (let offset = 0; offset < whole.length; offset++) {
      if (offset % 3 > 0 && !headerBytes.has(offset)) continue
      const hit = sum(journal.rowsFrom(offset))
      for (const bit of bitsOf(offset)) {
        const { counts, lost } = flipped(offset, bit)
        const missing = total + 4 - sum(counts)
        if (missing !== hit || lost !== hit)
          expect({ offset, bit, missing, lost }).toEqual({ offset, bit, missing: hit, lost: hit })
      }
    }
  })
}, 600_000)

test('cut at any byte, every row that is whole before the cut is read, and nothing else', () => {
  for (let size = whole.length; size >= 0; size--) {
    file.truncate(size)
    const { counts, lost } = journal.read()
    const expected = journal.wholeBefore(size)
    if (lost !== 0 || counts.some((count, i) => count !== expected[i])) {
      expect({ size, counts, lost }).toEqual({ size, counts: expected, lost: 0 })
    }
  }
  file.write(whole, 0)
}, 600_000)

test('cut at any byte, a reader goes on with the next segment, and counts what the cut took', () => {
  journal.withSecond(() => {
    for (let size = whole.length; size >= 0; size--) {
      file.truncate(size)
      const { counts, lost } = journal.read()
      const left = sum(journal.wholeBefore(size))
      if (lost !== total - left || sum(counts) !== left + 4)
        expect({ size, lost }).toEqual({ size, lost: total - left })
    }
  })
  file.write(whole, 0)
}, 600_000)
