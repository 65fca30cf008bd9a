import { MediaError } from '../../request.js'
import type { ImageSize } from './index.js'

const SIGNATURE_BYTES = 8
/** Length, type and CRC-32 around a chunk's data. */
const CHUNK_OVERHEAD = 12
const IHDR = 0x49484452
const IEND = 0x49454e44

/** Chunks up to IEND, the first of which has the size: https://www.w3.org/TR/png-3/#5Chunk-layout */
export function pngSize(file: DataView): ImageSize {
  if (file.getUint32(SIGNATURE_BYTES + 4) !== IHDR) {
    throw new MediaError('the PNG file does not begin with its header (IHDR): encode it again')
  }
  let at = SIGNATURE_BYTES
  let type = IHDR
  while (type !== IEND) {
    type = file.getUint32(at + 4)
    at += CHUNK_OVERHEAD + file.getUint32(at)
  }
  if (at > file.byteLength) throw new RangeError('no room for the last chunk')
  return { width: file.getUint32(SIGNATURE_BYTES + 8), height: file.getUint32(SIGNATURE_BYTES + 12) }
}
