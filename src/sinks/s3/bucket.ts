/** The requests that bring objects into a bucket. */
import type { S3Client } from '@aws-sdk/client-s3'
import { readMediaFile } from '../../media/checked-file.js'
import { SinkError } from '../errors.js'
import type { Sdk } from './client.js'
import type { Content } from './content.js'
import { statusOf } from './errors.js'
import { Slots } from './slots.js'

/** Requests with a body at once. */
export const AT_ONCE = 4

/** A bucket that has refused so many files in a row refuses something else than the files. */
const MAX_REFUSED_IN_ROW = 20

/** S3 lower-cases the names of metadata. */
const SHA256 = 'sha256'

export interface BucketSetup {
  readonly sdk: Sdk
  readonly client: S3Client
  readonly bucket: string
  readonly partBytes: number
  /** Ends what is on its way. */
  readonly signal: AbortSignal
}

export class Bucket {
  readonly setup: BucketSetup
  readonly slots = new Slots(AT_ONCE)
  #taken = false
  #refusedInRow = 0

  constructor(setup: BucketSetup) {
    this.setup = setup
  }

  /**
   * True where the bucket has this content under this key. A refusal is no answer: who may only write gets one, and so
   * does a key in a bucket that is not there; the request that writes then says what is wrong.
   */
  async has({ key, bytes, sha256 }: Content): Promise<boolean> {
    const { sdk, client, bucket, signal } = this.setup
    try {
      const head = await client.send(new sdk.HeadObjectCommand({ Bucket: bucket, Key: key }), {
        abortSignal: signal,
      })
      return head.ContentLength === bytes && head.Metadata?.[SHA256] === sha256
    } catch (error) {
      const status = statusOf(error)
      if (status !== undefined && status >= 400 && status < 500 && status !== 429) return false
      throw error
    }
  }

  /** In one request. The server refuses bytes that have another hash than the content's. */
  async put(content: Content): Promise<void> {
    const { sdk, client, bucket, signal } = this.setup
    await this.slots.with(async () => {
      const { from } = content
      const body = Buffer.isBuffer(from) ? from : readMediaFile(from.runDir, from.file)
      const input = {
        Bucket: bucket,
        Key: content.key,
        Body: body,
        ContentLength: body.length,
        ChecksumSHA256: Buffer.from(content.sha256, 'hex').toString('base64'),
        ...headersOf(content),
      }
      this.took(await client.send(new sdk.PutObjectCommand(input), { abortSignal: signal }))
    })
  }

  /** S3 names what it has taken. Somebody else's 200 (the page of a proxy) confirms nothing: throws a `retry` SinkError. */
  took({ ETag }: { readonly ETag?: string | undefined }): void {
    if (ETag === undefined) {
      const fix = 'check "endpoint"'
      throw new SinkError('retry', 'BAD_ANSWER', `the server has taken a file and not said which: ${fix}`)
    }
    this.#taken = true
    this.#refusedInRow = 0
  }

  /** A file was refused for good. */
  refused(): void {
    this.#refusedInRow++
  }

  /** It has taken something since this process began, and does not refuse everything since. */
  get works(): boolean {
    return this.#taken && this.#refusedInRow < MAX_REFUSED_IN_ROW
  }
}

/** What an object says of itself. Large ones have no SHA-256 of the whole elsewhere. */
export const headersOf = ({ key, sha256 }: Content) => ({
  ContentType: key.endsWith('.json') ? 'application/json' : 'application/octet-stream',
  Metadata: { [SHA256]: sha256 },
})
