/**
 * Writing and hashing large files at the same time: on a fast disk SHA-256 alone takes as long as the disk does. Only one
 * call at a time is with libuv, whose four threads the training thread's own file calls share.
 */
import type { Hash } from 'node:crypto'
import { fsync, writev } from 'node:fs'
import { setImmediate } from 'node:timers/promises'
import type { EncodedFile } from '../safetensors/encode.js'

/** About a millisecond: so long a call that has ended may wait for the next one. */
const HASH_BYTES = 1024 * 1024
const WRITE_BYTES = 16 * 1024 * 1024
/** What systems take in one call (IOV_MAX). */
const MAX_BUFFERS = 1024

/** The file is on the disk when this resolves. Rejects with the file system's errors; then no call is under way. */
export async function writeOverlapped(fd: number, file: EncodedFile, hash: Hash): Promise<void> {
  let failed = false
  const hashing = async (): Promise<void> => {
    for (const chunk of file.chunks(HASH_BYTES)) {
      if (failed) return
      hash.update(chunk)
      await setImmediate()
    }
  }
  const writing = async (): Promise<void> => {
    try {
      let position = 0
      for (const batch of batchesOf(file)) position += await writeAll(fd, batch, position)
      await syncFile(fd)
    } catch (error) {
      failed = true
      throw error
    }
  }
  await Promise.all([writing(), hashing()])
}

/** Many small tensors are one call. */
function* batchesOf(file: EncodedFile): Generator<Uint8Array[]> {
  let batch: Uint8Array[] = []
  let bytes = 0
  for (const chunk of file.chunks(WRITE_BYTES)) {
    batch.push(chunk)
    bytes += chunk.byteLength
    if (bytes < WRITE_BYTES && batch.length < MAX_BUFFERS) continue
    yield batch
    batch = []
    bytes = 0
  }
  if (batch.length > 0) yield batch
}

/** Returns how many bytes the batch has. */
async function writeAll(fd: number, batch: Uint8Array[], position: number): Promise<number> {
  let written = 0
  for (let rest = batch; rest.length > 0; ) {
    const bytes = await writeSome(fd, rest, position + written)
    written += bytes
    rest = behind(rest, bytes)
  }
  return written
}

/** What is left when so many bytes are written. */
function behind(buffers: readonly Uint8Array[], bytes: number): Uint8Array[] {
  const rest: Uint8Array[] = []
  let skip = bytes
  for (const buffer of buffers) {
    if (skip < buffer.byteLength) rest.push(buffer.subarray(skip))
    skip = Math.max(0, skip - buffer.byteLength)
  }
  return rest
}

const writeSome = (fd: number, buffers: Uint8Array[], position: number): Promise<number> =>
  new Promise((resolve, reject) => {
    writev(fd, buffers, position, (error, bytes) => (error === null ? resolve(bytes) : reject(error)))
  })

const syncFile = (fd: number): Promise<void> =>
  new Promise((resolve, reject) => {
    fsync(fd, (error) => (error === null ? resolve() : reject(error)))
  })
