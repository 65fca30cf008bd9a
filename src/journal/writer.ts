import { type JournalFs, listSegments, makeDirectory, realFs, segmentPath } from './files.js'
import { BLOCK_BYTES, CHUNK, CHUNK_HEADER_BYTES, sealChunk } from './framing.js'
import {
  encodeFrames,
  encodeNote,
  FRAMES_HEADER_BYTES,
  type Note,
  padBlock,
  writeFramesHeader,
} from './payload.js'
import { positionOf } from './position.js'
import { closeQuietly, createSegment } from './segment-file.js'
import { encodeSegmentHead, type SegmentHead } from './segment-head.js'
import { addRange, UnsyncedBuffers } from './unsynced.js'

export interface JournalWriterOptions {
  readonly directory: string
  readonly runId: string
  readonly segmentBytes: number
  /** Bytes that may wait for a sync in memory; more force one. */
  readonly maxUnsyncedBytes?: number
  readonly files?: JournalFs
}

const BUFFER_BLOCKS = 8
const BUFFER_BYTES = BUFFER_BLOCKS * BLOCK_BYTES
/** Room that is not worth a chunk: the block is closed and the next begun. */
const MIN_ROOM = FRAMES_HEADER_BYTES + 64

/**
 * Appends to a journal. One thread, synchronous file calls.
 *
 * Payloads gather in a buffer of a few blocks; `flush()` writes them with positional writes and returns when
 * the kernel has them, so a call that failed is simply made again. `sync()` makes them durable. After a failed
 * sync the descriptor is given up for good (the kernel marks the pages clean: a second fsync would lie, see
 * Rebello et al., ATC 2020): what was not synced is kept in memory and written again to a new segment. Readers
 * skip by sequence number what they then find twice.
 */
export class JournalWriter {
  readonly #options: JournalWriterOptions
  readonly #files: JournalFs
  readonly #head: SegmentHead
  #buffer = Buffer.alloc(BUFFER_BYTES)
  /** V8 copies out of shared memory byte by byte, unless both ends are aligned; and the rest with memcpy. */
  readonly #aligned = new Uint8Array(BLOCK_BYTES)
  /** File offset of the buffer's first byte: a multiple of the block size. */
  #base = 0
  /** End of the data in the buffer. */
  #end = 0
  /** Bytes of the buffer that the file already has. */
  #flushed = 0
  #fd = -1
  /** Where the segment's head ends: its size is what follows. */
  #headEnd = 0
  #segment: number
  readonly #unsynced = new UnsyncedBuffers(BUFFER_BYTES)
  /** Row behind the last one appended, per producer. */
  readonly #appended = new Map<number, number>()
  #dirty = false
  /** Block in which the last appended frames begin. */
  #recordBlock = 0
  #repeat: { producer: number; frames: Uint8Array; block: number }[] = []

  constructor(options: JournalWriterOptions, head: SegmentHead) {
    this.#options = options
    this.#files = options.files ?? realFs
    this.#head = head
    makeDirectory(options.directory, this.#files)
    this.#segment = listSegments(options.directory, this.#files).at(-1) ?? 0
  }

  /** Opens the first segment, where that has not been done; the first append does it too. */
  begin(): void {
    if (this.#headEnd === 0) this.#begin()
  }

  /** End of what the file has. */
  get position(): number {
    return positionOf(this.#segment, this.#base + this.#flushed)
  }

  /** Bytes that were appended and not yet flushed. */
  get buffered(): number {
    return this.#end - this.#flushed
  }

  get dirty(): boolean {
    return this.#dirty
  }

  get unsyncedBytes(): number {
    return this.#unsynced.bytes + this.#end
  }

  /**
   * Bytes of frames that the next `appendFrames` may hold without leaving its block. May flush, close a block
   * or begin a segment to make room.
   */
  room(): number {
    this.begin()
    const used = this.#end % BLOCK_BYTES
    const full = this.#base + this.#end - this.#headEnd >= this.#options.segmentBytes
    if (used > 0 && (full || BLOCK_BYTES - used < CHUNK_HEADER_BYTES + MIN_ROOM)) {
      this.#closeBlock(BLOCK_BYTES - used)
    }
    this.#makeRoom()
    // Only here, between two records, and with all of the last one: a sync that covers a record in part would
    // have the next failure write its rest again without its beginning.
    if (this.#unsynced.bytes > 0 && this.unsyncedBytes > (this.#options.maxUnsyncedBytes ?? 8 * 2 ** 20)) {
      this.flush()
      this.sync()
    }
    if (full) this.#roll()
    this.#repeatDefinitions()
    const left = BLOCK_BYTES - (this.#end % BLOCK_BYTES)
    if (left < CHUNK_HEADER_BYTES + MIN_ROOM) return this.room()
    return left - CHUNK_HEADER_BYTES - FRAMES_HEADER_BYTES
  }

  /** Appends frames of one producer; larger than `room()` only where a single frame is. */
  appendFrames(producer: number, rows: number, firstSequence: number, frames: Uint8Array): void {
    const length = FRAMES_HEADER_BYTES + frames.length
    this.begin()
    this.#makeRoom()
    this.#recordBlock = this.#blockNumber()
    if (rows > 0) addRange(this.#unsynced.rows, producer, firstSequence, firstSequence + rows)
    const left = BLOCK_BYTES - (this.#end % BLOCK_BYTES)
    if (length + CHUNK_HEADER_BYTES > left) {
      this.#appendSpanning(encodeFrames(producer, rows, firstSequence, frames))
      if (rows > 0) this.#appended.set(producer, firstSequence + rows)
      return
    }
    const at = this.#end
    const payload = at + CHUNK_HEADER_BYTES
    writeFramesHeader(this.#buffer, payload, producer, rows, firstSequence)
    this.#aligned.set(frames)
    this.#buffer.set(this.#aligned.subarray(0, frames.length), payload + FRAMES_HEADER_BYTES)
    sealChunk(this.#buffer, at, length, CHUNK.FULL)
    this.#end = payload + length
    if (rows > 0) this.#appended.set(producer, firstSequence + rows)
  }

  /**
   * Remembers definitions just appended, to repeat them in the next block; and in the block where their record
   * ends, if it began in another, whose damage would cost the rows that share this one.
   */
  repeatLater(producer: number, frames: Uint8Array): void {
    const last = Math.floor((this.#base + this.#end - 1) / BLOCK_BYTES)
    if (this.#recordBlock < last) this.#repeat.push({ producer, frames, block: this.#recordBlock })
    this.#repeat.push({ producer, frames, block: last })
  }

  appendNote(note: Note): void {
    this.room()
    this.#appendSpanning(encodeNote(note))
  }

  #blockNumber(): number {
    return ((this.#base + this.#end) / BLOCK_BYTES) | 0
  }

  #repeatDefinitions(): void {
    while (this.#repeat.length > 0 && this.#repeat[0]!.block < this.#blockNumber()) {
      const { producer, frames } = this.#repeat[0]!
      const left = BLOCK_BYTES - (this.#end % BLOCK_BYTES)
      if (left < CHUNK_HEADER_BYTES + FRAMES_HEADER_BYTES + frames.length) this.#closeBlock(left)
      this.appendFrames(producer, 0, 0, frames)
      this.#repeat.shift()
    }
  }

  /** Splits a payload over blocks where it does not fit one. */
  #appendSpanning(payload: Buffer): void {
    let from = 0
    let first = true
    do {
      let left = BLOCK_BYTES - (this.#end % BLOCK_BYTES)
      if (left < CHUNK_HEADER_BYTES) {
        this.#buffer.fill(0, this.#end, this.#end + left)
        this.#end += left
        left = BLOCK_BYTES
      }
      this.#makeRoom()
      const length = Math.min(left - CHUNK_HEADER_BYTES, payload.length - from)
      const last = from + length === payload.length
      const type = first ? (last ? CHUNK.FULL : CHUNK.FIRST) : last ? CHUNK.LAST : CHUNK.MIDDLE
      first = false
      payload.copy(this.#buffer, this.#end + CHUNK_HEADER_BYTES, from, from + length)
      sealChunk(this.#buffer, this.#end, length, type)
      this.#end += CHUNK_HEADER_BYTES + length
      from += length
    } while (from < payload.length)
  }

  #closeBlock(left: number): void {
    padBlock(this.#buffer, this.#end, left)
    this.#end += left
  }

  /** The buffer holds whole blocks: at its end it is flushed and begun anew. */
  #makeRoom(): void {
    if (this.#end < BUFFER_BYTES) return
    this.flush()
    this.#buffer = this.#unsynced.keep(this.#buffer)
    this.#base += BUFFER_BYTES
    this.#end = 0
    this.#flushed = 0
  }

  /** Writes what was appended. Throws the file system's error; call again to go on where it failed. */
  flush(): void {
    if (this.#fd < 0) this.#begin()
    while (this.#flushed < this.#end) {
      const from = this.#flushed
      this.#flushed += this.#files.writeSync(
        this.#fd,
        this.#buffer,
        from,
        this.#end - from,
        this.#base + from,
      )
      this.#dirty = true
    }
  }

  /** Makes everything flushed durable. After an error, the journal goes on in a new segment. */
  sync(): void {
    if (this.#fd < 0) this.flush()
    if (!this.#dirty) return
    try {
      this.#files.fdatasyncSync(this.#fd)
    } catch (error) {
      this.abandonSegment()
      throw error
    }
    this.#dirty = false
    this.#unsynced.clear()
  }

  /** Gives up this segment's file; the next `flush()` writes what was not synced to a new one. */
  abandonSegment(): void {
    if (this.#fd < 0) return
    const fd = this.#fd
    this.#fd = -1
    closeQuietly(this.#files, fd)
  }

  close(): void {
    if (this.#fd < 0) return
    const fd = this.#fd
    this.#fd = -1
    this.#files.closeSync(fd)
  }

  #roll(): void {
    this.flush()
    this.sync()
    this.close()
    this.#base = 0
    this.#end = 0
    this.#flushed = 0
    this.#unsynced.rows = new Map()
    this.#begin()
  }

  /**
   * Opens the next segment. Its head (the segment note, all definitions) fills whole blocks, so that blocks
   * kept from an abandoned segment follow as they are: chunks do not know where their block stands.
   */
  #begin(): void {
    const { directory, runId } = this.#options
    const segment = this.#segment + 1
    const repeats = this.#unsynced.ranges(this.#head.copies())
    const head = encodeSegmentHead(runId, segment, this.#head, this.#appended, repeats)
    const parts = [head, ...this.#unsynced.parts]
    try {
      this.#fd = createSegment(this.#files, segmentPath(directory, segment), parts)
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === 'ENOENT') makeDirectory(directory, this.#files)
      if (this.#isThere(segment)) this.#segment = segment
      throw error
    }
    this.#segment = segment
    this.#headEnd = head.length
    this.#base = head.length + this.#unsynced.bytes
    this.#flushed = 0
    this.#repeat.length = 0
    this.#dirty = true
  }

  /** A file that another made, or that could not be removed when it could not be written. */
  #isThere(segment: number): boolean {
    try {
      return listSegments(this.#options.directory, this.#files).includes(segment)
    } catch {
      // The next attempt says the same as this one: the number is taken.
      return false
    }
  }
}
