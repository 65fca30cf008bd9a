import { afterAll, expect, test } from 'vitest'
import { BLOCK_BYTES } from '../../src/journal/framing.js'
import { Random } from '../model/support/random.js'
import { ALL, blockOf, DamagedJournal } from './support/damaged-journal.js'

const journal = new DamagedJournal(100, 60)
const { records, whole, total } = journal
afterAll(() => journal.remove())

/** Calls back for sizes of the file from the largest to the smallest, with the rows that are whole in each. */
function cutAt(step: (size: number) => number, check: (size: number, rows: number) => void): number {
  let cuts = 0
  let rows = total
  let record = records.length - 1
  for (let size = whole.length; size >= 0; size -= step(size)) {
    while (record >= 0 && records[record]!.end > size) rows -= records[record--]!.rows
    journal.cut(size)
    check(size, rows)
    cuts++
  }
  journal.mend()
  return cuts
}

const nearBlockEnd = (size: number): boolean => (size + 200) % BLOCK_BYTES < 400

test('cut at any byte, every record that is whole before the cut is read, and nothing else', () => {
  // Every byte of half a block and around each block's end; elsewhere every third, or in padding every 61st.
  const step = (size: number): number => {
    if (ALL || nearBlockEnd(size)) return 1
    if (size < BLOCK_BYTES) return size < 300 ? 1 : 61
    return size < BLOCK_BYTES * 1.5 ? 1 : 3
  }
  const cuts = cutAt(step, (size, rows) => {
    const absent = journal.missing().size
    if (absent !== total - rows) expect(absent, `cut at ${size}`).toBe(total - rows)
  })
  process.stdout.write(`journal cut at ${cuts} of ${whole.length} bytes\n`)
}, 3_600_000)

test('cut at any byte, a reader goes on with the segment that follows and counts what the cut took', () => {
  journal.withSecond(() => {
    cutAt(
      (size) => (ALL ? 1 : size < BLOCK_BYTES ? 997 : 17),
      (size, rows) => {
        const { sequences, lost } = journal.read()
        if (lost !== total - rows) expect(lost, `cut at ${size}`).toBe(total - rows)
        if (sequences.length !== rows + 5 || sequences.at(-1) !== total + 4) expect.fail(`cut at ${size}`)
      },
    )
  })
}, 3_600_000)

test('a flipped bit costs rows of its own block only, and they are counted', () => {
  const random = new Random(11)
  const from = BLOCK_BYTES
  let flips = 0
  const flip = (offset: number, bit: number): void => {
    journal.write(Uint8Array.of(whole[offset]! ^ (1 << bit)), offset)
    journal.expectOnlyLost([blockOf(offset)])
    journal.write(whole.subarray(offset, offset + 1), offset)
    flips++
  }
  for (let offset = from; offset < from + BLOCK_BYTES; offset++) {
    if (ALL || offset < from + 4096) for (let bit = 0; bit < 8; bit++) flip(offset, bit)
    else flip(offset, random.int(0, 7))
  }
  // And the headers of all chunks of the file, where a flip does most.
  for (const { start } of records) {
    for (let offset = start; offset < start + 7; offset++) flip(offset, random.int(0, 7))
  }
  process.stdout.write(`journal with ${flips} flipped bits\n`)
}, 3_600_000)
