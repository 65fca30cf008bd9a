import { afterEach, expect, test, vi } from 'vitest'
import { listSegments } from '../../src/journal/files.js'
import { PAYLOAD } from '../../src/journal/payload.js'
import { JournalReader } from '../../src/journal/reader.js'
import { DROP } from '../../src/ring/layout.js'
import { Random } from '../model/support/random.js'
import { type ExpectedRow, JournalFixture } from './support/journal.js'
import { places, readJournal, readMore, sameRow, scanSegment } from './support/read-journal.js'

vi.setConfig({ testTimeout: 600_000 })

const fixtures: JournalFixture[] = []
const fixture = (options = {}): JournalFixture => {
  const made = new JournalFixture(options)
  fixtures.push(made)
  return made
}
afterEach(() => {
  for (const made of fixtures.splice(0)) {
    made.close()
    made.remove()
  }
})

/** Rows of all sizes, with names that come up in the middle of the run. */
function logRows(into: JournalFixture, count: number, random: Random, producers = 1): void {
  for (let i = 0; i < count; i++) {
    const values: Record<string, number | bigint> = {}
    const n = random.chance(0.02) ? random.int(100, 400) : random.int(1, 8)
    const first = random.int(0, 5) + Math.floor(i / 20)
    for (let j = 0; j < n; j++) {
      values[`metric/${'x'.repeat((first + j) % 60)}-${first + j}`] = random.chance(0.05)
        ? BigInt(i) - 3n
        : random.unit()
    }
    into.log(values, i, random.int(0, producers - 1))
    if (random.chance(0.2)) into.write()
  }
  into.write()
}

/** `toEqual` for many rows: it takes its time only where they differ. */
function expectRows(rows: readonly ExpectedRow[], expected: readonly ExpectedRow[]): void {
  const same = rows.length === expected.length && rows.every((row, i) => sameRow(row, expected[i]!))
  if (!same) expect(rows).toEqual(expected)
}

const byProducer = (rows: readonly ExpectedRow[], producer: number): ExpectedRow[] =>
  rows.filter((row) => row.producer === producer)

test('rows of several producers come back as they were logged, each producer in its order', () => {
  const written = fixture({ producers: 3 })
  logRows(written, 2000, new Random(1), 3)
  const read = readJournal(written.directory)
  for (let producer = 0; producer < 3; producer++) {
    expect(byProducer(read.rows, producer)).toEqual(byProducer(written.rows, producer))
  }
  expect([read.lost, read.damagedBlocks]).toEqual([0, 0])
})

test('a journal of many small segments reads as one', () => {
  const written = fixture({ segmentBytes: 64 * 1024 })
  logRows(written, 3000, new Random(2))
  expect(listSegments(written.directory).length).toBeGreaterThan(5)
  const read = readJournal(written.directory)
  expectRows(read.rows, written.rows)
  expect([read.lost, read.damagedBlocks]).toEqual([0, 0])
})

test('a row larger than several blocks comes back, and so do its neighbours', () => {
  const written = fixture()
  const large = Object.fromEntries(Array.from({ length: 20_000 }, (_, index) => [`m${index}`, index / 7]))
  for (const values of [{ a: 1 }, large, { b: 2n }, large, { a: 3 }]) written.log(values, 1)
  written.write()
  expectRows(readJournal(written.directory).rows, written.rows)
})

test('notes stand between the rows: each segment says whose it is, and what was dropped is told once', () => {
  const written = fixture({ segmentBytes: 64 * 1024 })
  logRows(written, 500, new Random(3))
  new Float64Array(written.rings[0]!, 0, 256)[DROP['ring-full']] = 7
  written.journal.noteDropped()
  written.journal.noteDropped()
  written.write()
  const { notes } = readJournal(written.directory)
  const segments = notes.filter(({ note }) => note === 'segment')
  expect(segments.map((note) => 'segment' in note && note.segment)).toEqual(listSegments(written.directory))
  expect(notes.filter(({ note }) => note === 'dropped')).toEqual([
    { note: 'dropped', producer: 0, dropped: { 'ring-full': 7 } },
  ])
})

test('from every record on, a reader gets exactly the rest, with its names', () => {
  const written = fixture({ segmentBytes: 64 * 1024 })
  logRows(written, 900, new Random(4))
  const all = places(written.directory)
  expect(all.length).toBeGreaterThan(200)
  for (const place of all) {
    const read = readJournal(written.directory, place)
    expect(read.lost).toBe(0)
    expectRows(read.rows, written.rows.slice(place.next[0] ?? 0))
  }
})

test('the place of a reader after each batch is one from which another goes on', () => {
  const written = fixture({ segmentBytes: 64 * 1024 })
  logRows(written, 1200, new Random(5))
  const rows: ExpectedRow[] = []
  let place = readJournal(written.directory, undefined, { end: 0 }).place
  for (;;) {
    const reader = new JournalReader(written.directory, JSON.parse(JSON.stringify(place)))
    const batch = reader.read({ maxBytes: 1 })
    reader.close()
    if (batch === null) break
    place = reader.place
    rows.push(...written.rows.slice(rows.length, place.next[0]))
    expect(batch.sequences[batch.count - 1]! + 1).toBe(place.next[0])
  }
  expect(rows).toEqual(written.rows)
})

test('a reader that follows a live journal gets every row once, never beyond the end that it was told', () => {
  const written = fixture({ segmentBytes: 96 * 1024 })
  const random = new Random(6)
  const following = new JournalReader(written.directory)
  const told = new JournalReader(written.directory)
  const [live, announced]: [ExpectedRow[], ExpectedRow[]] = [[], []]
  for (let i = 0; i < 600; i++) {
    written.log({ a: i, [`b${i % 50}`]: random.unit() }, i)
    if (random.chance(0.3)) written.journal.pass()
    if (random.chance(0.3)) readMore(following, live)
    const end = written.journal.position
    if (random.chance(0.3)) readMore(told, announced, { end })
    expect(told.position).toBeLessThanOrEqual(end)
  }
  written.write()
  readMore(following, live)
  readMore(told, announced, { end: written.journal.position })
  expect(live).toEqual(written.rows)
  expect(announced).toEqual(written.rows)
  expect([following.lost, told.lost, following.damagedBlocks, told.damagedBlocks]).toEqual([0, 0, 0, 0])
  following.close()
  told.close()
})

test('padding ends a block and is nothing to a reader, whatever room is left', () => {
  const rest = new Set<number>()
  for (let length = 1; length <= 200; length++) {
    const written = fixture()
    // Names of every length shift the end of the block's last record byte by byte.
    for (let i = 0; i < 60; i++)
      written.log({ [`${'n'.repeat(length)}`]: i, [`${i}${'m'.repeat(480)}`]: 1 }, i)
    for (let i = 0; i < 200; i++) {
      written.log({ a: i }, i)
      if (i % 3 === length % 3) written.write()
    }
    written.write()
    const records = scanSegment(written.directory, 1)
    for (const { start, end, kind } of records) {
      if (kind === PAYLOAD.PADDING) rest.add(end - start)
    }
    const read = readJournal(written.directory)
    expectRows(read.rows, written.rows)
    expect(read.damagedBlocks).toBe(0)
    written.close()
    written.remove()
  }
  expect(rest.size).toBeGreaterThan(5)
})
