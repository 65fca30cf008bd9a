import { type Pieces, piecesLength } from '../protobuf/encoding.js'
import { RECORD_FOOTER_BYTES, RECORD_HEADER_BYTES, sealRecord } from './tfrecord.js'

const INITIAL_BYTES = 64 * 1024
/** A buffer that one large picture made bigger than this is given back. */
const KEEP_BYTES = 16 * 1024 * 1024

/** TFRecords of one batch, one after the other, in memory that is reused from batch to batch. */
export class RecordBuffer {
  bytes = new Uint8Array(INITIAL_BYTES)
  view = new DataView(this.bytes.buffer)
  length = 0

  /** Makes room for one more record; returns where its payload goes. */
  begin(maxPayloadBytes: number): number {
    const needed = this.length + RECORD_HEADER_BYTES + maxPayloadBytes + RECORD_FOOTER_BYTES
    if (needed > this.bytes.length) this.#grow(needed)
    return this.length + RECORD_HEADER_BYTES
  }

  /** Ends the record that `begin()` began. */
  end(payloadEnd: number): void {
    this.length = sealRecord(this.bytes, this.view, this.length, payloadEnd)
  }

  append(payload: Uint8Array): void {
    this.appendPieces([payload])
  }

  /** One record of all pieces. */
  appendPieces(pieces: Pieces): void {
    let at = this.begin(piecesLength(pieces))
    for (const piece of pieces) {
      this.bytes.set(piece, at)
      at += piece.length
    }
    this.end(at)
  }

  clear(): void {
    this.length = 0
    if (this.bytes.length <= KEEP_BYTES) return
    this.bytes = new Uint8Array(INITIAL_BYTES)
    this.view = new DataView(this.bytes.buffer)
  }

  #grow(needed: number): void {
    const grown = new Uint8Array(Math.max(needed, 2 * this.bytes.length))
    grown.set(this.bytes.subarray(0, this.length))
    this.bytes = grown
    this.view = new DataView(grown.buffer)
  }
}
