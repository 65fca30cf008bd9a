import fs from 'node:fs'
import { afterEach, expect, test, vi } from 'vitest'
import { listSegments, segmentPath } from '../../src/journal/files.js'
import { BLOCK_BYTES } from '../../src/journal/framing.js'
import { JournalFixture } from './support/journal.js'
import { readAndCompare, scanSegment } from './support/read-journal.js'

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

function expectAllRead({ directory, rows }: JournalFixture): void {
  const { sequences, lost } = readAndCompare(directory, rows)
  expect(sequences).toEqual(rows.map(({ sequence }) => sequence))
  expect(lost).toBe(0)
}

test('segments are closed at their size, whatever the size of the rows', () => {
  for (const values of [3, 5, 11, 2700, 5000]) {
    const written = fixture({ segmentBytes: 128 * 1024 })
    const row = Object.fromEntries(Array.from({ length: values }, (_, index) => [`m${index}`, index]))
    for (let i = 0; i < 1_000_000 / (values * 12 + 24); i++) {
      written.log(row, i)
      written.write()
    }
    const head = scanSegment(written.directory, 2).find(({ rows }) => rows > 0)!.start
    for (const segment of listSegments(written.directory)) {
      const { size } = fs.statSync(segmentPath(written.directory, segment))
      expect(size).toBeLessThanOrEqual(128 * 1024 + head + 2 * BLOCK_BYTES + values * 12)
    }
    expectAllRead(written)
  }
})

test('many names in small segments do not make a segment of every pass', () => {
  const written = fixture({ segmentBytes: 64 * 1024 })
  for (let i = 0; i < 3000; i++) written.log({ [`a name of some length, number ${i}`]: i }, i)
  written.write()
  const before = listSegments(written.directory).length
  for (let i = 0; i < 20; i++) written.write()
  expect(listSegments(written.directory)).toHaveLength(before)
  expectAllRead(written)
})

test('more than a megabyte without a row is not the end of a journal', () => {
  const written = fixture({ segmentBytes: 64 * 1024 })
  for (let i = 0; i < 8000; i++) {
    written.log({ [`${'a long name '.repeat(8)}${i}`]: i }, i)
    if (i % 500 === 0) written.write()
  }
  written.write()
  written.crash()
  for (let i = 0; i < 5; i++) written.log({ last: i }, i)
  written.write()
  expectAllRead(written)
})
