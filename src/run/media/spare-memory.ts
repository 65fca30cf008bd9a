/** Smaller buffers are as cheap new as found. */
const MIN_BYTES = 4096
/** What is kept for later calls. */
const MAX_BYTES = 32 * 2 ** 20
const MAX_BUFFERS = 256

/**
 * Shared memory of media calls that are done, for the next call of the same size: the pages of fresh memory cost more
 * than the copy into them. What was given longest ago makes room for what is given now.
 */
export class SpareMemory {
  readonly #buffers: SharedArrayBuffer[] = []
  #bytes = 0

  /** Its content is anything. */
  take(byteLength: number): SharedArrayBuffer {
    // The last one given is the likeliest to be in a cache still.
    const index = this.#buffers.findLastIndex((buffer) => buffer.byteLength === byteLength)
    if (index < 0) return new SharedArrayBuffer(byteLength)
    this.#bytes -= byteLength
    return this.#buffers.splice(index, 1)[0]!
  }

  /** Nobody reads it any more. */
  give(buffer: SharedArrayBuffer): void {
    const { byteLength } = buffer
    if (byteLength < MIN_BYTES || byteLength > MAX_BYTES) return
    this.#buffers.push(buffer)
    this.#bytes += byteLength
    while (this.#bytes > MAX_BYTES || this.#buffers.length > MAX_BUFFERS)
      this.#bytes -= this.#buffers.shift()!.byteLength
  }
}
