import type { AudioValue } from '../../record/media.js'
import { MediaError } from '../request.js'

const PCM = 1
const FLOAT = 3
/** The codec is then the beginning of a GUID at the format's end. */
const EXTENSIBLE = 0xfffe
const SUB_FORMAT_AT = 24
const BITS: ReadonlyMap<number, readonly number[]> = new Map([
  [PCM, [8, 16, 24, 32]],
  [FLOAT, [32, 64]],
])

const RIFF = 0x52494646
const WAVE = 0x57415645
const FORMAT = 0x666d7420
const DATA = 0x64617461
const FIRST_CHUNK_AT = 12
const CHUNK_HEADER_BYTES = 8
const FORMAT_BYTES = 16
/** What a program writes that does not know the length yet, and cannot come back: the data goes on to the end. */
const UNKNOWN_LENGTHS: ReadonlySet<number> = new Set([0, 0xffffffff])

interface Chunks {
  readonly format: DataView
  readonly dataBytes: number
}

/**
 * What a WAV file says of itself (https://www.mmsp.ece.mcgill.ca/Documents/AudioFormats/WAVE/WAVE.html). Throws a
 * MediaError where it is none, is cut off, or has a codec that browsers do not play.
 */
export function wavFormat(bytes: Uint8Array): Pick<AudioValue, 'sampleRate' | 'channels' | 'frames'> {
  const { format, dataBytes } = chunksOf(new DataView(bytes.buffer, bytes.byteOffset, bytes.length))
  const codec = codecOf(format)
  const channels = format.getUint16(2, true)
  const sampleRate = format.getUint32(4, true)
  const frameBytes = format.getUint16(12, true)
  const bits = format.getUint16(14, true)
  if (!BITS.get(codec)?.includes(bits)) {
    throw new MediaError(
      `the WAV file has codec ${codec} with ${bits} bits: save it as PCM of 8, 16, 24 or 32 bits, or floats of 32 or 64`,
    )
  }
  if (channels === 0 || sampleRate === 0 || frameBytes !== (channels * bits) / 8) {
    throw new MediaError(
      `the WAV file says ${channels} channels at ${sampleRate} Hz, ${bits} bits, ${frameBytes} bytes a frame: save it again`,
    )
  }
  const frames = Math.floor(dataBytes / frameBytes)
  if (frames === 0) throw new MediaError('the WAV file has no samples: give at least one')
  return { sampleRate, channels, frames }
}

function chunksOf(file: DataView): Chunks {
  if (file.byteLength < FIRST_CHUNK_AT || file.getUint32(0) !== RIFF || file.getUint32(8) !== WAVE) {
    throw new MediaError(
      'the file is no WAV (RIFF): save it as WAV, or give raw samples as { data, sampleRate, channels }',
    )
  }
  let format: DataView | undefined
  for (let at = FIRST_CHUNK_AT; at + CHUNK_HEADER_BYTES <= file.byteLength; ) {
    const id = file.getUint32(at)
    const length = file.getUint32(at + 4, true)
    const left = file.byteLength - at - CHUNK_HEADER_BYTES
    if (id === DATA) {
      if (format === undefined) break
      const isOpen = UNKNOWN_LENGTHS.has(length)
      if (length > left && !isOpen) throw cutOff()
      return { format, dataBytes: isOpen ? left : length }
    }
    if (length > left) throw cutOff()
    if (id === FORMAT) format = new DataView(file.buffer, file.byteOffset + at + CHUNK_HEADER_BYTES, length)
    // Chunks begin at even places.
    at += CHUNK_HEADER_BYTES + length + (length % 2)
  }
  throw new MediaError(
    `the WAV file has no ${format === undefined ? 'format ("fmt ")' : 'sound ("data")'}: save it again`,
  )
}

function codecOf(format: DataView): number {
  if (format.byteLength < FORMAT_BYTES) throw cutOff()
  const codec = format.getUint16(0, true)
  if (codec !== EXTENSIBLE) return codec
  if (format.byteLength < SUB_FORMAT_AT + 2) throw cutOff()
  return format.getUint16(SUB_FORMAT_AT, true)
}

const cutOff = (): MediaError => new MediaError('the WAV file is cut off: give all bytes of the file')
