import { crc32 } from 'node:zlib'
import { crcOf } from './crc.js'

/**
 * The LevelDB log format (https://github.com/google/leveldb/blob/main/doc/log_format.md), with the plain CRC-32
 * that W&B's `.wandb` files use in place of LevelDB's masked CRC-32C.
 *
 *     file   := block*                       each block is 32 KiB, the last one may be shorter
 *     block  := chunk* trailer?              trailer: fewer than 7 bytes, zero
 *     chunk  := crc32 u32 | length u16 | type u8 | payload       crc over type and payload; little endian
 *     type   := 1 FULL | 2 FIRST | 3 MIDDLE | 4 LAST
 *
 * A record is one FULL chunk, or FIRST MIDDLE* LAST. Because a chunk never crosses a block, a reader that meets
 * damage goes on at the next block.
 */
export const BLOCK_BYTES = 32_768
export const CHUNK_HEADER_BYTES = 7
export const MAX_CHUNK_PAYLOAD = BLOCK_BYTES - CHUNK_HEADER_BYTES

export const CHUNK = { FULL: 1, FIRST: 2, MIDDLE: 3, LAST: 4 } as const

/** CRC-32 of the type byte alone, where the payload's CRC goes on. */
const TYPE_CRC = [0, 1, 2, 3, 4].map((type) => crc32(Uint8Array.of(type)))

/** Writes the header of a chunk whose payload already stands behind it at `at + 7`. */
export function sealChunk(buffer: Buffer, at: number, length: number, type: number): void {
  const start = at + CHUNK_HEADER_BYTES
  buffer.writeUInt32LE(crcOf(buffer, start, start + length, TYPE_CRC[type]!), at)
  buffer.writeUInt16LE(length, at + 4)
  buffer[at + 6] = type
}

export interface Chunk {
  type: number
  /** Where the payload stands in the buffer. */
  start: number
  end: number
}

export type ChunkResult = 'chunk' | 'trailer' | 'short' | 'bad'

/**
 * Reads the chunk at `at`. `blockEnd`: where the block ends in the buffer; `dataEnd`: where the file's bytes
 * end in the buffer (at most `blockEnd`).
 * - `trailer`: the rest of the block is too small for a chunk
 * - `short`: the bytes that are there so far end within the chunk
 * - `bad`: no chunk: a wrong checksum, an unknown type, a length that leaves the block
 */
export function readChunk(
  buffer: Buffer,
  at: number,
  blockEnd: number,
  dataEnd: number,
  into: Chunk,
): ChunkResult {
  if (blockEnd - at < CHUNK_HEADER_BYTES) return 'trailer'
  if (dataEnd - at < CHUNK_HEADER_BYTES) return 'short'
  const length = buffer.readUInt16LE(at + 4)
  const type = buffer[at + 6]!
  const start = at + CHUNK_HEADER_BYTES
  const end = start + length
  if (type < CHUNK.FULL || type > CHUNK.LAST || end > blockEnd) return 'bad'
  if (end > dataEnd) return 'short'
  if (crcOf(buffer, start, end, TYPE_CRC[type]!) !== buffer.readUInt32LE(at)) return 'bad'
  into.type = type
  into.start = start
  into.end = end
  return 'chunk'
}

/** Which field of a chunk that `readChunk` calls bad shows it. */
export function whyBad(buffer: Buffer, at: number, blockEnd: number): 'checksum' | 'type' | 'length' {
  const type = buffer[at + 6]!
  if (type < CHUNK.FULL || type > CHUNK.LAST) return 'type'
  return at + CHUNK_HEADER_BYTES + buffer.readUInt16LE(at + 4) > blockEnd ? 'length' : 'checksum'
}
