import { open } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import { MediaFileError } from '../../media/checked-file.js'
import { SinkError } from '../errors.js'

/** What is uploaded: a file, bytes, or bytes that are made when it is their turn. */
export type Content =
  | { readonly path: string; readonly bytes: number }
  | { readonly data: Uint8Array; readonly bytes: number }
  | { readonly read: () => Uint8Array; readonly bytes: number }

export interface OpenContent {
  readonly body: Readable | Uint8Array
  close(): Promise<void>
}

/** Throws a `reject` SinkError where the file is gone, or has another size than it had. */
export async function openContent(content: Content): Promise<OpenContent> {
  if ('data' in content) return { body: content.data, close: async () => {} }
  if ('read' in content) return { body: made(content.read), close: async () => {} }
  const { path, bytes } = content
  const file = await open(path).catch((error: NodeJS.ErrnoException) => {
    throw error.code === 'ENOENT' ? new SinkError('reject', 'media-file', `${path} is gone`) : error
  })
  let stream: Readable | undefined
  const close = async (): Promise<void> => {
    // A server that answers before it has read all leaves the stream open, and a file waits for its streams for ever.
    stream?.destroy()
    await file.close()
  }
  try {
    const { size } = await file.stat()
    if (size !== bytes) {
      throw new SinkError('reject', 'media-file', `${path} has ${size} bytes, and had ${bytes}`)
    }
    if (bytes === 0) return { body: new Uint8Array(0), close }
    stream = file.createReadStream({ autoClose: false })
    return { body: stream, close }
  } catch (error) {
    await close()
    throw error
  }
}

function made(read: () => Uint8Array): Uint8Array {
  try {
    return read()
  } catch (error) {
    throw error instanceof MediaFileError ? new SinkError('reject', 'media-file', error.message) : error
  }
}
