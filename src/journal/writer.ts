import { type JournalFs, listSegments, realFs, segmentPath, syncDirectory } from './files.js'
import { BLOCK_BYTES, CHUNK, CHUNK_HEADER_BYTES, sealChunk } from './framing.js'
import {
  encodeFrames,
  encodeNote,
  FRAMES_HEADER_BYTES,
  type Note,
  PAYLOAD,
  writeFramesHeader,
} from './payload.js'
import { positionOf } from './position.js'
import { encodeSegmentHead, type SegmentHead } from './segment-head.js'

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
/** Buffers that are kept to be used again; as many as a second of a fast run fills. */
const MAX_SPARE = 32
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
  readonly #buffer = Buffer.alloc(BUFFER_BYTES)
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
  /** Whole buffers since the last sync, oldest first, starting at a block. */
  #unsynced: Buffer[] = []
  #spare: Buffer[] = []
  #dirty = false
  /** Block in which the last appended frames begin. */
  #recordBlock = 0
  #repeat: { producer: number; frames: Uint8Array; block: number }[] = []

  constructor(options: JournalWriterOptions, head: SegmentHead) {
    this.#options = options
    this.#files = options.files ?? realFs
    this.#head = head
    this.#files.mkdirSync(options.directory, { recursive: true })
    this.#segment = listSegments(options.directory, this.#files).at(-1) ?? 0
    this.#begin()
  }

  get segment(): number {
    return this.#segment
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
    return this.#unsynced.length * BUFFER_BYTES + this.#end
  }

  // --- appending ---------------------------------------------------------------------------------------

  /**
   * Bytes of frames that the next `appendFrames` may hold without leaving its block. May flush, close a block
   * or begin a segment to make room.
   */
  room(): number {
    const used = this.#end % BLOCK_BYTES
    const full = this.#base + this.#end - this.#headEnd >= this.#options.segmentBytes
    if (used > 0 && (full || BLOCK_BYTES - used < CHUNK_HEADER_BYTES + MIN_ROOM)) {
      this.#closeBlock(BLOCK_BYTES - used)
    }
    this.#makeRoom()
    // Only here, between two records, and with all of the last one: a sync that covers a record in part would
    // have the next failure write its rest again without its beginning.
    if (this.#unsynced.length > 0 && this.unsyncedBytes > (this.#options.maxUnsyncedBytes ?? 8 * 2 ** 20)) {
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
    this.#makeRoom()
    this.#recordBlock = this.#blockNumber()
    const left = BLOCK_BYTES - (this.#end % BLOCK_BYTES)
    if (length + CHUNK_HEADER_BYTES > left) {
      this.#appendSpanning(encodeFrames(producer, rows, firstSequence, frames))
      return
    }
    const at = this.#end
    const payload = at + CHUNK_HEADER_BYTES
    writeFramesHeader(this.#buffer, payload, producer, rows, firstSequence)
    this.#buffer.set(frames, payload + FRAMES_HEADER_BYTES)
    sealChunk(this.#buffer, at, length, CHUNK.FULL)
    this.#end = payload + length
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
    const at = this.#end
    this.#buffer.fill(0, at, at + left)
    // Seven bytes are a chunk without a payload: zeros there would look like damage.
    if (left > CHUNK_HEADER_BYTES) this.#buffer[at + CHUNK_HEADER_BYTES] = PAYLOAD.PADDING
    if (left >= CHUNK_HEADER_BYTES) sealChunk(this.#buffer, at, left - CHUNK_HEADER_BYTES, CHUNK.FULL)
    this.#end += left
  }

  /** The buffer holds whole blocks: at its end it is flushed and begun anew. */
  #makeRoom(): void {
    if (this.#end < BUFFER_BYTES) return
    this.flush()
    const kept = this.#spare.pop() ?? Buffer.allocUnsafeSlow(BUFFER_BYTES)
    this.#buffer.copy(kept)
    this.#unsynced.push(kept)
    this.#base += BUFFER_BYTES
    this.#end = 0
    this.#flushed = 0
  }

  // --- writing -----------------------------------------------------------------------------------------

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
    this.#spare.push(...this.#unsynced.splice(0, this.#unsynced.length))
    if (this.#spare.length > MAX_SPARE) this.#spare.length = MAX_SPARE
  }

  /** Gives up this segment's file; the next `flush()` writes what was not synced to a new one. */
  abandonSegment(): void {
    if (this.#fd < 0) return
    const fd = this.#fd
    this.#fd = -1
    this.#closeQuietly(fd)
  }

  close(): void {
    if (this.#fd < 0) return
    const fd = this.#fd
    this.#fd = -1
    this.#files.closeSync(fd)
  }

  #closeQuietly(fd: number): void {
    try {
      this.#files.closeSync(fd)
    } catch {
      // The descriptor is gone either way, and the error that made us leave is the one to report.
    }
  }

  /** A segment that could not be begun: hours of a full disk must not leave thousands of empty files. */
  #removeQuietly(file: string): void {
    try {
      this.#files.unlinkSync(file)
    } catch {
      this.#segment++
    }
  }

  #roll(): void {
    this.flush()
    this.sync()
    this.close()
    this.#base = 0
    this.#end = 0
    this.#flushed = 0
    this.#begin()
  }

  /**
   * Opens the next segment. Its head (the segment note, all definitions) fills whole blocks, so that blocks
   * kept from an abandoned segment follow as they are: chunks do not know where their block stands.
   */
  #begin(): void {
    const segment = this.#segment + 1
    const file = segmentPath(this.#options.directory, segment)
    let fd: number
    try {
      fd = this.#files.openSync(file, 'wx')
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === 'EEXIST') this.#segment = segment
      if (code === 'ENOENT') this.#files.mkdirSync(this.#options.directory, { recursive: true })
      throw error
    }
    try {
      const head = encodeSegmentHead(this.#options.runId, segment, this.#head)
      writeFully(this.#files, fd, head, 0)
      let offset = head.length
      this.#headEnd = offset
      for (const part of this.#unsynced) {
        writeFully(this.#files, fd, part, offset)
        offset += part.length
      }
      this.#base = offset
      syncDirectory(this.#options.directory, this.#files)
    } catch (error) {
      this.#closeQuietly(fd)
      this.#removeQuietly(file)
      throw error
    }
    this.#segment = segment
    this.#flushed = 0
    this.#repeat.length = 0
    this.#fd = fd
    this.#dirty = true
  }
}

function writeFully(files: JournalFs, fd: number, buffer: Buffer, position: number): void {
  let done = 0
  while (done < buffer.length)
    done += files.writeSync(fd, buffer, done, buffer.length - done, position + done)
}
