import { BLOCK_BYTES, CHUNK, CHUNK_HEADER_BYTES, sealChunk } from '../../../journal/framing.js'

/**
 * What W&B's client 0.30.0 writes and reads; later ones read it too. It refuses version 1.
 *     ":W&B" | magic u16 0xBEE1, little endian | version u8
 */
const FILE_HEADER = Buffer.from([0x3a, 0x57, 0x26, 0x42, 0xe1, 0xbe, 0])
const INITIAL_BYTES = 256 * 1024
/** A buffer that one large batch made bigger than this is given back. */
const KEEP_BYTES = 8 * 1024 * 1024

/**
 * Records on their way to a `.wandb` file: the LevelDB log format of our own journal (journal/framing.ts), behind
 * a file header that counts as a part of the first block.
 */
export class TransactionLog {
  #bytes = Buffer.allocUnsafe(INITIAL_BYTES)
  #length = 0
  /** Place in the file of the first byte. */
  #start = 0

  /** Forgets what it holds, and goes on at `position` of the file. At 0, the file header comes first. */
  begin(position: number): void {
    if (this.#bytes.length > KEEP_BYTES) this.#bytes = Buffer.allocUnsafe(INITIAL_BYTES)
    this.#start = position
    this.#length = 0
    if (position > 0) return
    FILE_HEADER.copy(this.#bytes)
    this.#length = FILE_HEADER.length
  }

  get length(): number {
    return this.#length
  }

  /** Everything since `begin()`; valid until the next call. */
  get bytes(): Buffer {
    return this.#bytes.subarray(0, this.#length)
  }

  add(record: Uint8Array): void {
    this.#reserve(record.length)
    let from = 0
    // A first chunk may be empty, where nothing but its header fits the block.
    let first = true
    do {
      const length = Math.min(this.#roomForChunk(), record.length - from)
      const last = from + length === record.length
      this.#addChunk(record.subarray(from, from + length), chunkType(first, last))
      from += length
      first = false
    } while (from < record.length)
  }

  /** Payload bytes that the block has room for; a block without room for a header is filled with zeros. */
  #roomForChunk(): number {
    let left = BLOCK_BYTES - ((this.#start + this.#length) % BLOCK_BYTES)
    if (left < CHUNK_HEADER_BYTES) {
      this.#bytes.fill(0, this.#length, this.#length + left)
      this.#length += left
      left = BLOCK_BYTES
    }
    return left - CHUNK_HEADER_BYTES
  }

  #addChunk(payload: Uint8Array, type: number): void {
    this.#bytes.set(payload, this.#length + CHUNK_HEADER_BYTES)
    sealChunk(this.#bytes, this.#length, payload.length, type)
    this.#length += CHUNK_HEADER_BYTES + payload.length
  }

  #reserve(recordBytes: number): void {
    // Each block costs a header, and the first one a trailer.
    const blocks = Math.ceil(recordBytes / (BLOCK_BYTES - CHUNK_HEADER_BYTES)) + 1
    const needed = this.#length + recordBytes + (blocks + 1) * CHUNK_HEADER_BYTES
    if (needed <= this.#bytes.length) return
    const larger = Buffer.allocUnsafe(Math.max(needed, 2 * this.#bytes.length))
    this.#bytes.copy(larger, 0, 0, this.#length)
    this.#bytes = larger
  }
}

function chunkType(first: boolean, last: boolean): number {
  if (first) return last ? CHUNK.FULL : CHUNK.FIRST
  return last ? CHUNK.LAST : CHUNK.MIDDLE
}
