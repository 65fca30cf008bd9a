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
 */
export const PAYLOAD = { FRAMES: 1, NOTE: 2, PADDING: 3 } as const
export const PAYLOAD_VERSION = 1
export const FRAMES_HEADER_BYTES = 16
export const NOTE_HEADER_BYTES = 4

/** Notes that a journal holds beside its rows. */
export type Note =
  | {
      readonly note: 'segment'
      readonly run: string
      readonly segment: number
      /** Milliseconds since the epoch. */
      readonly time: number
      /** Per producer: all rows before this sequence number are in earlier segments. */
      readonly next: { readonly [producer: string]: number }
    }
  | {
      readonly note: 'dropped'
      readonly producer: number
      readonly dropped: { readonly [cause: string]: number }
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
