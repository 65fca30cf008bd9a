import fs from 'node:fs'
import { afterEach, expect, test, vi } from 'vitest'
import { segmentPath } from '../../src/journal/files.js'
import { BLOCK_BYTES, CHUNK_HEADER_BYTES } from '../../src/journal/framing.js'
import { FRAMES_HEADER_BYTES } from '../../src/journal/payload.js'
import { JournalWriter } from '../../src/journal/writer.js'
import { encodeKey, KIND_ROW, rowWords } from '../../src/record/frame.js'
import { FaultyFs } from '../fault/support/faulty-fs.js'
import { temporaryDirectory } from './support/journal.js'
import { readJournal } from './support/read-journal.js'

vi.setConfig({ testTimeout: 600_000 })

const directories: string[] = []
afterEach(() => {
  for (const directory of directories.splice(0)) fs.rmSync(directory, { recursive: true })
})

/** A row frame of `n` values, all of key 0. */
function rowFrame(sequence: number, n: number): Uint8Array {
  const words = rowWords(n)
  const frame = Buffer.alloc(words * 8)
  frame.writeUInt32LE(((words << 8) | KIND_ROW) >>> 0, 0)
  frame.writeUInt32LE(sequence >>> 0, 4)
  frame.writeDoubleLE(sequence, 8)
  for (let i = 0; i < n; i++) frame.writeDoubleLE(sequence + i, 24 + i * 8)
  return frame
}

function openWriter(files = new FaultyFs(() => undefined), maxUnsyncedBytes = 2 ** 30) {
  const directory = temporaryDirectory()
  directories.push(directory)
  const options = { directory, runId: 'test', segmentBytes: 2 ** 30, maxUnsyncedBytes, files }
  const writer = new JournalWriter(options, {
    next: () => ({}),
    copies: () => new Map(),
    dropped: () => ({}),
    definitions: () => [],
  })
  return { directory, writer }
}

test('a block is filled to its end whatever room a record leaves, from nothing to a chunk header and more', () => {
  for (let left = 0; left <= 120; left++) {
    const { directory, writer } = openWriter()
    writer.appendFrames(0, 0, 0, encodeKey(0, 'm'))
    const room = writer.room()
    fill(writer, room - left)
    expect((writer.buffered + CHUNK_HEADER_BYTES + FRAMES_HEADER_BYTES + left) % BLOCK_BYTES).toBe(23)
    for (let row = 0; row < 4; row++) {
      writer.room()
      writer.appendFrames(0, 1, row, rowFrame(row, 3))
    }
    writer.flush()
    writer.close()
    const read = readJournal(directory)
    expect([read.rows.length, read.lost, read.damagedBlocks], `${left} bytes left`).toEqual([4, 0, 0])
  }
})

/** Appends a definition of `length` bytes in all, which nothing uses. */
function fill(writer: JournalWriter, length: number): void {
  const filler = Buffer.alloc(length)
  filler.set(encodeKey(99, 'filler'))
  writer.appendFrames(0, 0, 0, filler)
}

test('wherever a definition falls, one damaged block costs the rows of no other their name', () => {
  const name = 'n'.repeat(300)
  const definition = encodeKey(0, name)
  const exact = definition.length + FRAMES_HEADER_BYTES + CHUNK_HEADER_BYTES
  for (let left = 87; left <= exact + 87; left++) {
    const { directory, writer } = openWriter()
    fill(writer, writer.room() - left)
    writer.room()
    writer.appendFrames(0, 0, 0, definition)
    writer.repeatLater(0, definition)
    const blocks: number[][] = [[], [], [], [], [], []]
    for (let row = 0; row < 20; row++) {
      writer.room()
      const from = writer.position + writer.buffered
      writer.appendFrames(0, 1, row, rowFrame(row, 470))
      const to = writer.position + writer.buffered
      for (let at = from; at < to + BLOCK_BYTES - 1; at += BLOCK_BYTES) {
        blocks[Math.floor((Math.min(at, to - 1) % 2 ** 31) / BLOCK_BYTES)]!.push(row)
      }
    }
    writer.flush()
    writer.close()
    const file = segmentPath(directory, 1)
    const whole = fs.readFileSync(file)
    for (const damaged of [1, 2, 3]) {
      const torn = Buffer.from(whole)
      torn.fill(0, damaged * BLOCK_BYTES, damaged * BLOCK_BYTES + 64)
      fs.writeFileSync(file, torn)
      const { rows } = readJournal(directory)
      const wrong = rows.filter(({ values }) => values.some(([found]) => found !== name))
      expect(wrong.length, `definition ${left} bytes before a block's end, block ${damaged}`).toBe(0)
      const read = new Set(rows.map(({ sequence }) => sequence))
      for (let row = 0; row < 20; row++) if (!blocks[damaged]!.includes(row)) expect(read.has(row)).toBe(true)
    }
  }
})

test('a sync that is forced by its size ends between two records, so that a later failure tears none', () => {
  for (let failing = 0; failing < 12; failing++) {
    let syncs = 0
    const files = new FaultyFs((call) =>
      call === 'fdatasyncSync' && syncs++ === failing ? 'EIO' : undefined,
    )
    const { directory, writer } = openWriter(files, 250 * 1024)
    const again = (call: () => void): void => {
      try {
        call()
      } catch {
        call()
      }
    }
    writer.appendFrames(0, 0, 0, encodeKey(0, 'm'))
    const rows = 600
    for (let row = 0; row < rows; row++) {
      again(() => writer.room())
      // 5,687 bytes with its headers: blocks end in the middle of a row.
      again(() => writer.appendFrames(0, 1, row, rowFrame(row, 470)))
    }
    again(() => writer.flush())
    again(() => writer.sync())
    writer.close()
    const read = readJournal(directory)
    expect([failing, read.rows.length, read.lost]).toEqual([failing, rows, 0])
    expect(read.rows.every(({ step, values }) => values[449]![1] === step + 449)).toBe(true)
  }
})
