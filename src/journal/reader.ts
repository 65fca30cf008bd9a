import fs from 'node:fs'
import type { RecordBatch } from '../record/batch.js'
import { BatchBuilder } from '../record/builder.js'
import { NameTable } from '../record/names.js'
import { listSegments, segmentPath } from './files.js'
import { BLOCK_BYTES, CHUNK, type Chunk, readChunk } from './framing.js'
import { decodeNote, FRAMES_HEADER_BYTES, type Note, PAYLOAD } from './payload.js'
import { JOURNAL_START, offsetOf, positionOf, segmentOf } from './position.js'

/** A place in a journal, and what a reader must know to go on from there. Plain JSON. */
export interface JournalPlace {
  readonly position: number
  /** Next sequence number of each producer. */
  readonly next: { readonly [producer: string]: number }
}

export const FIRST_PLACE: JournalPlace = { position: JOURNAL_START, next: {} }

export interface ReadLimits {
  /** Read up to here and not beyond; without it, up to what is on the disk. */
  readonly end?: number
  /** Stop after about this many bytes of journal. */
  readonly maxBytes?: number
}

export interface JournalReaderOptions {
  /** A table that several readers share, so that their batches agree on the indexes of names. */
  readonly names?: NameTable
  readonly onNote?: (note: Note) => void
}

const BUFFER_BYTES = 16 * BLOCK_BYTES

/**
 * Reads a journal from a place on, also while it is being written. One thread, synchronous file calls.
 *
 * Damage (a wrong checksum, a torn end that a later segment follows) costs the rest of its block: the reader
 * goes on at the next one. What ends in the middle at the very end of the journal is not damage but "not there
 * yet": the reader stays before it, and `read()` may be called again.
 */
export class JournalReader {
  readonly #directory: string
  readonly #builder: BatchBuilder
  readonly #buffer = Buffer.allocUnsafeSlow(BUFFER_BYTES)
  readonly #chunk: Chunk = { type: 0, start: 0, end: 0 }
  readonly #onNote: ((note: Note) => void) | undefined
  #position: number
  #recordStart = 0
  #fd = -1
  #openSegment = 0
  #parts: Buffer[] = []
  /** Blocks that were left because of damage. */
  damagedBlocks = 0

  constructor(directory: string, place: JournalPlace = FIRST_PLACE, options: JournalReaderOptions = {}) {
    this.#directory = directory
    this.#builder = new BatchBuilder(options.names ?? new NameTable())
    this.#position = place.position
    this.#onNote = options.onNote
    for (const [producer, next] of Object.entries(place.next)) this.#builder.next.set(Number(producer), next)
    if (offsetOf(place.position) > 0) this.#learnNames(place.position)
  }

  get place(): JournalPlace {
    return { position: this.position, next: Object.fromEntries(this.#builder.next) }
  }

  /** Where the next record begins: a record that has been read in part does not count. */
  get position(): number {
    return this.#parts.length > 0 ? this.#recordStart : this.#position
  }

  /** Every key definition seen so far. */
  definitions(): Iterable<{ producer: number; key: number; name: string }> {
    return this.#builder.definitions()
  }

  /** Rows that the sequence numbers miss so far. */
  get lost(): number {
    return this.#builder.lost
  }

  /** The rows from here on, or null where there are none (yet). The batch is valid until the next call. */
  read({ end = Number.POSITIVE_INFINITY, maxBytes = 1024 * 1024 }: ReadLimits = {}): RecordBatch | null {
    let budget = maxBytes
    // Null means that there is nothing more: definitions and repeated rows, however many, are not an end.
    while (this.#position < end && (budget > 0 || this.#builder.rows === 0)) {
      const before = this.#position
      const bytes = Math.min(Math.max(budget, 1), BUFFER_BYTES)
      if (!this.#readBuffer(end, bytes, false) && !this.#nextSegment(end)) break
      if (segmentOf(before) === segmentOf(this.#position)) budget -= this.#position - before
    }
    return this.#builder.rows === 0 ? null : this.#builder.take()
  }

  close(): void {
    if (this.#fd >= 0) fs.closeSync(this.#fd)
    this.#fd = -1
    this.#openSegment = 0
  }

  /** Reads this segment's definitions up to `position`, so that its rows have names. */
  #learnNames(position: number): void {
    this.#position = positionOf(segmentOf(position), 0)
    while (this.#position < position && this.#readBuffer(position, BUFFER_BYTES, true)) {
      // goes on until the place, or the file's end
    }
    this.#position = position
    this.#parts = []
    this.damagedBlocks = 0
  }

  /** Parses what one buffer of the segment holds; false where no progress was made. */
  #readBuffer(end: number, maxBytes: number, definitionsOnly: boolean): boolean {
    const segment = segmentOf(this.#position)
    if (!this.#open(segment)) return false
    const offset = offsetOf(this.#position)
    const base = offset - (offset % BLOCK_BYTES)
    const limit = segmentOf(end) === segment ? offsetOf(end) : Number.POSITIVE_INFINITY
    const want = Math.min(
      BUFFER_BYTES,
      Math.ceil(maxBytes / BLOCK_BYTES) * BLOCK_BYTES + BLOCK_BYTES,
      limit - base,
    )
    const bytes = this.#fill(base, want)
    // What the writer has announced is complete: if it cannot be read, it is damaged. Without an announcement,
    // the last block may be one that is just being written.
    const known = end !== Number.POSITIVE_INFINITY
    let at = offset - base
    while (at < bytes) {
      const blockEnd = (Math.floor(at / BLOCK_BYTES) + 1) * BLOCK_BYTES
      const result = readChunk(this.#buffer, at, blockEnd, bytes, this.#chunk)
      if (result === 'chunk') {
        if (this.#chunk.type === CHUNK.FIRST) this.#recordStart = positionOf(segment, base + at)
        this.#addChunk(this.#chunk, definitionsOnly)
        at = this.#chunk.end
      } else if (result === 'trailer' && blockEnd <= bytes) {
        at = blockEnd
      } else if (result !== 'trailer' && (known || blockEnd < bytes || this.#hasMore(base + bytes))) {
        this.#damaged()
        at = Math.min(blockEnd, bytes)
      } else {
        break
      }
    }
    const next = positionOf(segment, base + at)
    const moved = next > this.#position
    this.#position = next
    return moved
  }

  #fill(base: number, want: number): number {
    let bytes = 0
    while (bytes < want) {
      const read = fs.readSync(this.#fd, this.#buffer, bytes, want - bytes, base + bytes)
      if (read === 0) break
      bytes += read
    }
    return bytes
  }

  #hasMore(offset: number): boolean {
    return fs.fstatSync(this.#fd).size > offset
  }

  #damaged(): void {
    this.damagedBlocks++
    this.#parts = []
  }

  #addChunk({ type, start, end }: Chunk, definitionsOnly: boolean): void {
    if (type === CHUNK.FULL) {
      this.#parts = []
      this.#addPayload(this.#buffer.subarray(start, end), definitionsOnly)
      return
    }
    // MIDDLE and LAST without their FIRST are the rest of a record whose beginning was damaged.
    if (type === CHUNK.FIRST) this.#parts = []
    else if (this.#parts.length === 0) return
    this.#parts.push(Buffer.from(this.#buffer.subarray(start, end)))
    if (type !== CHUNK.LAST) return
    const payload = Buffer.concat(this.#parts)
    this.#parts = []
    if (isWhole(payload)) this.#addPayload(payload, definitionsOnly)
    else this.#damaged()
  }

  #addPayload(payload: Buffer, definitionsOnly: boolean): void {
    if (payload[0] === PAYLOAD.FRAMES) {
      const producer = payload.readUInt16LE(2)
      this.#builder.add(
        producer,
        payload.readDoubleLE(8),
        payload.subarray(FRAMES_HEADER_BYTES),
        definitionsOnly,
      )
    } else if (payload[0] === PAYLOAD.NOTE && !definitionsOnly) {
      this.#onNote?.(decodeNote(payload))
    }
  }

  #open(segment: number): boolean {
    if (this.#openSegment === segment) return true
    this.close()
    try {
      this.#fd = fs.openSync(segmentPath(this.#directory, segment), 'r')
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false
      throw error
    }
    this.#openSegment = segment
    return true
  }

  /** Moves to the next segment that exists, once this one can grow no more. */
  #nextSegment(end: number): boolean {
    const segment = segmentOf(this.#position)
    const next = listSegments(this.#directory).find((candidate) => candidate > segment)
    if (next === undefined || positionOf(next, 0) > end) return false
    // The writer may have added to this segment after we had read its end and before it began the next.
    if (this.#readBuffer(Number.POSITIVE_INFINITY, BUFFER_BYTES, false)) return true
    if (this.#openSegment === segment && this.#hasMore(offsetOf(this.#position))) this.#damaged()
    this.#parts = []
    this.#position = positionOf(next, 0)
    return true
  }
}

/**
 * False for chunks of two records: each is sound, and together they have a wrong length. A disk that wrote a
 * block to a wrong place, or not at all, can leave that.
 */
function isWhole(payload: Buffer): boolean {
  if (payload[0] !== PAYLOAD.FRAMES) return true
  let at = FRAMES_HEADER_BYTES
  while (at + 8 <= payload.length) {
    const words = payload.readUInt32LE(at) >>> 8
    if (words === 0) return false
    at += words * 8
  }
  return at === payload.length
}
