/**
 * The text of one batch on its way to a file.
 *
 * Rows are concatenated into a rope and encoded a chunk at a time into one buffer that is reused. Measured
 * (Node 20, 100,000 rows x 10 scalars): 70 ms; joining arrays of parts 170 ms, a `Buffer.write` per part
 * 160 ms, one rope for a whole batch 95 ms. UTF-8 costs the same as latin1 for a rope of ASCII.
 */
const CHUNK_CHARACTERS = 32 * 1024
const INITIAL_BYTES = 256 * 1024
/** A buffer that one large batch made bigger than this is given back. */
const KEEP_BYTES = 8 * 1024 * 1024
/** UTF-8 needs at most this many bytes for one UTF-16 code unit. */
const MAX_BYTES_PER_UNIT = 3

export class TextBuffer {
  #bytes = Buffer.allocUnsafe(INITIAL_BYTES)
  #length = 0
  #pending = ''

  add(text: string): void {
    this.#pending += text
    if (this.#pending.length >= CHUNK_CHARACTERS) this.#encode()
  }

  /** The bytes of everything added since `clear()`; valid until the next call. */
  finish(): Uint8Array {
    this.#encode()
    return this.#bytes.subarray(0, this.#length)
  }

  clear(): void {
    this.#length = 0
    this.#pending = ''
    if (this.#bytes.length > KEEP_BYTES) this.#bytes = Buffer.allocUnsafe(INITIAL_BYTES)
  }

  #encode(): void {
    const room = this.#length + this.#pending.length * MAX_BYTES_PER_UNIT
    if (room > this.#bytes.length) {
      const larger = Buffer.allocUnsafe(Math.max(room, this.#bytes.length * 2))
      this.#bytes.copy(larger, 0, 0, this.#length)
      this.#bytes = larger
    }
    this.#length += this.#bytes.write(this.#pending, this.#length)
    this.#pending = ''
  }
}
