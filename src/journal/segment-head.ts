import { BLOCK_BYTES, CHUNK, CHUNK_HEADER_BYTES, MAX_CHUNK_PAYLOAD, sealChunk } from './framing.js'
import { type DropCounts, encodeFrames, encodeNote, padBlock } from './payload.js'
import type { RowRanges } from './unsynced.js'

/** What the writer asks of its owner when it begins a segment. */
export interface SegmentHead {
  /** Next sequence number of each producer, by the owner's account of what earlier writers have written. */
  next(): { [producer: string]: number }
  /** Rows that the owner is going to append, and that an earlier segment may have too. */
  copies(): RowRanges
  /** Rows that each producer had to drop, as far as the journal was told. */
  dropped(): { [producer: string]: DropCounts }
  /** Every key definition so far. */
  definitions(): Iterable<{ producer: number; frames: Uint8Array }>
}

/**
 * The blocks that a segment begins with: all definitions, then the segment's note. The definitions stand there
 * twice, in different blocks: one damaged block must not cost the names of a whole segment. The note is last:
 * who reads it knows that the definitions before it were written. `appended`: per producer, the row behind the
 * last one that this writer was given; `repeats`: rows that follow here and that an earlier segment may have.
 */
export function encodeSegmentHead(
  run: string,
  segment: number,
  head: SegmentHead,
  appended: ReadonlyMap<number, number>,
  repeats: RowRanges,
): Buffer {
  const blocks = new BlockBuilder()
  const definitions = [...head.definitions()].map(({ producer, frames }) =>
    encodeFrames(producer, 0, 0, frames),
  )
  for (const payload of definitions) blocks.append(payload)
  blocks.finishBlock()
  for (const payload of definitions) blocks.append(payload)
  const next = { ...head.next(), ...Object.fromEntries(appended) }
  for (const [producer, [from]] of repeats) next[producer] = from
  blocks.append(
    encodeNote({
      note: 'segment',
      run,
      segment,
      time: Date.now(),
      next,
      repeats: Object.fromEntries(repeats),
      dropped: head.dropped(),
    }),
  )
  return blocks.finish()
}

/** Puts payloads into whole blocks; speed does not matter here. */
class BlockBuilder {
  readonly #blocks: Buffer[] = []
  #block = Buffer.alloc(BLOCK_BYTES)
  #end = 0

  /** A payload that no block holds, as the note of thousands of producers, begins and ends with one of its own. */
  append(payload: Buffer): void {
    if (payload.length <= MAX_CHUNK_PAYLOAD) {
      this.#appendChunk(payload, CHUNK.FULL)
      return
    }
    for (let from = 0; from < payload.length; from += MAX_CHUNK_PAYLOAD) {
      this.finishBlock()
      const part = payload.subarray(from, from + MAX_CHUNK_PAYLOAD)
      const last = from + part.length === payload.length
      this.#appendChunk(part, from === 0 ? CHUNK.FIRST : last ? CHUNK.LAST : CHUNK.MIDDLE)
    }
  }

  #appendChunk(payload: Buffer, type: number): void {
    if (BLOCK_BYTES - this.#end < CHUNK_HEADER_BYTES + payload.length) this.finishBlock()
    payload.copy(this.#block, this.#end + CHUNK_HEADER_BYTES)
    sealChunk(this.#block, this.#end, payload.length, type)
    this.#end += CHUNK_HEADER_BYTES + payload.length
  }

  finishBlock(): void {
    if (this.#end === 0) return
    padBlock(this.#block, this.#end, BLOCK_BYTES - this.#end)
    this.#blocks.push(this.#block)
    this.#block = Buffer.alloc(BLOCK_BYTES)
    this.#end = 0
  }

  finish(): Buffer {
    this.finishBlock()
    return Buffer.concat(this.#blocks)
  }
}
