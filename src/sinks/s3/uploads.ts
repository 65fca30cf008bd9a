/** The multipart uploads that a bucket has of one key. */
import type {
  CompletedPart,
  ListMultipartUploadsCommandOutput,
  ListPartsCommandOutput,
  MultipartUpload,
  Part,
} from '@aws-sdk/client-s3'
import { SinkError } from '../errors.js'
import { type Bucket, headersOf } from './bucket.js'
import { type Content, readPart } from './content.js'
import { statusOf } from './errors.js'

/** A content that is a file. */
export type FileContent = Content & { readonly from: Exclude<Content['from'], Buffer> }

export class Uploads {
  readonly #bucket: Bucket
  readonly #at: { readonly Bucket: string; readonly Key: string }

  constructor(bucket: Bucket, key: string) {
    this.#bucket = bucket
    this.#at = { Bucket: bucket.setup.bucket, Key: key }
  }

  /**
   * The newest upload that is of this content, null where there is none; all others are aborted: only one process
   * delivers a run. Under a key that may get another content, only an upload that was begun here is known to be of it.
   */
  async resume({ addressed, sha256 }: Content, mine: ReadonlyMap<string, string>): Promise<string | null> {
    const begun = await this.list()
    const known = begun.filter(({ UploadId }) => addressed || mine.get(UploadId!) === sha256)
    const newest = known.sort((a, b) => timeOf(b) - timeOf(a))[0]?.UploadId ?? null
    for (const { UploadId } of begun) if (UploadId !== newest) await this.abort(UploadId!)
    return newest
  }

  /** Empty also where listing is not allowed, or there is no such request: then every attempt begins anew. */
  async list(): Promise<MultipartUpload[]> {
    const { sdk, client, bucket, signal } = this.#bucket.setup
    const found: MultipartUpload[] = []
    let from: { KeyMarker?: string; UploadIdMarker?: string } = {}
    try {
      for (let more: boolean | undefined = true; more; ) {
        const input = { Bucket: bucket, Prefix: this.#at.Key, ...from }
        const page: ListMultipartUploadsCommandOutput = await client.send(
          new sdk.ListMultipartUploadsCommand(input),
          { abortSignal: signal },
        )
        found.push(...(page.Uploads ?? []).filter(({ Key }) => Key === this.#at.Key))
        const { NextKeyMarker, NextUploadIdMarker } = page
        more = page.IsTruncated && NextKeyMarker !== undefined
        from = {
          KeyMarker: NextKeyMarker!,
          ...(NextUploadIdMarker === undefined ? {} : { UploadIdMarker: NextUploadIdMarker }),
        }
      }
      return found.filter(({ UploadId }) => UploadId !== undefined)
    } catch (error) {
      const status = statusOf(error)
      if (status === 403 || status === 501) return []
      throw error
    }
  }

  async begin(content: Content): Promise<string> {
    const { sdk, client, signal } = this.#bucket.setup
    const input = { ...this.#at, ...headersOf(content), ChecksumAlgorithm: 'SHA256' as const }
    const { UploadId } = await client.send(new sdk.CreateMultipartUploadCommand(input), {
      abortSignal: signal,
    })
    if (UploadId !== undefined) return UploadId
    throw new SinkError('retry', 'BAD_ANSWER', 'S3 has begun an upload and not said which')
  }

  /** What the server has, by number and then by SHA-256 in base64: a part without one is sent again. */
  async parts(uploadId: string): Promise<ReadonlyMap<number, { readonly [sha256: string]: CompletedPart }>> {
    const { sdk, client, signal } = this.#bucket.setup
    const found = new Map<number, { readonly [sha256: string]: CompletedPart }>()
    // By hand: the SDK's own pages have no end where a server names a next one behind the last.
    let from: { PartNumberMarker?: string } = {}
    for (let more: boolean | undefined = true; more; ) {
      const page: ListPartsCommandOutput = await client.send(
        new sdk.ListPartsCommand({ ...this.#at, UploadId: uploadId, ...from }),
        { abortSignal: signal },
      )
      for (const part of page.Parts ?? []) {
        if (part.ChecksumSHA256 !== undefined)
          found.set(part.PartNumber!, { [part.ChecksumSHA256]: completed(part) })
      }
      const next = page.NextPartNumberMarker
      more = page.IsTruncated && next !== undefined && next !== from.PartNumberMarker
      from = next === undefined ? {} : { PartNumberMarker: next }
    }
    return found
  }

  /** The server refuses bytes that have another hash than they had when the file was checked. */
  async send(
    uploadId: string,
    { runDir, file }: FileContent['from'],
    { from, to }: { readonly from: number; readonly to: number },
    { index, hash }: { readonly index: number; readonly hash: string },
  ): Promise<CompletedPart> {
    const { sdk, client, signal } = this.#bucket.setup
    return this.#bucket.slots.with(async () => {
      signal.throwIfAborted()
      const number = { PartNumber: index + 1, ChecksumSHA256: hash }
      const body = { Body: readPart(runDir, file, from, to), ContentLength: to - from }
      const input = { ...this.#at, UploadId: uploadId, ...number, ...body }
      const answer = await client.send(new sdk.UploadPartCommand(input), { abortSignal: signal })
      this.#bucket.took(answer)
      return completed({ ...number, ETag: answer.ETag! })
    })
  }

  async complete(uploadId: string, parts: CompletedPart[]): Promise<void> {
    const { sdk, client, signal } = this.#bucket.setup
    const input = { ...this.#at, UploadId: uploadId, MultipartUpload: { Parts: parts } }
    await client.send(new sdk.CompleteMultipartUploadCommand(input), { abortSignal: signal })
  }

  async abort(uploadId: string): Promise<void> {
    const { sdk, client, signal } = this.#bucket.setup
    const input = { ...this.#at, UploadId: uploadId }
    try {
      await client.send(new sdk.AbortMultipartUploadCommand(input), { abortSignal: signal })
    } catch (error) {
      // Somebody else was faster, or it may not be done: the bucket's rules end it.
      const status = statusOf(error)
      if (status !== 404 && status !== 403) throw error
    }
  }
}

const timeOf = ({ Initiated }: MultipartUpload): number => Initiated?.getTime() ?? 0

const completed = ({ PartNumber, ETag, ChecksumSHA256 }: Part): CompletedPart => ({
  PartNumber,
  ETag,
  ChecksumSHA256,
})
