import fc from 'fast-check'
import { expect, test } from 'vitest'
import { processAudio } from '../../src/media/process/audio.js'
import { MediaError, type NumberArray } from '../../src/media/request.js'

const errorOf = (input: unknown): string => {
  try {
    processAudio(input as Parameters<typeof processAudio>[0])
  } catch (error) {
    expect(error).toBeInstanceOf(MediaError)
    return (error as Error).message
  }
  throw new Error('it was taken')
}

interface Format {
  readonly codec: number
  readonly bits: number
  readonly channels?: number
  readonly sampleRate?: number
  readonly frameBytes?: number
  /** In place of the data's own length. */
  readonly length?: number
}

const chunk = (id: string, data: Uint8Array, length = data.length): Buffer => {
  const head = Buffer.alloc(8)
  head.write(id, 'latin1')
  head.writeUInt32LE(length, 4)
  return Buffer.concat([head, data, Buffer.alloc(data.length % 2)])
}

const formatOf = (described: Format): Buffer => {
  const { codec, bits, channels = 1, sampleRate = 8000 } = described
  const format = Buffer.alloc(codec === 0xfffe ? 40 : 16)
  const frameBytes = described.frameBytes ?? (channels * bits) / 8
  for (const [at, value] of [
    [0, codec],
    [2, channels],
    [12, frameBytes],
    [14, bits],
  ] as const) {
    format.writeUInt16LE(value, at)
  }
  format.writeUInt32LE(sampleRate, 4)
  format.writeUInt32LE(sampleRate * frameBytes, 8)
  if (codec === 0xfffe) Buffer.from('0100000000001000800000aa00389b71', 'hex').copy(format, 24)
  return format
}

const riff = (...chunks: readonly Buffer[]): Buffer =>
  chunk('RIFF', Buffer.concat([Buffer.from('WAVE'), ...chunks]))

const wav = (format: Format, data: Uint8Array): Buffer =>
  riff(chunk('fmt ', formatOf(format)), chunk('data', data, format.length))

/** The samples of a file of 16-bit PCM, whose header is 44 bytes long. */
const samplesOf = (bytes: Uint8Array): number[] => {
  const data = Buffer.from(bytes).subarray(44)
  return Array.from({ length: data.length / 2 }, (_, i) => data.readInt16LE(i * 2))
}

const pcm = (samples: NumberArray): number[] =>
  samplesOf(processAudio({ samples, sampleRate: 8000, channels: 1 }).bytes!)

test.each([
  [1, 8],
  [1, 16],
  [1, 24],
  [1, 32],
  [3, 32],
  [3, 64],
  [0xfffe, 16],
  [0xfffe, 24],
])('a WAV file of codec %d with %d bits passes unchanged, with rate, channels and frames', (codec, bits) => {
  const encoded = wav({ codec, bits, channels: 2, sampleRate: 44_100 }, new Uint8Array((2 * bits * 10) / 8))
  const { value, bytes, extension } = processAudio({ encoded, caption: 'a caption' })
  expect(value).toEqual({ format: 'wav', sampleRate: 44_100, channels: 2, frames: 10, caption: 'a caption' })
  expect(Buffer.from(bytes!).equals(encoded)).toBe(true)
  expect(extension).toBe('wav')
})

test('other chunks may stand before the sound, also of odd length, and after it', () => {
  const format = chunk('fmt ', formatOf({ codec: 1, bits: 16 }))
  const encoded = riff(
    chunk('LIST', Buffer.from('abc')),
    format,
    chunk('data', Buffer.alloc(6)),
    chunk('id3 ', Buffer.from('x')),
  )
  expect(processAudio({ encoded }).value.frames).toBe(3)
})

test.each([0, 0xffffffff])('sound of unknown length (%d) goes on to the end of the file', (length) => {
  const encoded = wav({ codec: 1, bits: 16, length }, Buffer.alloc(8))
  expect(processAudio({ encoded }).value.frames).toBe(4)
})

test('raw samples become a file of 16-bit PCM that says what they are', () => {
  const samples = Float32Array.of(0, 1, -1, 0.5, 2, -2)
  const { value, bytes, extension } = processAudio({ samples, sampleRate: 16_000, channels: 2, caption: 'c' })
  const described = { format: 'wav', sampleRate: 16_000, channels: 2, frames: 3 }
  expect(value).toEqual({ ...described, caption: 'c' })
  expect(extension).toBe('wav')
  expect(processAudio({ encoded: bytes! }).value).toEqual(described)
  expect(samplesOf(bytes!)).toEqual([0, 32767, -32767, 16384, 32767, -32768])
  expect(Buffer.from(bytes!).subarray(0, 44).toString('hex')).toBe(
    `${Buffer.from('RIFF').toString('hex')}30000000${Buffer.from('WAVEfmt ').toString('hex')}10000000` +
      `01000200803e000000fa000004001000${Buffer.from('data').toString('hex')}0c000000`,
  )
})

test('NaN is silence, and infinities are as loud as it gets', () => {
  expect(pcm(Float64Array.of(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY))).toEqual([
    0, 32767, -32768,
  ])
})

test('samples of 16 bits are kept as they are', () => {
  expect(pcm(Int16Array.of(-32768, -1, 0, 12_345, 32767))).toEqual([-32768, -1, 0, 12_345, 32767])
})

test('samples in range come back within half a step of 16 bits', () => {
  const sample = fc.double({ min: -1, max: 1, noNaN: true })
  fc.assert(
    fc.property(fc.array(sample, { minLength: 1 }), (samples) => {
      const back = pcm(Float64Array.from(samples))
      expect(back.length).toBe(samples.length)
      for (const [i, value] of back.entries())
        expect(Math.abs(value - samples[i]! * 32767)).toBeLessThanOrEqual(0.5)
    }),
  )
})

test('a file with any bytes wrong, or cut off, is taken or refused with a MediaError, never anything else', () => {
  const whole = wav({ codec: 0xfffe, bits: 16 }, Buffer.alloc(4))
  const changes = fc.array(fc.tuple(fc.nat({ max: whole.length - 1 }), fc.nat({ max: 255 })), {
    maxLength: 4,
  })
  fc.assert(
    fc.property(changes, fc.integer({ min: 1, max: whole.length }), (changed, length) => {
      const encoded = Uint8Array.from(whole)
      for (const [at, byte] of changed) encoded[at] = byte
      try {
        const { frames, channels } = processAudio({ encoded: encoded.slice(0, length) }).value
        expect(frames > 0 && channels > 0).toBe(true)
      } catch (error) {
        expect(error).toBeInstanceOf(MediaError)
      }
    }),
    { numRuns: 1000 },
  )
})

const extensible = formatOf({ codec: 0xfffe, bits: 16 })
const SOUND = chunk('data', Buffer.alloc(4))
const SAMPLES = { samples: new Float32Array(6), sampleRate: 8000, channels: 2 }

test.each([
  ['nothing', {}, 'the samples are missing'],
  [
    'an MP3',
    { encoded: Buffer.from('ID3\x04abcdefghijk') },
    'the file is no WAV (RIFF): save it as WAV, or give raw samples',
  ],
  ['a WebP', { encoded: Buffer.from('RIFF\x04\0\0\0WEBP') }, 'the file is no WAV'],
  ['A-law', { encoded: wav({ codec: 6, bits: 8 }, Buffer.alloc(2)) }, 'codec 6 with 8 bits: save it as PCM'],
  ['12 bits', { encoded: wav({ codec: 1, bits: 12 }, Buffer.alloc(6)) }, 'codec 1 with 12 bits'],
  [
    'no channels',
    { encoded: wav({ codec: 1, bits: 8, channels: 0 }, Buffer.alloc(6)) },
    '0 channels at 8000 Hz',
  ],
  [
    'half a file',
    { encoded: wav({ codec: 1, bits: 8 }, Buffer.alloc(9)).subarray(0, 50) },
    'the WAV file is cut off',
  ],
  [
    'frames of no size',
    { encoded: wav({ codec: 1, bits: 16, frameBytes: 0 }, Buffer.alloc(4)) },
    '0 bytes a frame',
  ],
  ['half a format', { encoded: riff(chunk('fmt ', Buffer.alloc(8)), SOUND) }, 'the WAV file is cut off'],
  [
    'half a codec',
    { encoded: riff(chunk('fmt ', extensible.subarray(0, 24)), SOUND) },
    'the WAV file is cut off',
  ],
  ['no sound', { encoded: riff(chunk('fmt ', formatOf({ codec: 1, bits: 8 }))) }, 'no sound ("data")'],
  ['no format', { encoded: riff(chunk('data', Buffer.alloc(2))) }, 'no format ("fmt ")'],
  [
    'silence of no length',
    { encoded: wav({ codec: 1, bits: 8 }, Buffer.alloc(0)) },
    'the WAV file has no samples',
  ],
  ['no samples', { ...SAMPLES, samples: new Float32Array(0) }, 'it has no samples: give at least one'],
  ['half a frame', { ...SAMPLES, channels: 4 }, 'the samples are 6 numbers and there are 4 channels'],
  ['no rate', { ...SAMPLES, sampleRate: 0 }, 'the sample rate is 0: give a whole number'],
  ['half a channel', { ...SAMPLES, channels: 1.5 }, 'channels is 1.5: give a whole number from 1 to 32'],
  [
    'bytes',
    { ...SAMPLES, samples: new Uint8Array(6) },
    'the samples are an Uint8Array: give a Float32Array of -1 to 1',
  ],
])('what makes no audio (%s) is told with its fix', (_, input, message) => {
  expect(errorOf(input)).toContain(message)
})
