import type { ImageValue } from '../../../record/media.js'
import { MediaError } from '../../request.js'
import { bmpSize } from './bmp.js'
import { gifSize } from './gif.js'
import { jpegSize } from './jpeg.js'
import { pngSize } from './png.js'
import { webpSize } from './webp.js'

/** In pixels. */
export interface ImageSize {
  readonly width: number
  readonly height: number
}

interface Format {
  readonly format: ImageValue['format']
  /** At the file's beginning; dots stand for any byte. */
  readonly magic: string
  /** Reads the header, and sees that the file goes on to its end. A RangeError where it does not. */
  readonly size: (file: DataView) => ImageSize
}

const FORMATS: readonly Format[] = [
  { format: 'png', magic: '\x89PNG\r\n\x1a\n', size: pngSize },
  { format: 'jpeg', magic: '\xff\xd8\xff', size: jpegSize },
  { format: 'gif', magic: 'GIF87a', size: gifSize },
  { format: 'gif', magic: 'GIF89a', size: gifSize },
  { format: 'webp', magic: 'RIFF....WEBP', size: webpSize },
  { format: 'bmp', magic: 'BM', size: bmpSize },
]

const SHOWN_BYTES = 8

/** What an encoded picture is, by its own header. Throws a MediaError where it is none that browsers show. */
export function imageFile(bytes: Uint8Array): ImageSize & { readonly format: ImageValue['format'] } {
  const found = FORMATS.find(({ magic }) => beginsWith(bytes, magic))
  if (found === undefined) {
    throw new MediaError(
      `the file is no PNG, JPEG, GIF, WebP or BMP (it begins with ${Buffer.from(bytes.subarray(0, SHOWN_BYTES)).toString('hex')}): encode it as one of them, or give raw pixels as { data, width, height, channels }`,
    )
  }
  const { format, size } = found
  const { width, height } = wholeFile(format, () =>
    size(new DataView(bytes.buffer, bytes.byteOffset, bytes.length)),
  )
  if (width > 0 && height > 0) return { format, width, height }
  throw new MediaError(
    `the ${format.toUpperCase()} file says that it is ${width} x ${height} pixels: encode it again`,
  )
}

function beginsWith(bytes: Uint8Array, magic: string): boolean {
  if (bytes.length < magic.length) return false
  for (let i = 0; i < magic.length; i++) {
    if (magic[i] !== '.' && bytes[i] !== magic.charCodeAt(i)) return false
  }
  return true
}

function wholeFile(format: string, read: () => ImageSize): ImageSize {
  try {
    return read()
  } catch (error) {
    // What a DataView throws beyond its end.
    if (!(error instanceof RangeError)) throw error
    throw new MediaError(
      `the ${format.toUpperCase()} file is cut off: give all bytes of a PNG, JPEG, GIF, WebP or BMP file`,
    )
  }
}
