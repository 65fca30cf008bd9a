import fs from 'node:fs'
import { expect } from 'vitest'
import { segmentPath } from '../../../src/journal/files.js'
import { BLOCK_BYTES } from '../../../src/journal/framing.js'
import { Random } from '../../model/support/random.js'
import { JournalFixture } from '../../unit/support/journal.js'
import { type RecordInFile, readAndCompare, scanSegment } from '../../unit/support/read-journal.js'

export const blockOf = (offset: number): number => Math.floor(offset / BLOCK_BYTES)

/**
 * A journal to be damaged: one segment with new names in every block and rows that span blocks, and the five
 * rows of a second segment, which is there only where a test puts it.
 */
export class DamagedJournal {
  readonly records: readonly RecordInFile[]
  readonly whole: Buffer
  readonly fd: number
  /** Rows of the first segment. */
  readonly total: number
  readonly #written = new JournalFixture()
  readonly #second: Buffer

  constructor(rows: number, maxValues: number) {
    const written = this.#written
    const random = new Random(7)
    for (let i = 0; i < rows; i++) {
      const values: Record<string, number | bigint> = {}
      const n = random.int(1, maxValues)
      for (let j = 0; j < n; j++) values[`m${Math.floor(i / 2) + j}`] = j === 30 ? BigInt(i) : random.unit()
      written.log(values, i)
      if (random.chance(0.5)) written.write()
    }
    written.write()
    this.total = written.rows.length
    const middle = Array.from({ length: 60 }, (_, i) => `m${Math.floor(rows / 8) + i}`)
    written.crash()
    for (let i = 0; i < 5; i++)
      written.log({ ...Object.fromEntries(middle.map((name) => [name, i])), later: i }, i)
    written.write()
    written.close()
    this.#second = fs.readFileSync(this.#secondPath)
    fs.rmSync(this.#secondPath)
    this.records = scanSegment(written.directory, 1)
    this.whole = fs.readFileSync(segmentPath(written.directory, 1))
    this.fd = fs.openSync(segmentPath(written.directory, 1), 'r+')
  }

  get #secondPath(): string {
    return segmentPath(this.#written.directory, 2)
  }

  /** Runs with the second segment in place. */
  withSecond(run: () => void): void {
    fs.writeFileSync(this.#secondPath, this.#second)
    try {
      run()
    } finally {
      fs.rmSync(this.#secondPath)
    }
  }

  remove(): void {
    fs.closeSync(this.fd)
    this.#written.remove()
  }

  write(bytes: Uint8Array, at: number): void {
    fs.writeSync(this.fd, bytes, 0, bytes.length, at)
  }

  cut(size: number): void {
    fs.ftruncateSync(this.fd, size)
  }

  /** The file's bytes as they were. */
  mend(): void {
    this.write(this.whole, 0)
    this.cut(this.whole.length)
  }

  read(namedFrom = 0): { readonly sequences: number[]; readonly lost: number } {
    return readAndCompare(this.#written.directory, this.#written.rows, namedFrom)
  }

  /** Sequence numbers of the rows that have a byte in one of these blocks. */
  rowsIn(blocks: readonly number[]): Set<number> {
    const found = new Set<number>()
    for (const { start, end, sequence, rows } of this.records) {
      if (!blocks.some((block) => blockOf(start) <= block && block <= blockOf(end - 1))) continue
      for (let i = 0; i < rows; i++) found.add(sequence + i)
    }
    return found
  }

  /** Sequence numbers of the rows that begin in one of these blocks and end in the next. */
  rowsAcross(blocks: readonly number[]): Set<number> {
    const found = new Set<number>()
    for (const { start, end, sequence, rows } of this.records) {
      if (blockOf(start) === blockOf(end - 1) || !blocks.includes(blockOf(start))) continue
      for (let i = 0; i < rows; i++) found.add(sequence + i)
    }
    return found
  }

  /** What is read is what was written, each row once and in order; gives the rows of segment 1 that are missing. */
  missing(namedFrom = 0): Set<number> {
    const { sequences, lost } = this.read(namedFrom)
    const absent = new Set(Array.from({ length: this.total }, (_, sequence) => sequence))
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

  expectOnlyLost(blocks: readonly number[]): void {
    const absent = this.missing()
    if (absent.size === 0) return
    const allowed = this.rowsIn(blocks)
    for (const sequence of absent) {
      if (!allowed.has(sequence)) expect.fail(`row ${sequence} is lost, and has no byte in block ${blocks}`)
    }
  }
}
