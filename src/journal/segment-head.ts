import { BLOCK_BYTES, CHUNK, CHUNK_HEADER_BYTES, MAX_CHUNK_PAYLOAD, sealChunk } from './framing.js'
import { encodeFrames, encodeNote, PAYLOAD } from './payload.js'

/** What the writer asks of its owner when it begins a segment. */
export interface SegmentHead {
  /** Next sequence number of each producer, by the owner's account of what has been written. */
  next(): { [producer: string]: number }
  /** Every key definition so far. */
  definitions(): Iterable<{ producer: number; frames: Uint8Array }>
}

/**
 * The blocks that a segment begins with: all definitions, then the segment's note. The definitions stand there
 * twice, in different blocks: one damaged block must not cost the names of a whole segment. The note is last:
 * who reads it knows that the definitions before it were written.
 */
export function encodeSegmentHead(run: string, segment: number, head: SegmentHead): Buffer {
  const blocks = new BlockBuilder()
  const definitions = [...head.definitions()].map(({ producer, frames }) =>
    encodeFrames(producer, 0, 0, frames),
  )
  for (const payload of definitions) blocks.append(payload)
  blocks.finishBlock()
  for (const payload of definitions) blocks.append(payload)
  blocks.append(encodeNote({ note: 'segment', run, segment, time: Date.now(), next: head.next() }))
  return blocks.finish()
}

/** Puts payloads into whole blocks; speed does not matter here. */
class BlockBuilder {
  readonly #blocks: Buffer[] = []
  #block = Buffer.alloc(BLOCK_BYTES)
  #end = 0

  append(payload: Buffer): void {
    if (payload.length > MAX_CHUNK_PAYLOAD) throw new RangeError('A segment head record must fit one block')
    if (BLOCK_BYTES - this.#end < CHUNK_HEADER_BYTES + payload.length) this.finishBlock()
    payload.copy(this.#block, this.#end + CHUNK_HEADER_BYTES)
    sealChunk(this.#block, this.#end, payload.length, CHUNK.FULL)
    this.#end += CHUNK_HEADER_BYTES + payload.length
  }

  finishBlock(): void {
    if (this.#end === 0) return
    const left = BLOCK_BYTES - this.#end
    if (left > CHUNK_HEADER_BYTES) this.#block[this.#end + CHUNK_HEADER_BYTES] = PAYLOAD.PADDING
    if (left >= CHUNK_HEADER_BYTES) sealChunk(this.#block, this.#end, left - CHUNK_HEADER_BYTES, CHUNK.FULL)
    this.#blocks.push(this.#block)
    this.#block = Buffer.alloc(BLOCK_BYTES)
    this.#end = 0
  }

  finish(): Buffer {
    this.finishBlock()
    return Buffer.concat(this.#blocks)
  }
}
