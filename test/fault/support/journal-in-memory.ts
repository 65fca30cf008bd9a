import { expect } from 'vitest'
import { segmentPath } from '../../../src/journal/files.js'
import { BLOCK_BYTES, type Chunk, readChunk } from '../../../src/journal/framing.js'
import { JournalReader } from '../../../src/journal/reader.js'
import { Random } from '../../model/support/random.js'
import { SimDisk } from '../../support/sim-fs/disk.js'
import type { SimFile } from '../../support/sim-fs/file.js'
import { installSimFs } from '../../support/sim-fs/install.js'
import { type ExpectedRow, JournalFixture } from '../../unit/support/journal.js'
import { type RecordInFile, scanSegment } from '../../unit/support/read-journal.js'

const ROOT = '/simulated-disk'
const PRODUCERS = 2

/**
 * The small journal whose every bit is flipped: a head, a full block, and one that is not full; in memory, so
 * that a hundred thousand readings are a matter of seconds. A second segment is there where a test asks for it.
 */
export class JournalInMemory {
  readonly file: SimFile
  readonly whole: Buffer
  readonly records: readonly RecordInFile[]
  readonly totals: readonly number[]
  readonly #rows: readonly ExpectedRow[][]
  readonly #second: Buffer
  readonly #disk = new SimDisk(1)
  readonly #sim = installSimFs(this.#disk, ROOT)

  constructor(rows: number) {
    const random = new Random(29)
    this.#sim.calls.mkdirSync(`${ROOT}/journal`, { recursive: true })
    const fixture = new JournalFixture({ directory: `${ROOT}/journal`, producers: PRODUCERS })
    const logAll = (count: number, step: number): void => {
      for (let i = 0; i < count; i++) {
        const n = random.int(7, 13)
        const names = Array.from({ length: n }, (_, j) => `m${Math.floor((step + i) / 20) + j}`)
        fixture.log(Object.fromEntries(names.map((name) => [name, random.unit()])), step + i, i % PRODUCERS)
        if (random.chance(0.3)) fixture.write()
      }
      fixture.write()
    }
    logAll(rows, 0)
    this.totals = fixture.rings.map(
      (_, producer) => fixture.rows.filter((row) => row.producer === producer).length,
    )
    this.records = scanSegment(`${ROOT}/journal`, 1)
    fixture.crash()
    logAll(4, rows)
    fixture.close()
    this.#rows = this.totals.map((_, producer) => fixture.rows.filter((row) => row.producer === producer))
    this.file = this.#disk.find(segmentPath(`${ROOT}/journal`, 1)) as SimFile
    this.whole = Buffer.from(this.file.content)
    const second = segmentPath(`${ROOT}/journal`, 2)
    this.#second = this.#sim.calls.readFileSync(second) as Buffer
    this.#sim.calls.rmSync(second)
  }

  /** With the second segment in its place. */
  withSecond(run: () => void): void {
    const second = segmentPath(`${ROOT}/journal`, 2)
    this.#sim.calls.writeFileSync(second, this.#second)
    run()
    this.#sim.calls.rmSync(second)
  }

  uninstall(): void {
    this.#sim.uninstall()
  }

  /** Rows of each producer of the first segment that are whole in its first `size` bytes. */
  wholeBefore(size: number): number[] {
    const counts = this.totals.map(() => 0)
    for (const { producer, rows, end } of this.records) if (rows > 0 && end <= size) counts[producer]! += rows
    return counts
  }

  /** Rows of each producer that have a byte in this block at or behind `offset`. */
  rowsFrom(offset: number): number[] {
    const blockEnd = Math.floor(offset / BLOCK_BYTES + 1) * BLOCK_BYTES
    const counts = this.totals.map(() => 0)
    for (const { producer, rows, start, end } of this.records) {
      if (rows > 0 && end > offset && start < blockEnd) counts[producer]! += rows
    }
    return counts
  }

  /**
   * Reads everything: each row that comes is one that was logged, to the bit, and in its order. Gives how many of
   * each producer came, and how many are told to be lost.
   */
  read(): { readonly counts: number[]; readonly lost: number } {
    const reader = new JournalReader(`${ROOT}/journal`)
    const counts = this.totals.map(() => 0)
    const next = this.totals.map(() => 0)
    for (let batch = reader.read(); batch !== null; batch = reader.read()) {
      const { names, keys, values, offsets } = batch
      for (let row = 0; row < batch.count; row++) {
        const producer: number = batch.producers[row]!
        const sequence: number = batch.sequences[row]!
        const first = offsets[row]!
        const expected = this.#rows[producer]?.[sequence]
        if (expected === undefined || sequence < next[producer]!) expect.fail(`row ${producer}:${sequence}`)
        next[producer] = sequence + 1
        counts[producer]!++
        let same = batch.steps[row] === expected.step && offsets[row + 1]! - first === expected.values.length
        for (let i = 0; same && i < expected.values.length; i++) {
          const [name, value] = expected.values[i]!
          same = names[keys[first + i]!] === name && values[first + i] === value
        }
        if (!same) expect.fail(`row ${producer}:${sequence} is not as it was logged`)
      }
    }
    reader.close()
    return { counts, lost: reader.lost }
  }
}

export interface ChunkInFile {
  readonly at: number
  readonly end: number
  readonly blockEnd: number
}

/** The chunks of an undamaged segment. Every byte of it is in one of them, if no block has a trailer. */
export function chunksOf(whole: Buffer): ChunkInFile[] {
  const chunk: Chunk = { type: 0, start: 0, end: 0 }
  const chunks: ChunkInFile[] = []
  for (let at = 0; at < whole.length; at = chunk.end) {
    const blockEnd = at - (at % BLOCK_BYTES) + BLOCK_BYTES
    expect(readChunk(whole, at, blockEnd, whole.length, chunk)).toBe('chunk')
    chunks.push({ at, end: chunk.end, blockEnd })
  }
  return chunks
}
