import type { ImageSize } from './index.js'

/** OS/2's header of 12 bytes has 16-bit sides; all later ones have 32-bit sides. */
const CORE_HEADER_BYTES = 12

/**
 * File header, picture header, pixels in rows of whole 32-bit words:
 * https://learn.microsoft.com/windows/win32/gdi/bitmap-storage
 */
export function bmpSize(file: DataView): ImageSize {
  const pixelsAt = file.getUint32(10, true)
  const isCore = file.getUint32(14, true) === CORE_HEADER_BYTES
  const width = isCore ? file.getUint16(18, true) : file.getInt32(18, true)
  // Negative: from top to bottom.
  const height = Math.abs(isCore ? file.getUint16(20, true) : file.getInt32(22, true))
  const bitsPerPixel = file.getUint16(isCore ? 24 : 28, true)
  const isCompressed = !isCore && file.getUint32(30, true) !== 0
  const rowBytes = Math.ceil((width * bitsPerPixel) / 32) * 4
  const pixelBytes = isCompressed ? 1 : rowBytes * height
  if (pixelsAt + pixelBytes > file.byteLength) throw new RangeError('shorter than its header says')
  return { width, height }
}
