/** A buffer that is so much larger than what is wanted is left for a save that needs it. */
const MAX_WASTE = 1.5

/**
 * Shared memory of saves that are done, for the next ones: the pages of fresh memory cost several times the copy into
 * them. Not thread-safe: belongs to the thread that saves.
 */
export class CheckpointMemory {
  readonly #buffers: SharedArrayBuffer[] = []
  readonly #keepBytes: number
  #bytes = 0

  /** `keepBytes`: the most that is kept between saves. */
  constructor(keepBytes = 2 ** 30) {
    this.#keepBytes = keepBytes
  }

  /** At least `byteLength` bytes, of any content. Throws a RangeError where there is no such memory. */
  take(byteLength: number): SharedArrayBuffer {
    const fits = this.#buffers.filter((buffer) => isFor(byteLength, buffer))
    if (fits.length === 0) return new SharedArrayBuffer(byteLength)
    const best = fits.reduce((a, b) => (b.byteLength < a.byteLength ? b : a))
    this.#remove(best)
    return best
  }

  /** Nobody reads it any more. */
  give(buffer: SharedArrayBuffer): void {
    if (buffer.byteLength > this.#keepBytes) return
    this.#buffers.push(buffer)
    this.#bytes += buffer.byteLength
    // Those that no save has wanted for the longest time go first.
    while (this.#bytes > this.#keepBytes) this.#remove(this.#buffers[0]!)
  }

  #remove(buffer: SharedArrayBuffer): void {
    this.#buffers.splice(this.#buffers.indexOf(buffer), 1)
    this.#bytes -= buffer.byteLength
  }
}

const isFor = (byteLength: number, buffer: SharedArrayBuffer): boolean =>
  buffer.byteLength >= byteLength && buffer.byteLength <= byteLength * MAX_WASTE
