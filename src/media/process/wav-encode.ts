import type { NumberArray } from '../request.js'

const HEADER_BYTES = 44
const FORMAT_BYTES = 16
const PCM = 1
const SAMPLE_BYTES = 2
const FULL_SCALE = 32767

export const MAX_WAV_SAMPLES = Math.floor((2 ** 32 - HEADER_BYTES) / SAMPLE_BYTES)

/**
 * A WAV file of 16-bit PCM (http://soundfile.sapp.org/doc/WaveFormat/). Floats are -1 to 1, those beyond are clamped
 * and NaN is silence; an Int16Array has the samples as they are.
 */
export function encodeWav(samples: NumberArray, sampleRate: number, channels: number): Uint8Array {
  const dataBytes = samples.length * SAMPLE_BYTES
  const bytes = new Uint8Array(HEADER_BYTES + dataBytes)
  const file = new DataView(bytes.buffer)
  const frameBytes = channels * SAMPLE_BYTES
  writeText(bytes, 0, 'RIFF')
  file.setUint32(4, bytes.length - 8, true)
  writeText(bytes, 8, 'WAVEfmt ')
  file.setUint32(16, FORMAT_BYTES, true)
  file.setUint16(20, PCM, true)
  file.setUint16(22, channels, true)
  file.setUint32(24, sampleRate, true)
  file.setUint32(28, sampleRate * frameBytes, true)
  file.setUint16(32, frameBytes, true)
  file.setUint16(34, SAMPLE_BYTES * 8, true)
  writeText(bytes, 36, 'data')
  file.setUint32(40, dataBytes, true)
  const scale = samples instanceof Int16Array ? 1 : FULL_SCALE
  for (let i = 0; i < samples.length; i++) {
    file.setInt16(HEADER_BYTES + i * SAMPLE_BYTES, toInt16(samples[i]! * scale), true)
  }
  return bytes
}

/** NaN stays NaN, of which `setInt16()` makes 0. */
const toInt16 = (sample: number): number =>
  Math.max(-FULL_SCALE - 1, Math.min(Math.round(sample), FULL_SCALE))

function writeText(bytes: Uint8Array, at: number, text: string): void {
  for (let i = 0; i < text.length; i++) bytes[at + i] = text.charCodeAt(i)
}
