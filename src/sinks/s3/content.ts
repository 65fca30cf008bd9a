/** What is to be an object: bytes in memory, or a file of the run directory. */
import { createHash } from 'node:crypto'
import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { join } from 'node:path'
import { MediaFileError } from '../../media/checked-file.js'
import type { MediaFile } from '../../record/media.js'

export interface Content {
  /** In the bucket. */
  readonly key: string
  readonly bytes: number
  /** In hex. */
  readonly sha256: string
  /** The key says what the content is: nothing else is ever there. */
  readonly addressed: boolean
  readonly from: Buffer | { readonly runDir: string; readonly file: MediaFile }
}

export const jsonContent = (key: string, value: unknown): Content => {
  const from = Buffer.from(`${JSON.stringify(value, null, 2)}\n`)
  const sha256 = createHash('sha256').update(from).digest('hex')
  return { key, bytes: from.length, sha256, addressed: false, from }
}

export const fileContent = (key: string, runDir: string, file: MediaFile, addressed: boolean): Content => ({
  key,
  bytes: file.bytes,
  sha256: file.sha256,
  addressed,
  from: { runDir, file },
})

const CHUNK_BYTES = 1024 * 1024

/**
 * SHA-256 of each part of a file, in base64; throws a MediaFileError where the whole is not what was logged, so that
 * nothing else ever gets the name of its hash. A chunk at a time: synchronous, since asynchronous file calls of any thread
 * wait for each other, and those of the training thread with them.
 */
export async function hashParts(
  runDir: string,
  file: MediaFile,
  partBytes: number,
  signal: AbortSignal,
): Promise<string[]> {
  const whole = createHash('sha256')
  const parts: string[] = []
  const open = openFile(runDir, file)
  try {
    const buffer = Buffer.allocUnsafe(CHUNK_BYTES)
    for (let from = 0; from < file.bytes; from += partBytes) {
      const to = Math.min(file.bytes, from + partBytes)
      const part = createHash('sha256')
      for (let at = from; at < to; ) {
        const read = readSync(open, buffer, 0, Math.min(CHUNK_BYTES, to - at), at)
        if (read === 0) throw damaged(file)
        whole.update(buffer.subarray(0, read))
        part.update(buffer.subarray(0, read))
        at += read
        await new Promise((resolve) => setImmediate(resolve))
        signal.throwIfAborted()
      }
      parts.push(part.digest('base64'))
    }
  } finally {
    closeSync(open)
  }
  if (whole.digest('hex') === file.sha256) return parts
  throw damaged(file)
}

/** Bytes `from .. to - 1` of a file. Blocks. */
export function readPart(runDir: string, file: MediaFile, from: number, to: number): Buffer {
  const open = openFile(runDir, file)
  try {
    const part = Buffer.allocUnsafeSlow(to - from)
    for (let at = 0; at < part.length; ) {
      const read = readSync(open, part, at, part.length - at, from + at)
      if (read === 0) throw damaged(file)
      at += read
    }
    return part
  } finally {
    closeSync(open)
  }
}

function openFile(runDir: string, file: MediaFile): number {
  let open: number
  try {
    open = openSync(join(runDir, file.path), 'r')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    throw new MediaFileError(file.path, 'is gone')
  }
  const { size } = fstatSync(open)
  if (size === file.bytes) return open
  closeSync(open)
  throw new MediaFileError(file.path, `holds ${size} of ${file.bytes} bytes`)
}

const damaged = ({ path }: MediaFile): MediaFileError =>
  new MediaFileError(path, 'holds other bytes than were logged')
