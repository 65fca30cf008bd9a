/**
 * A file that only grows, whose committed length is kept elsewhere (in a sink's cursor).
 *
 * Every write goes to a known position, so a failed one leaves nothing behind that counts: `append()` either
 * takes all of its bytes or leaves the length as it was, and the same bytes may be given again. Whatever lies
 * beyond the length is cut off before the next byte is written, and at `open()`.
 *
 * All calls are synchronous and block: libuv's four file threads belong to the training thread too. Nothing is
 * fsynced but where `sync()` is called: the journal is what survives a power loss, and a file that lost its
 * end there is found too short at `open()`.
 */
import {
  closeSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readSync,
  renameSync,
  writeSync,
} from 'node:fs'
import { SinkError } from '../errors.js'
import type { SinkState } from '../sink.js'

export class AppendFile {
  #fd: number | undefined
  #path: string
  #length: number
  /** True while the file may hold bytes beyond `#length`. */
  #torn = false

  private constructor(fd: number, path: string, length: number) {
    this.#fd = fd
    this.#path = path
    this.#length = length
  }

  /**
   * Creates or empties the file (`committedLength` null), or cuts an existing one to what was committed.
   * Throws a `rebuild` SinkError where it is gone or shorter than that.
   */
  static open(path: string, committedLength: number | null): AppendFile {
    if (committedLength === null) return new AppendFile(openSync(path, 'w+'), path, 0)
    let fd: number
    try {
      fd = openSync(path, 'r+')
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
      throw lostFile(path, 'FILE_MISSING', 'is gone', error)
    }
    try {
      const { size } = fstatSync(fd)
      if (size < committedLength) throw shortFile(path, size, committedLength)
      if (size > committedLength) ftruncateSync(fd, committedLength)
    } catch (error) {
      closeSync(fd)
      throw error
    }
    return new AppendFile(fd, path, committedLength)
  }

  get length(): number {
    return this.#length
  }

  /** Appends the first `length` bytes: all of them, or (when it throws) none. */
  append(bytes: Uint8Array, length: number): void {
    this.#assertWhole()
    if (this.#torn) ftruncateSync(this.#open(), this.#length)
    this.#torn = true
    try {
      let written = 0
      while (written < length) {
        written += writeSync(this.#open(), bytes, written, length - written, this.#length + written)
      }
    } catch (error) {
      this.cut(this.#length)
      throw error
    }
    this.#torn = false
    this.#length += length
  }

  /** Takes back what was appended beyond `length`. Never throws: what cannot be cut now is cut later. */
  cut(length: number): void {
    this.#length = length
    this.#torn = true
    try {
      ftruncateSync(this.#open(), length)
      this.#torn = false
    } catch {
      // The next append() or open() cuts it.
    }
  }

  /** Reads into `target` from `position`; fewer bytes than asked for only at the end. */
  read(target: Uint8Array, position: number): number {
    const wanted = Math.min(target.length, this.#length - position)
    let got = 0
    while (got < wanted) {
      const count = readSync(this.#open(), target, got, wanted - got, position + got)
      if (count === 0) throw shortFile(this.#path, position + got, this.#length)
      got += count
    }
    return got
  }

  sync(): void {
    fsyncSync(this.#open())
  }

  /** Puts this file in the place of the one at `path`, atomically. */
  moveTo(path: string): void {
    renameSync(this.#path, path)
    this.#path = path
  }

  /** Only the first call does anything, even if that one fails. */
  close(): void {
    const fd = this.#fd
    this.#fd = undefined
    if (fd !== undefined) closeSync(fd)
  }

  #open(): number {
    if (this.#fd !== undefined) return this.#fd
    throw new Error(`${this.#path} is closed`)
  }

  /** A file that was removed or cut while it was open would take our bytes and lose them. */
  #assertWhole(): void {
    const { nlink, size } = fstatSync(this.#open())
    if (nlink === 0) throw lostFile(this.#path, 'FILE_MISSING', 'was removed while it was being written')
    if (size < this.#length) throw shortFile(this.#path, size, this.#length)
  }
}

/** A committed length out of a sink's state. */
export function lengthIn(state: SinkState, key: string): number {
  const length = state[key]
  if (Number.isSafeInteger(length) && (length as number) >= 0) return length as number
  throw new SinkError(
    'rebuild',
    'STATE_INVALID',
    `the cursor holds no usable ${key}; the file is written again`,
  )
}

function shortFile(path: string, size: number, committed: number): SinkError {
  return lostFile(path, 'FILE_TOO_SHORT', `holds ${size} bytes where ${committed} were delivered`)
}

function lostFile(path: string, code: string, what: string, cause?: unknown): SinkError {
  return new SinkError('rebuild', code, `${path} ${what}; it is written again from the journal`, { cause })
}
