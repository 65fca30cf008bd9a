import { afterAll, expect, test, vi } from 'vitest'
import { BLOCK_BYTES } from '../../src/journal/framing.js'
import { PAYLOAD } from '../../src/journal/payload.js'
import { Random } from '../model/support/random.js'
import { blockOf, DamagedJournal } from './support/damaged-journal.js'

vi.setConfig({ testTimeout: 600_000 })

const journal = new DamagedJournal(260, 70)
const { records, whole, total } = journal
const lastBlock = blockOf(whole.length - 1)
afterAll(() => journal.remove())

const garbage = (random: Random, length: number): Buffer =>
  Buffer.from(Uint8Array.from({ length }, () => random.int(0, 255)))

test('the journal under test has names, spanning rows and definitions said again in its blocks', () => {
  expect(lastBlock).toBeGreaterThanOrEqual(4)
  expect(records.filter(({ start, end }) => blockOf(start) < blockOf(end - 1)).length).toBeGreaterThan(2)
  expect(records.filter(({ kind, rows }) => kind === PAYLOAD.FRAMES && rows === 0).length).toBeGreaterThan(10)
  expect(journal.missing().size).toBe(0)
})

test('a block of zeros, of ones or of random bytes costs its own rows only', () => {
  const random = new Random(13)
  const fills = [Buffer.alloc(BLOCK_BYTES), Buffer.alloc(BLOCK_BYTES, 0xff), garbage(random, BLOCK_BYTES)]
  for (let block = 0; block <= lastBlock; block++) {
    for (const fill of fills) {
      const at = block * BLOCK_BYTES
      journal.write(fill.subarray(0, whole.length - at), at)
      journal.expectOnlyLost([block])
      journal.mend()
    }
  }
})

test('a sector of 512 bytes that is zero, old or garbage costs its block only', () => {
  const random = new Random(17)
  for (let at = 0; at < whole.length; at += 512) {
    const other = (at + 512 * 9) % whole.length
    const sectors = [Buffer.alloc(512), whole.subarray(other, other + 512), garbage(random, 512)]
    for (const sector of sectors) {
      journal.write(sector.subarray(0, whole.length - at), at)
      journal.expectOnlyLost([blockOf(at)])
      journal.write(whole.subarray(at, at + 512), at)
    }
  }
})

test('two damaged blocks cost the rows of both, and no name of the others where a block lies between', () => {
  for (let first = 0; first <= lastBlock; first++) {
    for (let second = first + 2; second <= lastBlock; second++) {
      for (const block of [first, second]) journal.write(Buffer.alloc(64, 0xa5), block * BLOCK_BYTES)
      journal.expectOnlyLost([first, second])
      journal.mend()
    }
  }
})

test('names that two damaged neighbours cost are found in the head of the next segment', () => {
  journal.withSecond(() => {
    for (let block = 0; block < lastBlock; block++) {
      journal.write(Buffer.alloc(64, 0xa5), block * BLOCK_BYTES)
      journal.write(Buffer.alloc(64, 0xa5), (block + 1) * BLOCK_BYTES)
      const { sequences } = journal.read()
      expect(sequences.slice(-5)).toEqual([total, total + 1, total + 2, total + 3, total + 4])
      journal.mend()
    }
  })
})

test('without a next segment, names that two damaged neighbours cost are told to be unknown', () => {
  let unknown = 0
  for (let block = 0; block < lastBlock; block++) {
    journal.write(Buffer.alloc(64, 0xa5), block * BLOCK_BYTES)
    journal.write(Buffer.alloc(64, 0xa5), (block + 1) * BLOCK_BYTES)
    journal.read(total)
    try {
      journal.read()
    } catch {
      unknown++
    }
    journal.mend()
  }
  expect(unknown).toBeGreaterThan(0)
})

const block = (index: number): Buffer => whole.subarray(index * BLOCK_BYTES, (index + 1) * BLOCK_BYTES)
const place = (from: number, at: number): void => journal.write(block(from), at * BLOCK_BYTES)

test("two blocks in each other's place cost at most the rows that lie in one of them in part", () => {
  for (let first = 0; first < lastBlock; first++) {
    for (let second = first + 1; second < lastBlock; second++) {
      place(second, first)
      place(first, second)
      const torn = journal.rowsAcross([first - 1, first, second - 1, second])
      for (const sequence of journal.missing()) {
        if (!torn.has(sequence)) expect.fail(`row ${sequence} is lost: blocks ${first} and ${second}`)
      }
      journal.mend()
    }
  }
})

test('a block written to the place of another costs the rows of that one, and none between', () => {
  for (let from = 0; from < lastBlock; from++) {
    for (let to = 0; to < lastBlock; to++) {
      if (from === to) continue
      place(from, to)
      journal.expectOnlyLost([to])
      journal.mend()
    }
  }
})

test('garbage behind the end is not read, and does not stop the next segment', () => {
  const random = new Random(19)
  for (const length of [1, 6, 7, 8, 512, 40_000]) {
    journal.write(garbage(random, length), whole.length)
    expect(journal.missing().size).toBe(0)
    journal.withSecond(() => {
      const { sequences, lost } = journal.read()
      expect(sequences).toEqual(Array.from({ length: total + 5 }, (_, sequence) => sequence))
      expect(lost).toBe(0)
    })
    journal.mend()
  }
})
