import fc from 'fast-check'
import { decode } from 'fast-png'
import { expect, test } from 'vitest'
import { processImage } from '../../src/media/process/image.js'
import { MediaError, type NumberArray } from '../../src/media/request.js'
import { imageBytes, type SampleImage } from './support/image-bytes.js'

const errorOf = (input: unknown): string => {
  try {
    processImage(input as Parameters<typeof processImage>[0])
  } catch (error) {
    expect(error).toBeInstanceOf(MediaError)
    return (error as Error).message
  }
  throw new Error('it was taken')
}

/** The bytes that a viewer shows. */
const shown = (pixels: NumberArray, channels = 1): number[] => {
  const { bytes } = processImage({ pixels, width: pixels.length / channels, height: 1, channels })
  return Array.from(decode(bytes!, { checkCrc: true }).data)
}

const COLOURED = { width: 5, height: 3 }
const GREY = { width: 7, height: 2 }

const FILES: readonly (readonly [SampleImage, string, string, { width: number; height: number }])[] = [
  ['png', 'png', 'png', COLOURED],
  ['jpeg', 'jpeg', 'jpg', GREY],
  ['progressive jpeg', 'jpeg', 'jpg', GREY],
  ['gif', 'gif', 'gif', COLOURED],
  ['animated gif', 'gif', 'gif', COLOURED],
  ['lossy webp', 'webp', 'webp', COLOURED],
  ['lossless webp', 'webp', 'webp', COLOURED],
  ['animated webp', 'webp', 'webp', COLOURED],
  ['bmp', 'bmp', 'bmp', COLOURED],
]

test.each(FILES)(
  'a %s file passes unchanged, with the size in its header',
  (name, format, extension, size) => {
    const encoded = imageBytes(name)
    const made = processImage({ encoded, caption: 'a caption' })
    expect(made.value).toEqual({ format, ...size, caption: 'a caption' })
    expect(made.extension).toBe(extension)
    expect(made.bytes).toEqual(encoded)
  },
)

test.each(FILES)('a %s file that is cut off anywhere is told as such', (name) => {
  const encoded = imageBytes(name)
  for (let length = 12; length < encoded.length; length++) {
    expect(errorOf({ encoded: encoded.slice(0, length) }), `${length} bytes`).toContain('is cut off')
  }
})

test('a JPEG with bytes behind its end, or fill bytes before a marker, is taken', () => {
  const jpeg = imageBytes('jpeg')
  const filled = Uint8Array.of(0xff, 0xd8, 0xff, 0xff, ...jpeg.subarray(2), 0, 1, 2)
  expect(processImage({ encoded: filled }).value).toEqual({ format: 'jpeg', ...GREY })
})

test('a BMP from top to bottom has a height like any other', () => {
  const encoded = imageBytes('bmp')
  new DataView(encoded.buffer).setInt32(22, -3, true)
  expect(processImage({ encoded }).value).toEqual({ format: 'bmp', ...COLOURED })
})

test('a file in shared memory is copied out of it', () => {
  const shared = new Uint8Array(new SharedArrayBuffer(imageBytes('gif').length))
  shared.set(imageBytes('gif'))
  const { bytes } = processImage({ encoded: shared })
  shared.fill(0)
  expect(bytes).toEqual(imageBytes('gif'))
})

test('a file with any bytes wrong is taken or refused with a MediaError, never anything else', () => {
  const damaged = fc.tuple(
    fc.constantFrom(...FILES.map(([name]) => name)),
    fc.array(fc.tuple(fc.nat({ max: 300 }), fc.nat({ max: 255 })), { minLength: 1, maxLength: 4 }),
  )
  fc.assert(
    fc.property(damaged, ([name, changes]) => {
      const encoded = imageBytes(name)
      for (const [at, byte] of changes) encoded[at % encoded.length] = byte
      try {
        const { width, height } = processImage({ encoded }).value
        expect(width > 0 && height > 0).toBe(true)
      } catch (error) {
        expect(error).toBeInstanceOf(MediaError)
      }
    }),
    { numRuns: 1000 },
  )
})

test('a PNG of raw pixels decodes to the same pixels', () => {
  const picture = fc
    .record({
      width: fc.integer({ min: 1, max: 9 }),
      height: fc.integer({ min: 1, max: 9 }),
      channels: fc.constantFrom(1, 3, 4),
    })
    .chain((shape) => {
      const length = shape.width * shape.height * shape.channels
      const pixels = fc.uint8Array({ minLength: length, maxLength: length })
      return fc.record({ shape: fc.constant(shape), pixels })
    })
  fc.assert(
    fc.property(picture, ({ shape, pixels }) => {
      const { value, bytes, extension } = processImage({ pixels, ...shape })
      const decoded = decode(bytes!, { checkCrc: true })
      expect(decoded).toMatchObject({ ...shape, depth: 8 })
      expect(Array.from(decoded.data)).toEqual(Array.from(pixels))
      expect([value.format, value.width, value.height]).toEqual(['png', shape.width, shape.height])
      expect(extension).toBe('png')
    }),
  )
})

test('floats from 0 to 1 become 0 to 255, rounded and clamped; NaN is black', () => {
  const floats = [0, 1, 0.2, 0.501, -3, 1.5, Number.NaN, Number.POSITIVE_INFINITY]
  const bytes = [0, 255, 51, 128, 0, 255, 0, 255]
  expect(shown(Float32Array.from(floats))).toEqual(bytes)
  expect(shown(Float64Array.from(floats))).toEqual(bytes)
})

test('integers are clamped to 0..255, whatever their type', () => {
  expect(shown(Int32Array.of(-5, 0, 1, 255, 256, 70_000))).toEqual([0, 0, 1, 255, 255, 255])
  expect(shown(Int8Array.of(-1, 127))).toEqual([0, 127])
  expect(shown(Uint16Array.of(255, 256))).toEqual([255, 255])
})

test('an array of plain numbers whose whole numbers go beyond 1 is 0 to 255, and one of 0 and 1 is black and white', () => {
  expect(shown(Float64Array.of(0, 1, 128, 300))).toEqual([0, 1, 128, 255])
  expect(shown(Float64Array.of(0, 1, 1))).toEqual([0, 255, 255])
})

test('pixels in shared memory are encoded', () => {
  const pixels = new Uint8Array(new SharedArrayBuffer(3))
  pixels.set([7, 8, 9])
  expect(shown(pixels, 3)).toEqual([7, 8, 9])
})

const PIXELS = { pixels: new Uint8Array(12), width: 2, height: 2, channels: 3 }

test.each([
  ['nothing', {}, 'the pixels are missing'],
  ['text', { encoded: 'cat.png' }, 'the image is "cat.png": give the file\'s bytes'],
  ['an empty file', { encoded: new Uint8Array(0) }, 'the image is empty'],
  [
    'a PDF',
    { encoded: Buffer.from('%PDF-1.7') },
    'no PNG, JPEG, GIF, WebP or BMP (it begins with 255044462d312e37)',
  ],
  ['two bytes', { encoded: Buffer.from('GI') }, 'no PNG, JPEG, GIF, WebP or BMP'],
  [
    'too many pixels',
    { ...PIXELS, channels: 4 },
    'the pixels are 12 numbers and width x height x channels is 16',
  ],
  ['no pixels', { ...PIXELS, width: 0 }, 'the width is 0: give a whole number'],
  ['half a pixel', { ...PIXELS, height: 2.5 }, 'the height is 2.5'],
  ['two channels', { ...PIXELS, channels: 2 }, 'channels is 2: give 1 (grey), 3 (RGB) or 4 (RGBA)'],
  ['a number as caption', { ...PIXELS, caption: 5 }, 'the caption is 5: give a string'],
])('what makes no image (%s) is told with its fix', (_, input, message) => {
  expect(errorOf(input)).toContain(message)
})
