import { createHash, type Hash } from 'node:crypto'
import {
  type BigIntStats,
  chmodSync,
  closeSync,
  constants,
  copyFileSync,
  fstatSync,
  fsyncSync,
  openSync,
  readSync,
  statSync,
  writeSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { MediaError } from '../media/request.js'
import { fromSource } from './source.js'

export interface CopiedContent {
  readonly bytes: number
  readonly sha256: string
  /** In base64. */
  readonly md5: string
}

const CHUNK_BYTES = 1024 * 1024
const MAX_TRIES = 5
/** A pipe would otherwise be waited for; Windows has neither. */
const OPEN_SOURCE = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)

/**
 * Copies a file that others may write at the same time, and hashes what was copied: once read, it is one state of the
 * file. Where the file system can, the copy shares the blocks of its source. The copy is on the disk when this returns.
 * Throws a MediaError where the source cannot be read or is no file, and the file system's errors for the copy. Blocks.
 */
export function copyFile(source: string, copy: string): CopiedContent {
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const file = fromSource(source, () => openSync(source, OPEN_SOURCE))
    try {
      requireFile(
        fromSource(source, () => statOf(file)),
        source,
      )
      const content = clone(source, copy) ?? copyOpen(file, source, copy)
      if (content !== null) return content
    } finally {
      closeSync(file)
    }
  }
  throw changes(source)
}

/** Null where the file system cannot. */
function clone(source: string, copy: string): CopiedContent | null {
  try {
    copyFileSync(source, copy, constants.COPYFILE_FICLONE_FORCE)
  } catch {
    // Whatever the reason is: copying tells it better.
    return null
  }
  // With the right of a file that was written here, not with that of its source.
  chmodSync(copy, statSync(dirname(copy)).mode & 0o666)
  return hashOwn(copy)
}

/** Of a copy that nobody else writes. */
function hashOwn(copy: string): CopiedContent {
  const file = openSync(copy, 'r+')
  try {
    const hashes = new Hashes()
    for (const chunk of chunksOf((buffer) => readSync(file, buffer))) hashes.update(chunk)
    fsyncSync(file)
    return hashes.content()
  } finally {
    closeSync(file)
  }
}

/** Null where the source has changed on the way. */
function copyOpen(file: number, source: string, copy: string): CopiedContent | null {
  const before = fromSource(source, () => statOf(file))
  const size = Number(before.size)
  const target = openSync(copy, 'w')
  try {
    const hashes = new Hashes()
    // No further than it was: it may grow faster than it is read.
    const readSource = (buffer: Buffer): number =>
      fromSource(source, () => readSync(file, buffer, 0, Math.min(buffer.length, size - hashes.bytes), null))
    for (const chunk of chunksOf(readSource)) {
      hashes.update(chunk)
      for (let at = 0; at < chunk.length; ) at += writeSync(target, chunk, at)
    }
    const after = fromSource(source, () => statOf(file))
    const content = hashes.content()
    if (after.size !== BigInt(content.bytes) || after.mtimeNs !== before.mtimeNs) return null
    fsyncSync(target)
    return content
  } finally {
    closeSync(target)
  }
}

/**
 * As `copyFile()`, without the copy: the hash is of one state of the file. Blocks for as long as reading it takes.
 */
export function hashFile(source: string): CopiedContent {
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const content = hashSource(source)
    if (content !== null) return content
  }
  throw changes(source)
}

/** Null where it has changed on the way. */
function hashSource(source: string): CopiedContent | null {
  const file = fromSource(source, () => openSync(source, OPEN_SOURCE))
  try {
    const before = fromSource(source, () => statOf(file))
    requireFile(before, source)
    const size = Number(before.size)
    const hashes = new Hashes()
    const readSource = (buffer: Buffer): number =>
      fromSource(source, () => readSync(file, buffer, 0, Math.min(buffer.length, size - hashes.bytes), null))
    for (const chunk of chunksOf(readSource)) hashes.update(chunk)
    const after = fromSource(source, () => statOf(file))
    const content = hashes.content()
    return after.size === BigInt(content.bytes) && after.mtimeNs === before.mtimeNs ? content : null
  } finally {
    closeSync(file)
  }
}

const changes = (source: string): MediaError =>
  new MediaError(
    `${JSON.stringify(source)} changes while it is read: log it when it has been written to its end`,
  )

const statOf = (file: number): BigIntStats => fstatSync(file, { bigint: true })

function requireFile(stats: BigIntStats, source: string): void {
  if (stats.isFile()) return
  const what = stats.isDirectory() ? 'a directory' : 'no regular file (a device, a pipe or a socket)'
  throw new MediaError(`${JSON.stringify(source)} is ${what}: give the path of a file`)
}

/** One buffer, again and again. */
function* chunksOf(read: (buffer: Buffer) => number): Generator<Buffer> {
  const buffer = Buffer.allocUnsafe(CHUNK_BYTES)
  for (let bytes = read(buffer); bytes > 0; bytes = read(buffer)) yield buffer.subarray(0, bytes)
}

/** SHA-256 and MD5 of one content, in one pass. */
export class Hashes {
  readonly #sha256: Hash = createHash('sha256')
  readonly #md5: Hash = createHash('md5')
  bytes = 0

  update(chunk: Uint8Array): this {
    this.#sha256.update(chunk)
    this.#md5.update(chunk)
    this.bytes += chunk.length
    return this
  }

  content(): CopiedContent {
    return { bytes: this.bytes, sha256: this.#sha256.digest('hex'), md5: this.#md5.digest('base64') }
  }
}
