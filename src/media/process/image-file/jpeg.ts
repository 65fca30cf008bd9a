import { MediaError } from '../../request.js'
import type { ImageSize } from './index.js'

const MARKER = 0xff
const END_OF_IMAGE = 0xd9
const START_OF_SCAN = 0xda
/** Of the markers C0 to CF: Huffman tables, reserved, arithmetic conditioning. All others begin a frame. */
const NO_FRAME = new Set([0xc4, 0xc8, 0xcc])
/** TEM and RST0 to RST7 have no length after them. */
const isAlone = (marker: number): boolean => marker === 0x01 || (marker >= 0xd0 && marker <= 0xd7)

/** Segments up to the frame header, which has the size: ITU-T T.81, annex B. */
export function jpegSize(file: DataView): ImageSize {
  let at = 2
  for (;;) {
    if (file.getUint8(at) !== MARKER) throw noFrame()
    const marker = file.getUint8(at + 1)
    // Any number of fill bytes may stand before a marker.
    if (marker === MARKER) at++
    else if (isAlone(marker)) at += 2
    else if (marker === START_OF_SCAN || marker === END_OF_IMAGE) throw noFrame()
    else if (marker >= 0xc0 && marker <= 0xcf && !NO_FRAME.has(marker)) break
    else at += 2 + file.getUint16(at + 2)
  }
  const size = { height: file.getUint16(at + 5), width: file.getUint16(at + 7) }
  requireEnd(file, at)
  return size
}

/** Cameras may write more behind the end of the picture. */
function requireEnd(file: DataView, frameAt: number): void {
  for (let at = file.byteLength - 2; at > frameAt; at--) {
    if (file.getUint8(at) === MARKER && file.getUint8(at + 1) === END_OF_IMAGE) return
  }
  throw new RangeError('no end of image')
}

const noFrame = (): MediaError => new MediaError('the JPEG file has no frame header: encode it again')
