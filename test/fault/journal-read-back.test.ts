import fs from 'node:fs'
import { expect, test, vi } from 'vitest'
import { listSegments, segmentPath } from '../../src/journal/files.js'
import { BLOCK_BYTES } from '../../src/journal/framing.js'
import { positionOf } from '../../src/journal/position.js'
import { readBack } from '../../src/journal/read-back.js'
import { F64 } from '../../src/ring/layout.js'
import { JournalFixture } from '../unit/support/journal.js'
import { places, readAndCompare, readJournal, scanSegment } from '../unit/support/read-journal.js'
import { FaultyFs } from './support/faulty-fs.js'

vi.setConfig({ testTimeout: 600_000 })

const SEGMENT_BYTES = 64 * 1024

function logSome(fixture: JournalFixture, round: number): void {
  for (let i = 0; i < 10; i++) {
    const n = 40 + ((round * 7 + i * 13) % 60)
    fixture.log(
      Object.fromEntries(Array.from({ length: n }, (_, j) => [`m${round * 2 + j}`, i + j / 3])),
      round,
    )
  }
}

function expectAllOnce(fixture: JournalFixture): void {
  const { sequences, lost } = readAndCompare(fixture.directory, fixture.rows)
  expect(lost).toBe(0)
  expect(sequences).toEqual(fixture.rows.map(({ sequence }) => sequence))
  expect(fixture.counter(F64.JOURNALED)).toBe(fixture.rows.length)
}

/** A drain that dies at the n-th file call, before or behind it, and is replaced: once, or at each call again. */
function runWithDeath(n: number, fault: 'ENDED' | 'after', again: number): number {
  let index = 0
  let next = n
  const files = new FaultyFs(() => {
    if (index++ !== next) return undefined
    next += again
    return fault
  })
  const fixture = new JournalFixture({ segmentBytes: SEGMENT_BYTES, files })
  for (let round = 0; round < 20; round++) {
    logSome(fixture, round)
    for (let attempt = 0; ; attempt++) {
      try {
        fixture.write()
        break
      } catch (error) {
        expect((error as NodeJS.ErrnoException).code).toBe('ENDED')
        expect(attempt).toBeLessThan(50)
        fixture.crash()
      }
    }
  }
  expectAllOnce(fixture)
  files.closeAll()
  fixture.remove()
  return index
}

test.each(['ENDED', 'after'] as const)(
  'a drain that dies at any file call (%s) is followed by one that goes on without a gap or a repeated row',
  (fault) => {
    const calls = runWithDeath(-1, fault, 0)
    expect(calls).toBeGreaterThan(60)
    for (let n = 0; n < calls; n++) runWithDeath(n, fault, 0)
    for (const again of [11, 17, 23]) for (let n = 0; n < again; n++) runWithDeath(n, fault, again)
  },
)

test('a ring full of rows that a dead drain had journaled gets its room back from the next drain', () => {
  let die = false
  const files = new FaultyFs((call) => (die && call === 'writeSync' ? 'after' : undefined))
  const fixture = new JournalFixture({ segmentBytes: 1 << 20, capacityBytes: 1 << 14, files })
  fixture.log({ a: 0 }, 0)
  fixture.write()
  fixture.fill({ a: 1 })
  die = true
  expect(() => fixture.write()).toThrow('ENDED')
  die = false
  fixture.crash()
  fixture.write()
  fixture.log({ a: 2 }, 1)
  fixture.write()
  expectAllOnce(fixture)
  fixture.close()
  fixture.remove()
})

test('rows that were taken and not written when a segment began are not held to be in the journal', () => {
  let full = false
  let heads = 0
  const files = new FaultyFs((call) => {
    if (!full || call !== 'writeSync') return undefined
    // The head of the new segment fits the disk, and nothing behind it does.
    return heads++ === 0 ? undefined : 'ENOSPC'
  })
  const fixture = new JournalFixture({ segmentBytes: 1 << 20, files })
  logSome(fixture, 0)
  fixture.write()
  fixture.journal.abandonSegment()
  full = true
  logSome(fixture, 1)
  expect(fixture.turn()).toBe(false)
  full = false
  fixture.crash()
  fixture.write()
  expectAllOnce(fixture)
  fixture.close()
  fixture.remove()
})

test('with the head of the last segment torn at any byte, the next writer knows all rows and names', () => {
  const fixture = new JournalFixture({ segmentBytes: SEGMENT_BYTES })
  for (let round = 0; round < 20; round++) {
    logSome(fixture, round)
    fixture.write()
  }
  fixture.crash()
  fixture.write()
  fixture.close()
  const last = listSegments(fixture.directory).at(-1)!
  const file = segmentPath(fixture.directory, last)
  const head = fs.readFileSync(file)
  const records = scanSegment(fixture.directory, last)
  expect(records.every(({ rows }) => rows === 0)).toBe(true)
  const names = [...new Set(fixture.rows.flatMap(({ values }) => values.map(([name]) => name)))].sort()
  let cuts = 0
  const inPadding = (size: number): boolean =>
    records.some(({ kind, start, end }) => kind === 3 && size > start + 16 && size < end - 2)
  for (let size = 0; size <= head.length; size += inPadding(size) ? 499 : 1) {
    fs.writeFileSync(file, head.subarray(0, size))
    const { next, definitions } = readBack(fixture.directory)
    expect(next.get(0)).toBe(fixture.rows.length)
    let bytes = 0
    for (const { frames } of definitions.groups()) bytes += frames.length
    expect(bytes, `cut at ${size}`).toBe(names.length * 24)
    cuts++
  }
  process.stdout.write(`head of a segment torn at ${cuts} of ${head.length} bytes\n`)
  for (const size of [0, 1, 500, 3000, BLOCK_BYTES, BLOCK_BYTES + 700, head.length - 1, head.length]) {
    fs.writeFileSync(file, head.subarray(0, size))
    logSome(fixture, size % 20)
    fixture.write()
    const next = listSegments(fixture.directory).at(-1)!
    // The new segment can be read alone: its head has every name.
    const place = { position: positionOf(next, 0), next: { 0: fixture.rows.length - 10 } }
    expect(readJournal(fixture.directory, place).rows).toEqual(fixture.rows.slice(-10))
    fixture.crash()
  }
  expectAllOnce(fixture)
  fixture.remove()
})

test('a damaged block in the head of a segment costs neither its rows a name nor the next writer anything', () => {
  const fixture = new JournalFixture({ segmentBytes: SEGMENT_BYTES })
  for (let round = 0; round < 20; round++) {
    logSome(fixture, round)
    fixture.write()
  }
  fixture.close()
  const last = listSegments(fixture.directory).at(-1)!
  const file = segmentPath(fixture.directory, last)
  const whole = fs.readFileSync(file)
  const place = places(fixture.directory).find(({ position }) => position === positionOf(last, 0))!
  const rows = fixture.rows.slice(place.next[0])
  expect(rows.length).toBeGreaterThan(10)
  for (let at = 0; at < 2 * BLOCK_BYTES; at += BLOCK_BYTES) {
    fs.writeFileSync(file, Buffer.from(whole).fill(0, at, at + BLOCK_BYTES))
    expect(readJournal(fixture.directory, place).rows).toEqual(rows)
    const { next, definitions } = readBack(fixture.directory)
    expect(next.get(0)).toBe(fixture.rows.length)
    const names = new Set(fixture.rows.flatMap(({ values }) => values.map(([name]) => name)))
    expect([...definitions.groups()].reduce((sum, { frames }) => sum + frames.length, 0)).toBe(
      names.size * 24,
    )
  }
  fixture.remove()
})
