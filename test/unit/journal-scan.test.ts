import fs from 'node:fs'
import { crc32 } from 'node:zlib'
import { afterEach, expect, test } from 'vitest'
import { crcOf } from '../../src/journal/crc.js'
import { listSegments, segmentPath } from '../../src/journal/files.js'
import { BLOCK_BYTES } from '../../src/journal/framing.js'
import { positionOf } from '../../src/journal/position.js'
import { readBack } from '../../src/journal/read-back.js'
import { JournalReader } from '../../src/journal/reader.js'
import { scanJournal } from '../../src/journal/scan.js'
import { bytesBefore, journalBytes } from '../../src/journal/size.js'
import { DROP } from '../../src/ring/layout.js'
import { Random } from '../model/support/random.js'
import { JournalFixture } from './support/journal.js'

const fixtures: JournalFixture[] = []
afterEach(() => {
  for (const made of fixtures.splice(0)) {
    made.close()
    made.remove()
  }
})

function make(options: { segmentBytes?: number; producers?: number } = {}, rows = 400): JournalFixture {
  const fixture = new JournalFixture(options)
  fixtures.push(fixture)
  for (let i = 0; i < rows; i++) {
    const names = Array.from({ length: 40 }, (_, j) => `m${(i % 9) + j}`)
    fixture.log(Object.fromEntries(names.map((name) => [name, i])), i, i % (options.producers ?? 1))
    if (i % 7 === 0) fixture.write()
  }
  fixture.write()
  return fixture
}

test('the checksum is that of zlib, for every length and alignment', () => {
  const random = new Random(3)
  const bytes = Buffer.from(Uint8Array.from({ length: 700 }, () => random.int(0, 255)))
  for (let length = 0; length < 400; length++) {
    for (const start of [0, 1, 2, 3, 7]) {
      const seed = crc32(Uint8Array.of(length & 0xff))
      expect(crcOf(bytes, start, start + length, seed)).toBe(
        crc32(bytes.subarray(start, start + length), seed),
      )
    }
  }
})

test('the scan of a sound journal has all rows, names and bytes, and nothing to complain of', () => {
  const fixture = make({ segmentBytes: 64 * 1024, producers: 2 })
  const seen: number[] = []
  const scan = scanJournal(fixture.directory, { onProgress: (bytes) => seen.push(bytes) })
  expect([scan.damage, scan.undefinedNames, scan.tornTailBytes]).toEqual([[], 0, 0])
  expect([...scan.producers.values()]).toEqual([
    { rows: 200, next: 200, missing: [], repeated: 0 },
    { rows: 200, next: 200, missing: [], repeated: 0 },
  ])
  expect(scan.segments.map(({ segment }) => segment)).toEqual(listSegments(fixture.directory))
  expect(scan.segments.every(({ headWhole }) => headWhole)).toBe(true)
  expect([seen.at(-1), scan.bytes]).toEqual([scan.bytes, journalBytes(fixture.directory)])
  expect([...seen].sort((a, b) => a - b)).toEqual(seen)
})

test('the scan says where damage is, of which kind, and which rows it costs: as many as a reader loses', () => {
  const fixture = make({ segmentBytes: 200 * 1024 })
  const random = new Random(5)
  const segments = listSegments(fixture.directory)
  const kinds = new Set<string>()
  for (let round = 0; round < 300; round++) {
    const segment = random.pick(segments)
    const file = segmentPath(fixture.directory, segment)
    const whole = fs.readFileSync(file)
    // The first byte is one that makes the first chunk too long for its block.
    const at = round === 0 ? 5 : random.int(0, whole.length - 1)
    const damaged = Buffer.from(whole)
    if (round % 3 === 0) damaged[at] = damaged[at]! ^ (1 << (round === 0 ? 7 : random.int(0, 7)))
    else if (round % 3 === 1) damaged.subarray(at, at + random.int(1, 70_000)).fill(random.pick([0, 0xff]))
    fs.writeFileSync(file, round % 3 === 2 ? damaged.subarray(0, at) : damaged)
    const scan = scanJournal(fixture.directory)
    const reader = new JournalReader(fixture.directory)
    let rows = 0
    const unknown = new Set<string>()
    for (let batch = reader.read(); batch !== null; batch = reader.read()) {
      rows += batch.count
      for (const name of batch.names) if (name.startsWith('unknown/')) unknown.add(name)
    }
    const producer = scan.producers.get(0)!
    const missing = producer.missing.reduce((sum, { from, to }) => sum + to - from, 0)
    expect([round, producer.rows, missing, producer.next]).toEqual([
      round,
      rows,
      reader.lost,
      reader.place.next[0],
    ])
    expect(scan.undefinedNames).toBe(unknown.size)
    expect(scan.damage.length).toBe(reader.damagedBlocks)
    if (round % 3 === 0 && (segment < segments.at(-1)! || at < whole.length - BLOCK_BYTES)) {
      expect(scan.damage.map((damage) => damage.segment)).toEqual([segment])
      expect(Math.floor(scan.damage[0]!.offset / BLOCK_BYTES)).toBe(Math.floor(at / BLOCK_BYTES))
    }
    for (const { kind } of scan.damage) kinds.add(kind)
    reader.close()
    fs.writeFileSync(file, whole)
  }
  expect([...kinds].sort()).toEqual(['checksum', 'length', 'torn', 'type'])
})

test('a record that is half written at the very end is no damage, and its bytes are counted', () => {
  const fixture = make()
  const file = segmentPath(fixture.directory, 1)
  const size = fs.statSync(file).size
  fs.truncateSync(file, size - 3)
  const { damage, tornTailBytes, producers } = scanJournal(fixture.directory)
  expect(damage).toEqual([])
  expect(tornTailBytes).toBeGreaterThan(0)
  expect(producers.get(0)!.missing).toEqual([])
})

test('the bytes before a place are those of all segments before it, and its own up to it', () => {
  const { directory } = make({ segmentBytes: 64 * 1024 })
  const sizes = listSegments(directory).map((segment) => fs.statSync(segmentPath(directory, segment)).size)
  let sum = 0
  for (const [i, size] of sizes.entries()) {
    expect(bytesBefore(directory, positionOf(i + 1, 0))).toBe(sum)
    expect(bytesBefore(directory, positionOf(i + 1, 100))).toBe(sum + 100)
    sum += size
    expect(bytesBefore(directory, positionOf(i + 1, size))).toBe(sum)
  }
  expect(journalBytes(directory)).toBe(sum)
  expect([journalBytes('/nowhere'), bytesBefore('/nowhere', 0)]).toEqual([0, 0])
})

test('what was dropped is told by the last segment alone, and not told again by a later writer', () => {
  const fixture = make({ segmentBytes: 32 * 1024, producers: 2 }, 10)
  const drops = new Float64Array(fixture.rings[0]!, 0, 256)
  drops[DROP['ring-full']] = 7
  drops[DROP['too-large']] = 1
  fixture.journal.noteDropped()
  fixture.write()
  for (let i = 0; i < 200; i++) fixture.log({ [`m${i % 5}`]: i, n: 1 }, i)
  fixture.write()
  fixture.crash()
  fixture.journal.noteDropped()
  fixture.write()
  const expected = new Map([[0, { 'ring-full': 7, 'too-large': 1 }]])
  expect(scanJournal(fixture.directory).dropped).toEqual(expected)
  for (const segment of listSegments(fixture.directory).slice(0, -1)) {
    fs.rmSync(segmentPath(fixture.directory, segment))
  }
  expect(readBack(fixture.directory).dropped).toEqual(expected)
  const notes: string[] = []
  const reader = new JournalReader(fixture.directory, undefined, { onNote: ({ note }) => notes.push(note) })
  reader.read()
  reader.close()
  expect(notes).toEqual(['segment'])
})

test('a segment can begin with a note of thousands of producers, which no block holds', () => {
  const fixture = make({}, 3)
  fixture.close()
  const file = segmentPath(fixture.directory, 1)
  fs.rmSync(file)
  const many = new JournalFixture({ directory: fixture.directory, producers: 3000, capacityBytes: 1 << 12 })
  for (let producer = 0; producer < 3000; producer++) many.log({ a: producer }, 1, producer)
  many.write()
  many.crash()
  many.write()
  many.close()
  const { producers, segments, damage } = scanJournal(fixture.directory)
  expect([producers.size, segments.length, damage.length]).toEqual([3000, 2, 0])
  expect(segments[1]!.headWhole).toBe(true)
  fs.rmSync(file)
  expect(readBack(fixture.directory).next.size).toBe(3000)
})
