import { crcOf } from '../../journal/crc.js'
import { BLOCK_BYTES, CHUNK, CHUNK_HEADER_BYTES } from '../../journal/framing.js'
import { FileReader } from '../file-reader.js'
import { ImportError, type LeftOut } from '../types.js'

const MAGIC = Buffer.from([0x3a, 0x57, 0x26, 0x42, 0xe1, 0xbe])
const HEADER_BYTES = 7

/**
 * The records of a W&B transaction log (`run-<id>.wandb`): blocks of 32 KiB of chunks, as in LevelDB's logs, with plain
 * CRC-32. Damage costs the rest of its block and the record that it is in: W&B's own client stops there.
 */
export function* readLog(path: string, leftOut: LeftOut): Generator<Buffer> {
  const file = new FileReader(path)
  const record = new Assembler()
  try {
    for (let first = true; ; first = false) {
      const block = file.rest(BLOCK_BYTES)
      if (block.length === 0) break
      if (first) assertHeader(block, path)
      yield* recordsOf(block, first ? HEADER_BYTES : 0, record, leftOut)
    }
    if (record.open) leftOut.add('torn records')
  } finally {
    file.close()
  }
}

function assertHeader(block: Buffer, path: string): void {
  if (!block.subarray(0, MAGIC.length).equals(MAGIC)) {
    throw new ImportError(`${path} is no log of W&B: give a file run-<id>.wandb`)
  }
  const version = block[MAGIC.length]
  if (version !== 0) {
    throw new ImportError(`${path} has version ${version}, and this offstep reads version 0: update offstep`)
  }
}

function* recordsOf(block: Buffer, from: number, record: Assembler, leftOut: LeftOut): Generator<Buffer> {
  for (let at = from; block.length - at >= CHUNK_HEADER_BYTES; ) {
    const length = block.readUInt16LE(at + 4)
    const end = at + CHUNK_HEADER_BYTES + length
    const type = block[at + 6]!
    if (end > block.length && block.length < BLOCK_BYTES) {
      record.drop()
      leftOut.add('torn records')
      return
    }
    if (end > block.length || crcOf(block, at + 6, end, 0) !== block.readUInt32LE(at)) {
      record.drop()
      leftOut.add('damaged blocks')
      return
    }
    const whole = record.add(type, block.subarray(at + CHUNK_HEADER_BYTES, end))
    if (whole !== null) yield whole
    at = end
  }
}

/** Puts a record together that lies in several blocks. */
class Assembler {
  #parts: Buffer[] | null = null

  get open(): boolean {
    return this.#parts !== null
  }

  /** The beginning is of no use without the rest. */
  drop(): void {
    this.#parts = null
  }

  /** The record, where this is its end. What continues a record that was dropped is dropped too. */
  add(type: number, chunk: Buffer): Buffer | null {
    if (type === CHUNK.FULL) {
      this.#parts = null
      return chunk
    }
    if (type === CHUNK.FIRST) this.#parts = []
    // The block's bytes are used again for the next one.
    this.#parts?.push(Buffer.from(chunk))
    if (type !== CHUNK.LAST || this.#parts === null) return null
    const whole = Buffer.concat(this.#parts)
    this.#parts = null
    return whole
  }
}
