import { encode } from 'fast-png'
import { MediaError, type MediaInputs, type ProcessedMedia } from '../request.js'
import { captionOf, describe, numbers, requireCount, requireNumbers } from './checks.js'
import { imageFile } from './image-file/index.js'
import { ownBytes } from './own-bytes.js'
import { toBytes } from './pixels.js'

/** What PNG's header has room for. */
const MAX_SIDE = 2 ** 31 - 1

/** An encoded file passes unchanged; raw pixels become a PNG (docs/decisions/014-png-encoder.md). */
export function processImage(input: MediaInputs['image']): ProcessedMedia<'image'> {
  const caption = captionOf(input.caption)
  if ('encoded' in input) {
    const bytes = ownBytes(input.encoded, 'the image')
    const { format, width, height } = imageFile(bytes)
    const extension = format === 'jpeg' ? 'jpg' : format
    return { value: { format, width, height, ...caption }, bytes, extension }
  }
  const pixels = requireNumbers(input.pixels, 'the pixels')
  const width = requireCount(input.width, 'the width', 1, MAX_SIDE)
  const height = requireCount(input.height, 'the height', 1, MAX_SIDE)
  const channels = requireChannels(input.channels)
  if (pixels.length !== width * height * channels) {
    throw new MediaError(
      `the pixels are ${numbers(pixels)} and width x height x channels is ${width * height * channels}: give ${width} x ${height} x ${channels} numbers, row by row`,
    )
  }
  const bytes = encode({ width, height, channels, depth: 8, data: toBytes(pixels) })
  return { value: { format: 'png', width, height, ...caption }, bytes, extension: 'png' }
}

function requireChannels(channels: unknown): 1 | 3 | 4 {
  if (channels === 1 || channels === 3 || channels === 4) return channels
  throw new MediaError(`channels is ${describe(channels)}: give 1 (grey), 3 (RGB) or 4 (RGBA)`)
}
