/**
 * A file that only grows, whose committed extent is kept elsewhere (in a sink's cursor).
 *
 * Every write goes to a known position, so a failed one leaves nothing behind that counts: `append()` either
 * takes all of its bytes or leaves the length as it was, and the same bytes may be given again. Whatever lies
 * beyond the length is cut off before the next byte is written, and at `open()`.
 *
 * All calls are synchronous and block: libuv's four file threads belong to the training thread too. Nothing is
 * fsynced but where `sync()` is called: the journal is what survives a power loss, and a file that lost bytes
 * there is found too short, or by its checksum (5 GB/s, so kept up to date with every append), at `open()`.
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
import { crc32 } from 'node:zlib'
import { SinkError } from '../errors.js'
import type { SinkState } from '../sink.js'

/** How far a file goes, and the CRC-32 of all bytes up to there. */
export interface Extent {
  readonly length: number
  /** Null in the cursors of older versions. */
  readonly crc: number | null
}

export class AppendFile {
  #fd: number | undefined
  #path: string
  #extent: Extent & { readonly crc: number }
  /** True while the file may hold bytes beyond its extent. */
  #torn = false

  private constructor(fd: number, path: string, extent: Extent & { readonly crc: number }) {
    this.#fd = fd
    this.#path = path
    this.#extent = extent
  }

  /** Creates the file, or empties it. `crc`: where the checksum goes on from, if not from nothing. */
  static create(path: string, crc = 0): AppendFile {
    return new AppendFile(openSync(path, 'w+'), path, { length: 0, crc })
  }

  /**
   * Cuts an existing file to what was committed. `suspect`: its bytes are compared with the checksum, which
   * reads it once. Throws a `rebuild` SinkError where it is gone, shorter, or not the same.
   */
  static open(path: string, committed: Extent, suspect = false): AppendFile {
    let fd: number
    try {
      fd = openSync(path, 'r+')
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
      throw lostFile(path, 'FILE_MISSING', 'is gone', error)
    }
    try {
      const { length } = committed
      const { size } = fstatSync(fd)
      if (size < length) throw shortFile(path, size, length)
      if (size > length) ftruncateSync(fd, length)
      return new AppendFile(fd, path, { length, crc: checkedCrc(fd, path, committed, suspect) })
    } catch (error) {
      closeSync(fd)
      throw error
    }
  }

  get length(): number {
    return this.#extent.length
  }

  get extent(): Extent & { readonly crc: number } {
    return this.#extent
  }

  /** Appends the first `length` bytes: all of them, or (when it throws) none. */
  append(bytes: Uint8Array, length: number): void {
    this.#assertWhole()
    const before = this.#extent
    if (this.#torn) ftruncateSync(this.#open(), before.length)
    this.#torn = true
    try {
      let written = 0
      while (written < length) {
        written += writeSync(this.#open(), bytes, written, length - written, before.length + written)
      }
    } catch (error) {
      this.cut(before)
      throw error
    }
    this.#torn = false
    this.#extent = { length: before.length + length, crc: crc32(bytes.subarray(0, length), before.crc) }
  }

  /** Goes back to an earlier extent. Never throws: what cannot be cut now is cut later. */
  cut(extent: Extent & { readonly crc: number }): void {
    this.#extent = extent
    this.#torn = true
    try {
      ftruncateSync(this.#open(), extent.length)
      this.#torn = false
    } catch {
      // The next append() or open() cuts it.
    }
  }

  /** Reads into `target` from `position`; fewer bytes than asked for only at the end. */
  read(target: Uint8Array, position: number): number {
    const wanted = Math.min(target.length, this.length - position)
    let got = 0
    while (got < wanted) {
      const count = readSync(this.#open(), target, got, wanted - got, position + got)
      if (count === 0) throw shortFile(this.#path, position + got, this.length)
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
    if (size < this.length) throw shortFile(this.#path, size, this.length)
  }
}

const CHECK_BYTES = 1024 * 1024

/** CRC-32 of the first `length` bytes of a file, after bytes whose checksum is `crc`. Blocks. */
export function fileCrc(fd: number, length: number, crc = 0): number {
  const buffer = Buffer.allocUnsafe(Math.min(length, CHECK_BYTES))
  for (let position = 0; position < length; ) {
    const count = readSync(fd, buffer, 0, Math.min(buffer.length, length - position), position)
    // Shorter than it was a moment ago: then the checksum is wrong.
    if (count === 0) break
    crc = crc32(buffer.subarray(0, count), crc)
    position += count
  }
  return crc
}

/** The file's checksum; without one in the cursor, nothing tells whether a suspect file is what was written. */
function checkedCrc(fd: number, path: string, { length, crc }: Extent, suspect: boolean): number {
  if (crc !== null && !suspect) return crc
  const found = crc === null && suspect ? null : fileCrc(fd, length)
  if (found !== null && (crc === null || found === crc)) return found
  throw lostFile(path, 'FILE_CHANGED', 'may not hold what was written before the machine was restarted')
}

/** A committed extent out of a sink's state. */
export function extentIn(state: SinkState, lengthKey: string, crcKey: string): Extent {
  return { length: lengthIn(state, lengthKey), crc: crcKey in state ? lengthIn(state, crcKey) : null }
}

/** A committed length, or another count, out of a sink's state. */
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

export function lostFile(path: string, code: string, what: string, cause?: unknown): SinkError {
  return new SinkError('rebuild', code, `${path} ${what}; it is written again from the journal`, { cause })
}
