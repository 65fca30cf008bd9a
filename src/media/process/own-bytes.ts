import { MediaError } from '../request.js'
import { describe } from './checks.js'

/**
 * The bytes of an encoded file in memory that is this thread's alone: what reads, hashes and writes them need not
 * take shared memory, and what was checked stays as it is. `what` is in the singular: "the image".
 */
export function ownBytes(encoded: unknown, what: string): Uint8Array {
  if (!(encoded instanceof Uint8Array)) {
    throw new MediaError(`${what} is ${describe(encoded)}: give the file's bytes as a Uint8Array or Buffer`)
  }
  if (encoded.length === 0) throw new MediaError(`${what} is empty: give the bytes of a whole file`)
  return encoded.buffer instanceof SharedArrayBuffer ? new Uint8Array(encoded) : encoded
}
