import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { type JournalFs, listSegments, segmentPath } from '../../../src/journal/files.js'
import { BLOCK_BYTES, CHUNK, type Chunk, readChunk } from '../../../src/journal/framing.js'
import { FRAMES_HEADER_BYTES, type Note, PAYLOAD } from '../../../src/journal/payload.js'
import { positionOf } from '../../../src/journal/position.js'
import { FIRST_PLACE, type JournalPlace, JournalReader, type ReadLimits } from '../../../src/journal/reader.js'
import { RingJournal } from '../../../src/journal/ring-journal.js'
import { KIND_ROW } from '../../../src/record/frame.js'
import { Control } from '../../../src/ring/control.js'
import { F64 } from '../../../src/ring/layout.js'
import { RingReader } from '../../../src/ring/reader.js'
import { createRing } from '../../../src/ring/ring.js'
import { Producer } from '../../../src/run/producer.js'

export function temporaryDirectory(): string {
  const parent = fs.existsSync('/dev/shm') ? '/dev/shm' : os.tmpdir()
  return fs.mkdtempSync(path.join(parent, 'offstep-journal-'))
}

export type Values = { readonly [name: string]: number | bigint }

export interface ExpectedRow {
  readonly producer: number
  readonly sequence: number
  readonly step: number
  readonly values: readonly (readonly [string, number | bigint])[]
}

/** Producers, their rings and a journal; what was logged is remembered. */
export class JournalFixture {
  readonly directory: string
  readonly rows: ExpectedRow[] = []
  readonly rings: SharedArrayBuffer[] = []
  readonly #producers: Producer[] = []
  readonly #segmentBytes: number
  readonly #files: JournalFs
  #journal: RingJournal | null = null

  constructor({ directory = temporaryDirectory(), segmentBytes = 2 ** 30, producers = 1, files = fs as JournalFs, capacityBytes = 1 << 21 } = {}) {
    this.directory = directory
    this.#segmentBytes = segmentBytes
    this.#files = files
    for (let producer = 0; producer < producers; producer++) {
      const ring = createRing({
        producer,
        capacityBytes,
        whenFull: 'drop',
        maxCapacityBytes: capacityBytes,
        maxBlockMs: 1,
      })
      this.rings.push(ring)
      const limits = { maxMetrics: 100_000, maxNameBytes: 16_384 }
      this.#producers.push(new Producer({ ring, control: new Control(), limits, warn: () => {} }))
    }
  }

  get journal(): RingJournal {
    if (this.#journal !== null) return this.#journal
    const journal = new RingJournal({
      directory: this.directory,
      runId: 'test',
      segmentBytes: this.#segmentBytes,
      files: this.#files,
    })
    for (const [producer, ring] of this.rings.entries()) {
      journal.add(new RingReader(ring, journal.nextSequence(producer)))
    }
    this.#journal = journal
    return journal
  }

  log(values: Values, step: number, producer = 0): void {
    const sequence = this.counter(F64.PUBLISHED, producer)
    this.#producers[producer]!.log(values, step)
    assert.equal(this.counter(F64.PUBLISHED, producer), sequence + 1, 'the row fits the ring')
    this.rows.push({ producer, sequence, step, values: Object.entries(values) })
  }

  /** Logs until the ring is full. */
  fill(values: Values): void {
    for (let sequence = this.counter(F64.PUBLISHED); ; sequence++) {
      this.#producers[0]!.log(values, sequence)
      if (this.counter(F64.PUBLISHED) === sequence) return
      this.rows.push({ producer: 0, sequence, step: sequence, values: Object.entries(values) })
    }
  }

  counter(index: number, producer = 0): number {
    return new Float64Array(this.rings[producer]!, 0, 256)[index]!
  }

  /** What the drain's loop does in one turn. False after an error, which it answers as the drain does. */
  turn(passing: readonly string[] = ['ENOSPC'], sync = true): boolean {
    try {
      this.journal.pass()
      if (sync) this.journal.sync()
      return true
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code
      if (code === undefined) throw error
      if (!passing.includes(code)) this.#journal?.abandonSegment()
      return false
    }
  }

  write(): void {
    this.journal.pass()
    this.journal.sync()
  }

  /** The drain dies: nothing is closed or released. The next use begins a journal writer anew. */
  crash(): void {
    this.#journal = null
  }

  close(): void {
    this.#journal?.close()
    this.#journal = null
  }

  remove(): void {
    fs.rmSync(this.directory, { recursive: true, force: true })
  }
}

export interface ReadResult {
  readonly rows: ExpectedRow[]
  readonly lost: number
  readonly damagedBlocks: number
  readonly place: JournalPlace
  readonly notes: Note[]
}

/** Everything from a place on. */
export function readJournal(directory: string, place: JournalPlace = FIRST_PLACE, limits: ReadLimits = {}): ReadResult {
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
 * number, without keeping it: for tests that read thousands of times. `unknownNames`: a name may be told to be
 * unknown. Gives the sequence numbers in the order in which they came.
 */
export function readAndCompare(
  directory: string,
  expected: readonly ExpectedRow[],
  unknownNames = false,
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
        same = found === name || (unknownNames && found.startsWith('unknown/'))
        same &&= typeof value === 'bigint' ? integers.get(first + i) === value : Object.is(values[first + i], value)
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
    if ((payload[at]! & 0xff) === KIND_ROW) rows++
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
