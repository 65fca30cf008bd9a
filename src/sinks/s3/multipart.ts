/**
 * Large files, in parts. Nothing of it is kept here: the server knows which uploads of a key there are, and which parts
 * they have, so that a process that takes the place of a dead one sends only what is left. Uploads that cannot be gone on
 * with are aborted: S3 keeps, and charges for, their parts.
 */
import type { CompletedPart } from '@aws-sdk/client-s3'
import { eachOf } from '../background.js'
import { SinkError } from '../errors.js'
import { AT_ONCE, type Bucket } from './bucket.js'
import { hashParts } from './content.js'
import { type FileContent, Uploads } from './uploads.js'

/** S3 takes no more. */
const MAX_PARTS = 10_000
const MIB = 2 ** 20
/** Parts of one file that are larger than this share of it go one after the other. */
const MEMORY_BYTES = 64 * MIB
/** The upload is of no use any more. */
const BROKEN: ReadonlySet<string> = new Set([
  'InvalidPart',
  'InvalidPartOrder',
  'EntityTooSmall',
  'NoSuchUpload',
])

/** Parts of so many bytes: as they were asked for, or larger where there would be too many. */
export function partBytesFor(bytes: number, wanted: number): number {
  return Math.max(wanted, Math.ceil(bytes / MAX_PARTS / MIB) * MIB)
}

/** Sends a file in parts, from where an earlier attempt has come to. `mine`: uploads that this process has begun. */
export async function sendInParts(
  bucket: Bucket,
  content: FileContent,
  mine: Map<string, string>,
): Promise<void> {
  const { runDir, file } = content.from
  const partBytes = partBytesFor(content.bytes, bucket.setup.partBytes)
  const hashes = await hashParts(runDir, file, partBytes, bucket.setup.signal)
  const uploads = new Uploads(bucket, content.key)
  const uploadId = (await uploads.resume(content, mine)) ?? (await uploads.begin(content))
  mine.set(uploadId, content.sha256)
  const done = await uploads.parts(uploadId)
  const parts = hashes.map((hash, index) => done.get(index + 1)?.[hash] ?? null)
  const missing = [...parts.keys()].filter((index) => parts[index] === null)
  const lanes = Math.max(1, Math.min(AT_ONCE, Math.floor(MEMORY_BYTES / partBytes)))
  try {
    await eachOf(missing, lanes, async (index) => {
      const from = index * partBytes
      const range = { from, to: Math.min(content.bytes, from + partBytes) }
      parts[index] = await uploads.send(uploadId, content.from, range, { index, hash: hashes[index]! })
    })
    await uploads.complete(uploadId, parts as CompletedPart[])
  } catch (error) {
    const { name = '' } = (error ?? {}) as { name?: string }
    if (!BROKEN.has(name)) throw error
    await uploads.abort(uploadId)
    throw new SinkError('retry', 'UPLOAD_BROKEN', `S3 no longer takes the upload of ${content.key} (${name})`)
  }
  mine.delete(uploadId)
}

/** Ends uploads of a key that will never be gone on with. */
export async function abortAll(bucket: Bucket, key: string): Promise<void> {
  const uploads = new Uploads(bucket, key)
  for (const { UploadId } of await uploads.list()) await uploads.abort(UploadId!)
}
