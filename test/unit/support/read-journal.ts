import assert from 'node:assert/strict'
import fs from 'node:fs'
import { listSegments, segmentPath } from '../../../src/journal/files.js'
import { BLOCK_BYTES, CHUNK, type Chunk, readChunk } from '../../../src/journal/framing.js'
import { FRAMES_HEADER_BYTES, type Note, PAYLOAD } from '../../../src/journal/payload.js'
import { FIRST_PLACE, type JournalPlace, positionOf } from '../../../src/journal/position.js'
import { JournalReader, type ReadLimits } from '../../../src/journal/reader.js'
import { isRecord } from '../../../src/record/frame.js'
import type { ExpectedRow } from './journal.js'

export interface ReadResult {
  readonly rows: ExpectedRow[]
  readonly lost: number
  readonly damagedBlocks: number
  readonly place: JournalPlace
  readonly notes: Note[]
}

/** Everything from a place on. */
export function readJournal(
  directory: string,
  place: JournalPlace = FIRST_PLACE,
  limits: ReadLimits = {},
): ReadResult {
  const notes: Note[] = []
  const reader = new JournalReader(directory, place, { onNote: (note) => notes.push(note) })
  const rows: ExpectedRow[] = []
  readMore(reader, rows, limits)
  const { lost, damagedBlocks } = reader
  reader.close()
  return { rows, lost, damagedBlocks, place: reader.place, notes }
}

export function readMore(reader: JournalReader, rows: ExpectedRow[], limits: ReadLimits = {}): void {
  for (let batch = reader.read(limits); batch !== null; batch = reader.read(limits)) {
    for (let row = 0; row < batch.count; row++) {
      const values: [string, number | bigint][] = []
      for (let slot = batch.offsets[row]!; slot < batch.offsets[row + 1]!; slot++) {
        values.push([batch.names[batch.keys[slot]!]!, batch.integers.get(slot) ?? batch.values[slot]!])
      }
      const producer = batch.producers[row]!
      rows.push({ producer, sequence: batch.sequences[row]!, step: batch.steps[row]!, values })
    }
  }
}

/**
 * Reads a journal of one producer from its start, and compares each row to the bit with the one of its sequence
 * number, without keeping it: for tests that read thousands of times. Names of rows before `namedFrom` may be told
 * to be unknown. Gives the sequence numbers in the order in which they came.
 */
export function readAndCompare(
  directory: string,
  expected: readonly ExpectedRow[],
  namedFrom = 0,
): { readonly sequences: number[]; readonly lost: number } {
  const reader = new JournalReader(directory)
  const sequences: number[] = []
  for (let batch = reader.read(); batch !== null; batch = reader.read()) {
    const { names, keys, values, integers, offsets } = batch
    for (let row = 0; row < batch.count; row++) {
      const sequence = batch.sequences[row]!
      sequences.push(sequence)
      const { step, values: pairs } = expected[sequence]!
      const first = offsets[row]!
      let same = batch.steps[row] === step && offsets[row + 1]! - first === pairs.length
      for (let i = 0; same && i < pairs.length; i++) {
        const [name, value] = pairs[i]!
        const found = names[keys[first + i]!]!
        same = found === name || (sequence < namedFrom && found.startsWith('unknown/'))
        same &&=
          typeof value === 'bigint' ? integers.get(first + i) === value : Object.is(values[first + i], value)
      }
      assert(same, `row ${sequence} is as it was logged`)
    }
  }
  reader.close()
  return { sequences, lost: reader.lost }
}

/** A record as it lies in a segment file. */
export interface RecordInFile {
  readonly start: number
  readonly end: number
  readonly kind: number
  readonly producer: number
  readonly sequence: number
  readonly rows: number
}

/** The records of an undamaged segment, found by its framing alone. */
export function scanSegment(directory: string, segment: number): RecordInFile[] {
  const data = fs.readFileSync(segmentPath(directory, segment))
  const chunk: Chunk = { type: 0, start: 0, end: 0 }
  const records: RecordInFile[] = []
  let parts: Buffer[] = []
  let start = 0
  for (let at = 0; at < data.length; ) {
    const blockEnd = (Math.floor(at / BLOCK_BYTES) + 1) * BLOCK_BYTES
    const result = readChunk(data, at, blockEnd, data.length, chunk)
    if (result !== 'chunk') {
      assert.equal(result, 'trailer', `a chunk at ${at} of segment ${segment}`)
      at = blockEnd
      continue
    }
    if (chunk.type === CHUNK.FULL || chunk.type === CHUNK.FIRST) {
      parts = []
      start = at
    }
    parts.push(data.subarray(chunk.start, chunk.end))
    at = chunk.end
    if (chunk.type === CHUNK.FULL || chunk.type === CHUNK.LAST) {
      records.push({ start, end: at, ...describePayload(Buffer.concat(parts)) })
    }
  }
  return records
}

function describePayload(payload: Buffer): Omit<RecordInFile, 'start' | 'end'> {
  if (payload[0] !== PAYLOAD.FRAMES) return { kind: payload[0] ?? 0, producer: -1, sequence: 0, rows: 0 }
  let rows = 0
  for (let at = FRAMES_HEADER_BYTES; at < payload.length; at += (payload.readUInt32LE(at) >>> 8) * 8) {
    if (isRecord(payload[at]! & 0xff)) rows++
  }
  assert.equal(payload.readUInt32LE(4), rows)
  return { kind: PAYLOAD.FRAMES, producer: payload.readUInt16LE(2), sequence: payload.readDoubleLE(8), rows }
}

/** Every record boundary of a journal, with the place that a reader has there. */
export function places(directory: string): JournalPlace[] {
  const next: Record<string, number> = {}
  const found: JournalPlace[] = []
  for (const segment of listSegments(directory)) {
    for (const { start, producer, sequence, rows } of scanSegment(directory, segment)) {
      found.push({ position: positionOf(segment, start), next: { ...next } })
      if (rows > 0) next[producer] = Math.max(next[producer] ?? 0, sequence + rows)
    }
  }
  return found
}

/** True where two rows are the same to the bit. */
export function sameRow(a: ExpectedRow, b: ExpectedRow): boolean {
  if (a.sequence !== b.sequence || a.producer !== b.producer || !Object.is(a.step, b.step)) return false
  if (a.values.length !== b.values.length) return false
  for (let i = 0; i < a.values.length; i++) {
    const [name, value] = a.values[i]!
    const [otherName, otherValue] = b.values[i]!
    if (name !== otherName || !Object.is(value, otherValue)) return false
  }
  return true
}
