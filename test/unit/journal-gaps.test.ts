import fs from 'node:fs'
import { afterEach, expect, test, vi } from 'vitest'
import type { JournalFs } from '../../src/journal/files.js'
import { listSegments, segmentPath } from '../../src/journal/files.js'
import { BLOCK_BYTES } from '../../src/journal/framing.js'
import type { JournalPlace } from '../../src/journal/position.js'
import { JournalReader } from '../../src/journal/reader.js'
import { scanJournal } from '../../src/journal/scan.js'
import { F64 } from '../../src/ring/layout.js'
import { JournalFixture } from './support/journal.js'
import { readAndCompare, readJournal } from './support/read-journal.js'

vi.setConfig({ testTimeout: 120_000 })

const fixtures: JournalFixture[] = []
afterEach(() => {
  for (const made of fixtures.splice(0)) {
    made.close()
    made.remove()
  }
})

/** A disk whose next `failing` syncs fail. What it then has of the file is for the test to say. */
const disk = { failing: 0 }
const files: JournalFs = {
  ...(fs as JournalFs),
  fdatasyncSync(fd) {
    if (disk.failing-- > 0) throw Object.assign(new Error('EIO: injected'), { code: 'EIO' })
    fs.fdatasyncSync(fd)
  },
}

const NAMES = Array.from({ length: 150 }, (_, i) => `m${i}`)

function log(fixture: JournalFixture, rows: number): void {
  for (let i = 0; i < rows; i++) {
    const step = fixture.rows.length
    fixture.log(Object.fromEntries(NAMES.map((name) => [name, step])), step)
  }
}

/** Some synced rows, 90 KB that `failures` syncs in a row fail for, and some more: a segment for each failure. */
function afterFailedSyncs(failures: number): JournalFixture {
  const fixture = new JournalFixture({ files })
  fixtures.push(fixture)
  log(fixture, 5)
  fixture.write()
  log(fixture, 45)
  disk.failing = failures
  for (let i = 0; i < failures; i++) expect(fixture.turn()).toBe(false)
  expect(fixture.turn()).toBe(true)
  log(fixture, 5)
  fixture.write()
  return fixture
}

/** Runs with those blocks of a segment zeroed for which `lost` has a bit; the synced ones before are left. */
function without(fixture: JournalFixture, segment: number, lost: number, run: () => void): void {
  const file = segmentPath(fixture.directory, segment)
  const whole = fs.readFileSync(file)
  const damaged = Buffer.from(whole)
  for (let block = 0; block * BLOCK_BYTES < whole.length; block++) {
    if (lost & (1 << block)) damaged.subarray(block * BLOCK_BYTES, (block + 1) * BLOCK_BYTES).fill(0)
  }
  fs.writeFileSync(file, damaged)
  run()
  fs.writeFileSync(file, whole)
}

/** The blocks of segment 1 that a power cut can take: not those that were synced before. */
const UNSYNCED = 0b11100

function expectAll(fixture: JournalFixture): void {
  const { sequences, lost } = readAndCompare(fixture.directory, fixture.rows)
  expect(lost).toBe(0)
  expect(sequences).toEqual(fixture.rows.map(({ sequence }) => sequence))
  const producer = scanJournal(fixture.directory).producers.get(0)!
  expect([producer.rows, producer.missing]).toEqual([fixture.rows.length, []])
}

test('whatever blocks the disk lost after a failed sync, their rows are read from the next segment', () => {
  const fixture = afterFailedSyncs(1)
  expect(listSegments(fixture.directory)).toEqual([1, 2])
  for (let lost = 0; lost <= UNSYNCED; lost += 4) without(fixture, 1, lost, () => expectAll(fixture))
})

test('after several failed syncs, rows are read from whichever segment still has them', () => {
  const fixture = afterFailedSyncs(3)
  expect(listSegments(fixture.directory)).toEqual([1, 2, 3, 4])
  for (const [first, second, third] of [
    [0b01000, 0b00100, 0b10000],
    [0b00100, 0b01100, 0b01110],
    [0b11100, 0b11111, 0b00100],
    [0b01000, 0b00011, 0b11111],
  ] as const) {
    without(fixture, 1, first, () =>
      without(fixture, 2, second, () => without(fixture, 3, third, () => expectAll(fixture))),
    )
  }
})

test('a reader that goes on from any batch before, in or behind the hole gets each row once', () => {
  const fixture = afterFailedSyncs(1)
  without(fixture, 1, 0b01000, () => {
    let place: JournalPlace = readJournal(fixture.directory, undefined, { end: 0 }).place
    const found: number[] = []
    for (;;) {
      const reader = new JournalReader(fixture.directory, JSON.parse(JSON.stringify(place)))
      const batch = reader.read({ maxBytes: 1 })
      if (batch !== null) found.push(...batch.sequences.subarray(0, batch.count))
      reader.close()
      if (batch === null) break
      place = reader.place
      expect(batch.count, 'batches stay small in the hole too').toBeLessThan(30)
    }
    expect(found).toEqual(fixture.rows.map(({ sequence }) => sequence))
  })
})

test('a reader that was told an end in the damaged segment gets the rows before it from the next one', () => {
  const fixture = afterFailedSyncs(1)
  const size = fs.statSync(segmentPath(fixture.directory, 1)).size
  without(fixture, 1, 0b01000, () => {
    const { rows, lost } = readJournal(fixture.directory, undefined, { end: 2 ** 31 + size })
    expect([rows.length, lost]).toEqual([50, 0])
    expect(rows).toEqual(fixture.rows.slice(0, 50))
  })
})

test('a drain that takes over from one whose sync failed writes again what was not synced', () => {
  const fixture = new JournalFixture({ files })
  fixtures.push(fixture)
  log(fixture, 5)
  fixture.write()
  log(fixture, 45)
  disk.failing = 1
  expect(fixture.turn()).toBe(false)
  fixture.crash()
  fixture.write()
  expect(fixture.counter(F64.SYNCED)).toBe(50)
  for (let lost = 0; lost <= UNSYNCED; lost += 4) without(fixture, 1, lost, () => expectAll(fixture))
})

test('rows that only a removed segment had are counted as lost, though no later row shows it', () => {
  const fixture = new JournalFixture({ segmentBytes: 16 * 1024, producers: 2 })
  fixtures.push(fixture)
  fixture.log({ a: 1 }, 0, 1)
  fixture.write()
  log(fixture, 30)
  fixture.write()
  log(fixture, 30)
  fixture.write()
  fs.rmSync(segmentPath(fixture.directory, 1))
  const { rows, lost } = readJournal(fixture.directory)
  expect(rows.length + lost).toBe(61)
  expect(scanJournal(fixture.directory).producers.get(1)).toMatchObject({ rows: 0, next: 1 })
})
