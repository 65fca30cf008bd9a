import { createHash } from 'node:crypto'
import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs'
import type { Transform } from 'node:stream'
import { constants, createBrotliCompress, createGzip } from 'node:zlib'
import { pump } from '../pump.js'
import type { EncodedFile } from '../safetensors/encode.js'
import type { CheckpointCompression, CheckpointFile } from '../types.js'
import { hashOnThread, isShared } from './hash-thread.js'

type Written = Pick<CheckpointFile, 'bytes' | 'sha256'>

/** Small enough for the disk to start early, large enough for calls not to count. */
const CHUNK_BYTES = 4 * 1024 * 1024
/** Below it there is little to gain. */
const OVERLAP_BYTES = 8 * 1024 * 1024
/** Weights hardly get smaller by trying harder: of float32 noise gzip takes off 7 % at every level. */
const GZIP_LEVEL = 1
const BROTLI_QUALITY = 3

/** A new file, hashed on its way; on the disk when `finish()` returns. Blocks. Throws the file system's errors. */
class HashedFile {
  readonly #fd: number
  readonly #hash = createHash('sha256')
  #bytes = 0

  constructor(path: string) {
    this.#fd = openSync(path, 'wx')
  }

  write(chunk: Uint8Array): void {
    this.#put(chunk)
    this.#hash.update(chunk)
  }

  /** All of it, and to the disk, hashed at the same time on another thread. Instead of `write()` and `finish()`. */
  async writeLarge(chunks: readonly Uint8Array[]): Promise<Written> {
    const hashed = hashOnThread(chunks)
    for (const chunk of chunks) this.#put(chunk)
    fsyncSync(this.#fd)
    const sha256 = await hashed
    if (sha256 !== null) return { bytes: this.#bytes, sha256 }
    for (const chunk of chunks) this.#hash.update(chunk)
    return { bytes: this.#bytes, sha256: this.#hash.digest('hex') }
  }

  #put(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.byteLength; ) {
      at += writeSync(this.#fd, chunk, at, chunk.byteLength - at, this.#bytes + at)
    }
    this.#bytes += chunk.byteLength
  }

  finish(): Written {
    fsyncSync(this.#fd)
    return { bytes: this.#bytes, sha256: this.#hash.digest('hex') }
  }

  close(): void {
    closeSync(this.#fd)
  }
}

export function writeBytes(path: string, bytes: Uint8Array): Written {
  const file = new HashedFile(path)
  try {
    file.write(bytes)
    return file.finish()
  } finally {
    file.close()
  }
}

/** Memory does not grow with the file: what is written are views on the tensors. */
export async function writeTensors(
  path: string,
  encoded: EncodedFile,
  compression: CheckpointCompression,
): Promise<Written> {
  const file = new HashedFile(path)
  try {
    const chunks = [...encoded.chunks(CHUNK_BYTES)]
    // All but the header: what is not shared would be copied to the other thread.
    const beside = encoded.bytes > OVERLAP_BYTES && chunks.slice(1).every(isShared)
    if (compression === 'none' && beside) return await file.writeLarge(chunks)
    if (compression === 'none') for (const chunk of chunks) file.write(chunk)
    else await pump(chunks, compressor(compression), (chunk) => file.write(chunk))
    return file.finish()
  } finally {
    file.close()
  }
}

function compressor(compression: 'gzip' | 'brotli'): Transform {
  const chunkSize = 256 * 1024
  if (compression === 'gzip') return createGzip({ level: GZIP_LEVEL, chunkSize })
  return createBrotliCompress({ params: { [constants.BROTLI_PARAM_QUALITY]: BROTLI_QUALITY }, chunkSize })
}
