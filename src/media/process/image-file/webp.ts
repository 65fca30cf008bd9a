import { MediaError } from '../../request.js'
import type { ImageSize } from './index.js'

const LOSSY = 0x56503820
const LOSSLESS = 0x5650384c
const EXTENDED = 0x56503858
const FOURTEEN_BITS = 0x3fff

/** The first chunk has the size: https://developers.google.com/speed/webp/docs/riff_container */
export function webpSize(file: DataView): ImageSize {
  if (8 + file.getUint32(4, true) > file.byteLength) throw new RangeError('shorter than its header says')
  switch (file.getUint32(12)) {
    case LOSSY:
      return {
        width: file.getUint16(26, true) & FOURTEEN_BITS,
        height: file.getUint16(28, true) & FOURTEEN_BITS,
      }
    case LOSSLESS: {
      const bits = file.getUint32(21, true)
      return { width: (bits & FOURTEEN_BITS) + 1, height: ((bits >> 14) & FOURTEEN_BITS) + 1 }
    }
    case EXTENDED:
      return { width: uint24(file, 24) + 1, height: uint24(file, 27) + 1 }
    default:
      throw new MediaError('the WebP file does not begin with a picture (VP8, VP8L or VP8X): encode it again')
  }
}

const uint24 = (file: DataView, at: number): number =>
  file.getUint16(at, true) | (file.getUint8(at + 2) << 16)
