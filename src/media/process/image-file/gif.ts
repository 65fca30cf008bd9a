import { MediaError } from '../../request.js'
import type { ImageSize } from './index.js'

const HEADER_BYTES = 13
const EXTENSION = 0x21
const IMAGE = 0x2c
const TRAILER = 0x3b

/** The size of the screen, and blocks up to the trailer: https://www.w3.org/Graphics/GIF/spec-gif89a.txt */
export function gifSize(file: DataView): ImageSize {
  let at = HEADER_BYTES + colorTableBytes(file.getUint8(10))
  for (let block = file.getUint8(at); block !== TRAILER; block = file.getUint8(at)) {
    if (block === EXTENSION) at = afterSubBlocks(file, at + 2)
    else if (block === IMAGE) at = afterSubBlocks(file, at + 11 + colorTableBytes(file.getUint8(at + 9)))
    else throw new MediaError('the GIF file has a block that is none of GIF: encode it again')
  }
  return { width: file.getUint16(6, true), height: file.getUint16(8, true) }
}

const colorTableBytes = (flags: number): number => (flags & 0x80 ? 3 * 2 ** ((flags & 7) + 1) : 0)

/** Each has its length before it; an empty one is the last. */
function afterSubBlocks(file: DataView, start: number): number {
  let at = start
  while (file.getUint8(at) !== 0) at += 1 + file.getUint8(at)
  return at + 1
}
