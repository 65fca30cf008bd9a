import { closeSync, openSync, readSync } from 'node:fs'

const BUFFER_BYTES = 1024 * 1024

/** Reads a file from its beginning, so many bytes at a time as are asked for. Blocks. */
export class FileReader {
  readonly #fd: number
  #buffer = Buffer.alloc(BUFFER_BYTES)
  #start = 0
  #end = 0
  #ended = false

  constructor(path: string) {
    this.#fd = openSync(path, 'r')
  }

  /** Exactly so many bytes, valid until the next call; null where the file has fewer, which are left. */
  take(bytes: number): Buffer | null {
    while (this.#end - this.#start < bytes && !this.#ended) this.#fill(bytes)
    if (this.#end - this.#start < bytes) return null
    this.#start += bytes
    return this.#buffer.subarray(this.#start - bytes, this.#start)
  }

  /** What is left of the file, and fits `most` bytes. */
  rest(most: number): Buffer {
    while (this.#end - this.#start < most && !this.#ended) this.#fill(most)
    const bytes = Math.min(most, this.#end - this.#start)
    return this.take(bytes)!
  }

  close(): void {
    closeSync(this.#fd)
  }

  #fill(bytes: number): void {
    const held = this.#buffer.subarray(this.#start, this.#end)
    // By what is there, not by what a damaged length says: twice as much at each turn.
    const size =
      held.length === this.#buffer.length ? Math.min(bytes * 2, held.length * 2) : this.#buffer.length
    const into = size > this.#buffer.length ? Buffer.alloc(size) : this.#buffer
    into.set(held, 0)
    this.#buffer = into
    this.#start = 0
    this.#end = held.length
    const read = readSync(this.#fd, into, this.#end, into.length - this.#end, null)
    this.#end += read
    this.#ended = read === 0
  }
}
