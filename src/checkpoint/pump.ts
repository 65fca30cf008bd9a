import { Readable, type Transform, Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'

/**
 * Sends chunks through a compressor or decompressor to `sink`, no faster than it takes them. A chunk must not change
 * afterwards. Rejects with the error of whichever failed first, as it is.
 */
export async function pump(
  chunks: Iterable<Uint8Array>,
  through: Transform,
  sink: (chunk: Buffer) => void,
): Promise<void> {
  // A stream, not an async function: of one that throws, pipeline() may tell an AbortError instead.
  const last = new Writable({
    write(chunk: Buffer, _encoding, done) {
      let failed: Error | null = null
      try {
        sink(chunk)
      } catch (error) {
        failed = error as Error
      }
      done(failed)
    },
  })
  await pipeline(Readable.from(chunks), through, last)
}
