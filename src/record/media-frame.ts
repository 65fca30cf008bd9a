import { KIND_MEDIA } from './frame.js'
import type { MediaRecord } from './media.js'

const HEADER_BYTES = 32

/** A MEDIA frame (see frame.ts). Not for the training thread. */
export function encodeMedia(record: MediaRecord, sequence: number, step: number, time: number): Uint8Array {
  const { producer, ...rest } = record
  const json = Buffer.from(JSON.stringify(rest), 'utf8')
  const words = (HEADER_BYTES >> 3) + Math.ceil(json.length / 8)
  const frame = Buffer.alloc(words * 8)
  frame.writeUInt32LE(((words << 8) | KIND_MEDIA) >>> 0, 0)
  frame.writeUInt32LE(sequence % 2 ** 32, 4)
  frame.writeDoubleLE(step, 8)
  frame.writeDoubleLE(time, 16)
  frame.writeUInt32LE(producer, 24)
  frame.writeUInt32LE(json.length, 28)
  json.copy(frame, HEADER_BYTES)
  return frame
}

/** Of a frame that begins at byte `at` of `frames`; null where it holds none. */
export function decodeMedia(frames: Uint8Array, at: number): MediaRecord | null {
  const bytes = Buffer.from(frames.buffer, frames.byteOffset + at, HEADER_BYTES)
  const producer = bytes.readUInt32LE(24)
  const json = Buffer.from(frames.buffer, frames.byteOffset + at + HEADER_BYTES, bytes.readUInt32LE(28))
  try {
    return {
      ...(JSON.parse(json.toString('utf8')) as Omit<MediaRecord, 'producer'>),
      producer,
    } as MediaRecord
  } catch (error) {
    if (error instanceof SyntaxError) return null
    throw error
  }
}
