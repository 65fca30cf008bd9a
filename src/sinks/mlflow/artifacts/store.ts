/**
 * Where a run's files go: to the tracking server, which keeps them wherever it likes. A run whose artifacts are
 * elsewhere (`s3:`, `file:`) takes files from clients with rights of their own only.
 */
import { closeSync, openSync, readSync } from 'node:fs'
import { posix } from 'node:path'
import { SinkError } from '../../errors.js'
import type { Content } from '../../http/content.js'
import { textOf } from '../api/answers.js'
import type { Client } from '../api/client.js'

/** As MLflow's own client; MLFLOW_MULTIPART_UPLOAD_MINIMUM_FILE_SIZE and _CHUNK_SIZE. */
const MULTIPART_BYTES = 500 * 1024 * 1024
const CHUNK_BYTES = 10 * 1024 * 1024
/** Of S3. */
const MAX_PARTS = 10_000

export interface MultipartSizes {
  readonly minimumBytes: number
  readonly chunkBytes: number
}

export function multipartSizes(env: NodeJS.ProcessEnv): MultipartSizes {
  const number = (name: string, otherwise: number) => {
    const given = Number(env[name]?.trim() || Number.NaN)
    return Number.isSafeInteger(given) && given > 0 ? given : otherwise
  }
  return {
    minimumBytes: number('MLFLOW_MULTIPART_UPLOAD_MINIMUM_FILE_SIZE', MULTIPART_BYTES),
    chunkBytes: number('MLFLOW_MULTIPART_UPLOAD_CHUNK_SIZE', CHUNK_BYTES),
  }
}

/** One part of a file on its way. */
interface Part {
  readonly url: string
  readonly number: number
  readonly headers: { readonly [name: string]: string }
}

export class ArtifactStore {
  readonly #client: Client
  readonly #host: string
  readonly #root: string
  readonly #sizes: MultipartSizes
  #multipart = true

  private constructor(client: Client, uri: URL, sizes: MultipartSizes) {
    this.#client = client
    this.#host = uri.host
    this.#root = uri.pathname.replace(/^\/+|\/+$/g, '')
    this.#sizes = sizes
  }

  /** Null where the server does not take files. */
  static of(client: Client, artifactUri: string, sizes: MultipartSizes): ArtifactStore | null {
    const uri = URL.canParse(artifactUri) ? new URL(artifactUri) : null
    return uri?.protocol === 'mlflow-artifacts:' ? new ArtifactStore(client, uri, sizes) : null
  }

  /** `path`: among the run's files, with `/`. A file that comes again lays itself over itself. Throws a SinkError. */
  async put(path: string, content: Content, signal: AbortSignal): Promise<void> {
    const large = 'path' in content && content.bytes >= this.#sizes.minimumBytes
    if (large && this.#multipart && (await this.#putParts(path, content, signal))) return
    await this.#client.putArtifact(this.#host, this.#at(path), content, signal)
  }

  /** False where the server has no way to take parts. */
  async #putParts(path: string, content: Content & { path: string }, signal: AbortSignal): Promise<boolean> {
    const at = this.#at(posix.dirname(path) === '.' ? '' : posix.dirname(path))
    const chunkBytes = Math.max(this.#sizes.chunkBytes, Math.ceil(content.bytes / MAX_PARTS))
    const name = posix.basename(path)
    const count = Math.ceil(content.bytes / chunkBytes)
    const begun = await this.#begin(at, { path: name, num_parts: count }, signal)
    if (begun === null) return false
    const upload = { path: name, upload_id: begun.uploadId }
    try {
      const parts: object[] = []
      for (const part of begun.parts) {
        const chunk = chunkOf(content, (part.number - 1) * chunkBytes, chunkBytes)
        const { headers } = await this.#client.putPart(part.url, chunk, part.headers, signal)
        parts.push({ part_number: part.number, etag: textOf(headers.etag), url: part.url })
      }
      await this.#client.multipart('complete', at, { ...upload, parts }, signal)
    } catch (error) {
      await this.#client.multipart('abort', at, upload, signal).catch(() => {
        // The server forgets it in time: what went wrong before is what counts.
      })
      throw error
    }
    return true
  }

  async #begin(at: string, body: object, signal: AbortSignal) {
    try {
      const { upload_id, credentials } = await this.#client.multipart('create', at, body, signal)
      const parts = (Array.isArray(credentials) ? credentials : []).map(
        ({ url, part_number, headers }): Part => ({ url, number: part_number, headers: headers ?? {} }),
      )
      return { uploadId: textOf(upload_id), parts }
    } catch (error) {
      // Not implemented, or a server that is too old to know of it.
      if (!(error instanceof SinkError) || !/^(NOT_IMPLEMENTED|HTTP_(501|404|405))$/.test(error.code))
        throw error
      this.#multipart = false
      return null
    }
  }

  #at(path: string): string {
    const whole = [this.#root, path].filter((part) => part !== '').join('/')
    return whole.split('/').map(encodeURIComponent).join('/')
  }
}

function chunkOf({ path, bytes }: { path: string; bytes: number }, from: number, most: number): Content {
  const length = Math.min(most, bytes - from)
  return {
    bytes: length,
    read: () => {
      const chunk = Buffer.alloc(length)
      const file = openSync(path, 'r')
      try {
        if (readSync(file, chunk, 0, length, from) === length) return chunk
      } finally {
        closeSync(file)
      }
      throw new SinkError('reject', 'media-file', `${path} has become shorter`)
    },
  }
}
