import { CHUNK, CHUNK_HEADER_BYTES, sealChunk } from './framing.js'

/**
 * Payloads: what one journal record holds. The first byte says what, the second the version of that kind.
 *
 *     1 FRAMES   u8 1 | u8 version | u16 producer | u32 rows | f64 sequence of the first row | frames
 *     2 NOTE     u8 2 | u8 version | u16 0 | JSON in UTF-8
 *     3 PADDING  u8 3 | zeros: fills a block whose rest the next batch does not fit
 *
 * Rows of one FRAMES payload have consecutive sequence numbers. The frames are the ring's, byte for byte (see
 * record/frame.ts). Key definitions are written where the producer made them, once more in the next block (so
 * that one damaged block costs no name that later blocks need), and all again at the head of each segment (so
 * that a segment can be read alone). The segment's note ends the head: where it can be read, the head is whole.
 *
 * Notes may get further fields without a new version: who does not know them leaves them.
 */
export const PAYLOAD = { FRAMES: 1, NOTE: 2, PADDING: 3 } as const
export const PAYLOAD_VERSION = 1
export const FRAMES_HEADER_BYTES = 16
export const NOTE_HEADER_BYTES = 4

/** Fills the rest of a block, `left` bytes from `at` on, with a chunk of padding where one fits. */
export function padBlock(block: Buffer, at: number, left: number): void {
  block.fill(0, at, at + left)
  // Seven bytes are a chunk without a payload: zeros there would look like damage.
  if (left > CHUNK_HEADER_BYTES) block[at + CHUNK_HEADER_BYTES] = PAYLOAD.PADDING
  if (left >= CHUNK_HEADER_BYTES) sealChunk(block, at, left - CHUNK_HEADER_BYTES, CHUNK.FULL)
}

/** The last record of a segment's head. */
export interface SegmentNote {
  readonly note: 'segment'
  readonly run: string
  readonly segment: number
  /** Milliseconds since the epoch. */
  readonly time: number
  /** Per producer: all rows before this sequence number were written to earlier segments. */
  readonly next: { readonly [producer: string]: number }
  /**
   * Per producer: rows that this segment begins with a copy of, because the one before was given up with them
   * unsynced; the first, and the one behind the last. Since 0.2: without it, `next` may count such rows too.
   */
  readonly repeats?: { readonly [producer: string]: readonly [from: number, to: number] }
  /** What the latest `dropped` note of each producer says, so that the last segment tells all. Since 0.2. */
  readonly dropped?: { readonly [producer: string]: DropCounts }
}

export interface DroppedNote {
  readonly note: 'dropped'
  readonly producer: number
  /** Since the producer began. */
  readonly dropped: DropCounts
}

/** Notes that a journal holds beside its rows. */
export type Note = SegmentNote | DroppedNote

/** Rows that a producer had to drop, by cause. */
export interface DropCounts {
  readonly [cause: string]: number
}

export function writeFramesHeader(
  into: Buffer,
  at: number,
  producer: number,
  rows: number,
  firstSequence: number,
): void {
  into[at] = PAYLOAD.FRAMES
  into[at + 1] = PAYLOAD_VERSION
  into.writeUInt16LE(producer, at + 2)
  into.writeUInt32LE(rows, at + 4)
  into.writeDoubleLE(firstSequence, at + 8)
}

/** A FRAMES payload of its own; the hot path writes it in place. */
export function encodeFrames(
  producer: number,
  rows: number,
  firstSequence: number,
  frames: Uint8Array,
): Buffer {
  const payload = Buffer.alloc(FRAMES_HEADER_BYTES + frames.length)
  writeFramesHeader(payload, 0, producer, rows, firstSequence)
  payload.set(frames, FRAMES_HEADER_BYTES)
  return payload
}

export function encodeNote(note: Note): Buffer {
  const json = Buffer.from(JSON.stringify(note), 'utf8')
  const payload = Buffer.alloc(NOTE_HEADER_BYTES + json.length)
  payload[0] = PAYLOAD.NOTE
  payload[1] = PAYLOAD_VERSION
  json.copy(payload, NOTE_HEADER_BYTES)
  return payload
}

export function decodeNote(payload: Buffer): Note {
  return JSON.parse(payload.toString('utf8', NOTE_HEADER_BYTES)) as Note
}

/** The header of a FRAMES payload at `at`. */
export interface FramesHeader {
  producer: number
  rows: number
  firstSequence: number
}

/** Null for any other payload. */
export function readFramesHeader(
  from: Buffer,
  at: number,
  end: number,
  into: FramesHeader,
): FramesHeader | null {
  if (from[at] !== PAYLOAD.FRAMES || end - at < FRAMES_HEADER_BYTES) return null
  into.producer = from.readUInt16LE(at + 2)
  into.rows = from.readUInt32LE(at + 4)
  into.firstSequence = from.readDoubleLE(at + 8)
  return into
}

/** Null for any other payload. */
export function readNote(from: Buffer, at: number, end: number): Note | null {
  if (from[at] !== PAYLOAD.NOTE) return null
  return decodeNote(from.subarray(at, end))
}
