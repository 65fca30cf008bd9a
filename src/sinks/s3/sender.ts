/** Brings contents into the bucket, each once; goes on between the slices of a delivery. */
import { MediaFileError } from '../../media/checked-file.js'
import { eachOf } from '../background.js'
import { AT_ONCE, type Bucket } from './bucket.js'
import type { Content } from './content.js'
import { abortAll, sendInParts } from './multipart.js'

/** So many contents are remembered to be there, which saves asking. */
const MAX_REMEMBERED = 10_000

export class ContentSender {
  readonly #bucket: Bucket
  /** SHA-256 of what is there, by key. */
  readonly #there = new Map<string, string>()
  /** See sendInParts(). */
  readonly #begun = new Map<string, string>()
  /** The last one of each key: two records may name one content. */
  readonly #working = new Map<string, Promise<void>>()

  constructor(bucket: Bucket) {
    this.#bucket = bucket
  }

  /** Resolves when the bucket has all of them. Rejects with what the SDK threw, or a MediaFileError. */
  async sendAll(contents: readonly Content[]): Promise<void> {
    await eachOf(contents, AT_ONCE, (content) => this.send(content))
  }

  /** Contents of one key go one after the other, in the order of the calls. */
  async send(content: Content): Promise<void> {
    const { key } = content
    const before = this.#working.get(key) ?? Promise.resolve()
    // Whoever has called for the one before is told of its error.
    const work = before.catch(() => {}).then(() => this.#sendOnce(content))
    this.#working.set(key, work)
    try {
      await work
    } finally {
      if (this.#working.get(key) === work) this.#working.delete(key)
    }
  }

  async #sendOnce(content: Content): Promise<void> {
    const { key, sha256 } = content
    if (this.#there.get(key) === sha256) return
    this.#there.delete(key)
    await this.#send(content)
    if (this.#there.size >= MAX_REMEMBERED) this.#there.clear()
    this.#there.set(key, sha256)
  }

  async #send(content: Content): Promise<void> {
    if (await this.#bucket.has(content)) return
    const { from, bytes, key } = content
    if (Buffer.isBuffer(from) || bytes <= this.#bucket.setup.partBytes) {
      await this.#bucket.put(content)
      return
    }
    try {
      await sendInParts(this.#bucket, { ...content, from }, this.#begun)
    } catch (error) {
      if (error instanceof MediaFileError) await abortAll(this.#bucket, key)
      throw error
    }
  }
}
