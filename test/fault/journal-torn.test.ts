import fs from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { segmentPath } from '../../src/journal/files.js'
import { BLOCK_BYTES } from '../../src/journal/framing.js'
import { PAYLOAD } from '../../src/journal/payload.js'
import { Random } from '../model/support/random.js'
import { JournalFixture, type RecordInFile, readAndCompare, scanSegment } from '../unit/support/journal.js'

/** OFFSTEP_TEST_ALL=1: every byte and every bit everywhere (minutes). */
const ALL = process.env.OFFSTEP_TEST_ALL !== undefined

/** One segment with new names in every block and rows that span blocks, and the five rows of a second one. */
const written = new JournalFixture()
let records: RecordInFile[]
let whole: Buffer
let file: string
let fd: number
let total: number
let second: Buffer

beforeAll(() => {
  const random = new Random(7)
  for (let i = 0; i < 260; i++) {
    const values: Record<string, number | bigint> = {}
    const n = random.int(1, 70)
    for (let j = 0; j < n; j++) values[`m${Math.floor(i / 2) + j}`] = j === 30 ? BigInt(i) : random.unit()
    written.log(values, i)
    if (random.chance(0.5)) written.write()
  }
  written.write()
  total = written.rows.length
  written.crash()
  for (let i = 0; i < 5; i++) written.log({ m1: i, later: i }, i)
  written.write()
  written.close()
  second = fs.readFileSync(segmentPath(written.directory, 2))
  fs.rmSync(segmentPath(written.directory, 2))
  file = segmentPath(written.directory, 1)
  records = scanSegment(written.directory, 1)
  whole = fs.readFileSync(file)
  fd = fs.openSync(file, 'r+')
})

afterAll(() => {
  fs.closeSync(fd)
  written.remove()
})

/** The file's bytes as they were. */
function mend(): void {
  fs.writeSync(fd, whole, 0, whole.length, 0)
  fs.ftruncateSync(fd, whole.length)
}

const blockOf = (offset: number): number => Math.floor(offset / BLOCK_BYTES)

/** Sequence numbers of the rows that have a byte in one of these blocks. */
function rowsIn(blocks: readonly number[]): Set<number> {
  const found = new Set<number>()
  for (const { start, end, sequence, rows } of records) {
    if (!blocks.some((block) => blockOf(start) <= block && block <= blockOf(end - 1))) continue
    for (let i = 0; i < rows; i++) found.add(sequence + i)
  }
  return found
}

/** What is read is what was written, each row once and in order; gives the rows of segment 1 that are missing. */
function missing(unknownNames = false): Set<number> {
  const { sequences, lost } = readAndCompare(written.directory, written.rows, unknownNames)
  const absent = new Set(Array.from({ length: total }, (_, sequence) => sequence))
  let last = -1
  for (const sequence of sequences) {
    if (sequence <= last) expect.fail(`row ${sequence} after row ${last}`)
    last = sequence
    absent.delete(sequence)
  }
  // Rows after the last one that was read are not known to be lost: they may not have been written yet.
  let known = 0
  for (const sequence of absent) if (sequence < last) known++
  if (lost !== known) expect(lost).toBe(known)
  return absent
}

function expectOnlyLost(blocks: readonly number[]): void {
  const allowed = rowsIn(blocks)
  for (const sequence of missing()) {
    if (!allowed.has(sequence)) expect.fail(`row ${sequence} is lost, and has no byte in block ${blocks}`)
  }
}

test('the journal under test has names, spanning rows and padding in its blocks', () => {
  expect(blockOf(whole.length)).toBeGreaterThanOrEqual(4)
  expect(records.filter(({ start, end }) => blockOf(start) < blockOf(end - 1)).length).toBeGreaterThan(2)
  expect(records.filter(({ kind, rows }) => kind === PAYLOAD.FRAMES && rows === 0).length).toBeGreaterThan(10)
  expect(missing().size).toBe(0)
})

test('cut at any byte, every record that is whole before the cut is read, and nothing else', () => {
  let cuts = 0
  let rows = total
  let record = records.length - 1
  for (let size = whole.length - 1; size >= 0; size--) {
    while (record >= 0 && records[record]!.end > size) rows -= records[record--]!.rows
    // The bytes of the head's padding are all alike.
    if (!ALL && size < BLOCK_BYTES - 64 && size > 300 && size % 61 !== 0) continue
    if (!ALL && size > BLOCK_BYTES * 3 && size % 5 !== 0) continue
    fs.ftruncateSync(fd, size)
    const absent = missing().size
    if (absent !== total - rows) expect(absent, `cut at ${size}`).toBe(total - rows)
    cuts++
  }
  mend()
  process.stdout.write(`journal cut at ${cuts} bytes of ${whole.length}\n`)
}, 600_000)

test('cut at any byte, a reader goes on with the segment that follows', () => {
  fs.writeFileSync(segmentPath(written.directory, 2), second)
  try {
    let record = records.length - 1
    let rows = total
    for (let size = whole.length; size > BLOCK_BYTES; size -= ALL ? 1 : 17) {
      while (record >= 0 && records[record]!.end > size) rows -= records[record--]!.rows
      fs.ftruncateSync(fd, size)
      const { sequences, lost } = readAndCompare(written.directory, written.rows)
      if (lost !== total - rows) expect(lost, `cut at ${size}`).toBe(total - rows)
      if (sequences.length !== rows + 5 || sequences.at(-1) !== total + 4) expect.fail(`cut at ${size}`)
    }
  } finally {
    fs.rmSync(segmentPath(written.directory, 2))
    mend()
  }
}, 600_000)

function flip(offset: number, bit: number): void {
  fs.writeSync(fd, Buffer.of(whole[offset]! ^ (1 << bit)), 0, 1, offset)
  expectOnlyLost([blockOf(offset)])
  fs.writeSync(fd, whole, offset, 1, offset)
}

test('a flipped bit costs rows of its own block only, and they are counted', () => {
  const random = new Random(11)
  const block = 2
  const from = block * BLOCK_BYTES
  const exhaustiveUntil = from + (ALL ? BLOCK_BYTES : 4096)
  let flips = 0
  for (let offset = from; offset < from + BLOCK_BYTES; offset++) {
    if (offset < exhaustiveUntil) for (let bit = 0; bit < 8; bit++) flip(offset, bit)
    else flip(offset, random.int(0, 7))
    flips += offset < exhaustiveUntil ? 8 : 1
  }
  // And the headers of all chunks of the file, where a flip does most.
  for (const { start } of records) {
    for (let offset = start; offset < start + 7; offset++) flip(offset, random.int(0, 7))
    flips += 7
  }
  process.stdout.write(`journal with ${flips} flipped bits\n`)
}, 600_000)

test('a block of zeros, of ones or of random bytes costs its own rows only', () => {
  const random = new Random(13)
  const fills = [
    () => Buffer.alloc(BLOCK_BYTES),
    () => Buffer.alloc(BLOCK_BYTES, 0xff),
    () => Buffer.from(Uint8Array.from({ length: BLOCK_BYTES }, () => random.int(0, 255))),
  ]
  for (let block = 0; block <= blockOf(whole.length - 1); block++) {
    for (const fill of fills) {
      const at = block * BLOCK_BYTES
      fs.writeSync(fd, fill(), 0, Math.min(BLOCK_BYTES, whole.length - at), at)
      expectOnlyLost([block])
      mend()
    }
  }
})

test('a sector of 512 bytes that is zero, old or garbage costs its block only', () => {
  const random = new Random(17)
  for (let at = 0; at < whole.length; at += 512) {
    const sector = [
      Buffer.alloc(512),
      whole.subarray((at + 512 * 9) % whole.length, ((at + 512 * 9) % whole.length) + 512),
      Buffer.from(Uint8Array.from({ length: 512 }, () => random.int(0, 255))),
    ][random.int(0, 2)]!
    fs.writeSync(fd, sector, 0, Math.min(sector.length, whole.length - at), at)
    expectOnlyLost([blockOf(at)])
    fs.writeSync(fd, whole, at, Math.min(512, whole.length - at), at)
  }
})

test('two damaged blocks cost the rows of both, and no name of the others where a block lies between them', () => {
  const blocks = blockOf(whole.length - 1)
  for (let first = 0; first <= blocks; first++) {
    for (let second = first + 2; second <= blocks; second++) {
      for (const block of [first, second]) {
        fs.writeSync(fd, Buffer.alloc(64, 0xa5), 0, 64, block * BLOCK_BYTES)
      }
      expectOnlyLost([first, second])
      mend()
    }
  }
})

test('two blocks in each other’s place: no row is wrong or twice, and what is missing is counted', () => {
  const blocks = blockOf(whole.length - 1) - 1
  for (let first = 0; first <= blocks; first++) {
    for (let second = first + 1; second <= blocks; second++) {
      fs.writeSync(fd, whole, second * BLOCK_BYTES, BLOCK_BYTES, first * BLOCK_BYTES)
      fs.writeSync(fd, whole, first * BLOCK_BYTES, BLOCK_BYTES, second * BLOCK_BYTES)
      // A name may be told to be unknown, where its definition now comes later; a wrong one is never given.
      missing(true)
      mend()
    }
  }
})

test('garbage behind the end is not read, and does not stop the next segment', () => {
  const random = new Random(19)
  for (const length of [1, 6, 7, 8, 512, 40_000]) {
    const garbage = Buffer.from(Uint8Array.from({ length }, () => random.int(0, 255)))
    fs.writeSync(fd, garbage, 0, length, whole.length)
    expect(missing().size).toBe(0)
    fs.writeFileSync(segmentPath(written.directory, 2), second)
    const { sequences, lost } = readAndCompare(written.directory, written.rows)
    expect(sequences).toEqual(written.rows.map(({ sequence }) => sequence))
    expect(lost).toBe(0)
    fs.rmSync(segmentPath(written.directory, 2))
    mend()
  }
})
