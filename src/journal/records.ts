import fs from 'node:fs'
import { listSegments, segmentPath } from './files.js'
import { BLOCK_BYTES, CHUNK, type Chunk, readChunk, whyBad } from './framing.js'
import { FRAMES_HEADER_BYTES, PAYLOAD, readNote } from './payload.js'
import { offsetOf, positionOf, segmentOf } from './position.js'

/**
 * Why bytes hold no readable record.
 * - `checksum`, `type`, `length`: a chunk that was written otherwise, by the field that shows it
 * - `torn`: a chunk that ends behind its file's end
 * - `record`: chunks that are sound, and together no record
 */
export type DamageKind = 'checksum' | 'type' | 'length' | 'torn' | 'record'

export interface RecordVisitor {
  /**
   * A whole record, which begins at `offset` of `segment`: bytes `start .. end - 1` of `buffer` are its payload,
   * valid until this returns. False: not now; the reader stays before this record.
   */
  record(buffer: Buffer, start: number, end: number, segment: number, offset: number): boolean
  /** Bytes of a segment that were left because of damage: to the end of their block, or of the file. */
  damage(segment: number, offset: number, bytes: number, kind: DamageKind): void
}

export const READ_BYTES = 16 * BLOCK_BYTES

const NO_BUFFER = Buffer.alloc(0)
/** Buffers of closed readers: half a MiB is fetched from and given back to the system each time otherwise. */
const spare: Buffer[] = []
const MAX_SPARE = 4

/**
 * Finds the records of a journal from a place on, by their framing alone. Damage costs the rest of its block:
 * it goes on at the next one. What ends in the middle at the very end of the journal is "not there yet".
 * One thread, synchronous file calls.
 */
export class RecordReader {
  readonly #directory: string
  readonly #visitor: RecordVisitor
  /** Empty while no file is open. */
  #buffer: Buffer = NO_BUFFER
  readonly #chunk: Chunk = { type: 0, start: 0, end: 0 }
  #position: number
  #recordOffset = 0
  #fd = -1
  #openSegment = 0
  #parts: Buffer[] = []
  /** The visitor did not want the record that comes next. */
  held = false

  constructor(directory: string, position: number, visitor: RecordVisitor) {
    this.#directory = directory
    this.#position = position
    this.#visitor = visitor
  }

  /** Where the next record begins: a record that has been read in part does not count. */
  get position(): number {
    return this.#parts.length > 0 ? positionOf(segmentOf(this.#position), this.#recordOffset) : this.#position
  }

  /** Goes on elsewhere. */
  moveTo(position: number): void {
    this.#position = position
    this.#parts = []
  }

  /** How far the bytes have been looked at. */
  get reached(): number {
    return this.#position
  }

  /** Bytes of the segment that are there behind `reached`. */
  get behind(): number {
    if (!this.#open(segmentOf(this.#position))) return 0
    return Math.max(0, fs.fstatSync(this.#fd).size - offsetOf(this.#position))
  }

  /** Visits what one buffer of the segment holds up to `end`; false where no progress was made. */
  readBuffer(end: number, maxBytes = READ_BYTES): boolean {
    const segment = segmentOf(this.#position)
    this.held = false
    if (!this.#open(segment)) return false
    const offset = offsetOf(this.#position)
    const base = offset - (offset % BLOCK_BYTES)
    const limit = segmentOf(end) === segment ? offsetOf(end) : Number.POSITIVE_INFINITY
    const blocks = Math.ceil(maxBytes / BLOCK_BYTES) + 1
    const bytes = this.#fill(base, Math.min(READ_BYTES, blocks * BLOCK_BYTES, limit - base))
    // What the writer has announced is complete: if it cannot be read, it is damaged. Without an announcement,
    // the last block may be one that is just being written.
    const known = end !== Number.POSITIVE_INFINITY
    let at = offset - base
    while (at < bytes && !this.held) {
      const blockEnd = at - (at % BLOCK_BYTES) + BLOCK_BYTES
      const result = readChunk(this.#buffer, at, blockEnd, bytes, this.#chunk)
      if (result === 'chunk') {
        this.held = !this.#addChunk(this.#chunk, segment, base + at)
        at = this.#chunk.end
      } else if (result === 'trailer' && blockEnd <= bytes) {
        at = blockEnd
      } else if (result !== 'trailer' && (known || blockEnd < bytes || this.#hasMore(base + bytes))) {
        const left = Math.min(blockEnd, bytes) - at
        const kind = result === 'short' ? 'torn' : whyBad(this.#buffer, at, blockEnd)
        this.#damaged(segment, base + at, left, kind)
        at += left
      } else {
        break
      }
    }
    const reached = this.held ? this.#recordOffset : base + at
    this.#position = positionOf(segment, reached)
    return reached > offset
  }

  /** Moves to the next segment that exists, once this one can grow no more. */
  nextSegment(end: number): boolean {
    const segment = segmentOf(this.#position)
    const next = listSegments(this.#directory).find((candidate) => candidate > segment)
    if (next === undefined || positionOf(next, 0) > end) return false
    // The writer may have added to this segment after we had read its end and before it began the next.
    if (this.readBuffer(Number.POSITIVE_INFINITY) || this.held) return true
    const left = this.#openSegment === segment ? this.behind : 0
    if (left > 0) this.#damaged(segment, offsetOf(this.#position), left, 'torn')
    this.moveTo(positionOf(next, 0))
    return true
  }

  close(): void {
    if (this.#fd < 0) return
    const fd = this.#fd
    // First: a descriptor whose closing failed is gone too, and its number soon another file's.
    this.#fd = -1
    this.#openSegment = 0
    if (spare.length < MAX_SPARE) spare.push(this.#buffer)
    this.#buffer = NO_BUFFER
    fs.closeSync(fd)
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

  #damaged(segment: number, offset: number, bytes: number, kind: DamageKind): void {
    this.#parts = []
    this.#visitor.damage(segment, offset, bytes, kind)
  }

  #addChunk({ type, start, end }: Chunk, segment: number, offset: number): boolean {
    if (type === CHUNK.FULL) {
      if (this.#parts.length > 0) this.#parts = []
      this.#recordOffset = offset
      if (!isNoteBroken(this.#buffer, start, end)) {
        return this.#visitor.record(this.#buffer, start, end, segment, offset)
      }
      this.#damaged(segment, offset, end - start, 'record')
      return true
    }
    // MIDDLE and LAST without their FIRST are the rest of a record whose beginning was damaged.
    if (type === CHUNK.FIRST) {
      this.#parts = []
      this.#recordOffset = offset
    } else if (this.#parts.length === 0) return true
    this.#parts.push(Buffer.from(this.#buffer.subarray(start, end)))
    if (type !== CHUNK.LAST) return true
    const payload = Buffer.concat(this.#parts)
    this.#parts = []
    if (isWhole(payload)) return this.#visitor.record(payload, 0, payload.length, segment, this.#recordOffset)
    this.#damaged(segment, this.#recordOffset, payload.length, 'record')
    return true
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
    this.#buffer = spare.pop() ?? Buffer.allocUnsafeSlow(READ_BYTES)
    return true
  }
}

/** A note is what every reader of the journal stops for: one that cannot be read must cost itself and nothing else. */
function isNoteBroken(from: Buffer, start: number, end: number): boolean {
  try {
    readNote(from, start, end)
    return false
  } catch (error) {
    if (error instanceof SyntaxError) return true
    throw error
  }
}

/**
 * False for chunks of two records: each is sound, and together they have a wrong length. A disk that wrote a
 * block to a wrong place, or not at all, can leave that.
 */
function isWhole(payload: Buffer): boolean {
  if (payload[0] !== PAYLOAD.FRAMES) return !isNoteBroken(payload, 0, payload.length)
  let at = FRAMES_HEADER_BYTES
  while (at + 8 <= payload.length) {
    const words = payload.readUInt32LE(at) >>> 8
    if (words === 0) return false
    at += words * 8
  }
  return at === payload.length
}
