import { MediaError, type MediaInputs, type NumberArray, type ProcessedMedia } from '../request.js'
import { captionOf, numbers, requireCount, requireNumbers } from './checks.js'
import { ownBytes } from './own-bytes.js'
import { encodeWav, MAX_WAV_SAMPLES } from './wav-encode.js'
import { wavFormat } from './wav-format.js'

/** What four bytes of WAV's header have room for; nothing plays more than a fraction of it. */
const MAX_SAMPLE_RATE = 2 ** 32 - 1
const MAX_CHANNELS = 32

/** A WAV file passes unchanged; raw samples become one of 16-bit PCM. */
export function processAudio(input: MediaInputs['audio']): ProcessedMedia<'audio'> {
  const caption = captionOf(input.caption)
  if ('encoded' in input) {
    const bytes = ownBytes(input.encoded, 'the sound')
    const value = { format: 'wav', ...wavFormat(bytes), ...caption } as const
    return { value, bytes, extension: 'wav' }
  }
  const samples = requireNumbers(input.samples, 'the samples')
  const sampleRate = requireCount(input.sampleRate, 'the sample rate', 1, MAX_SAMPLE_RATE)
  const channels = requireCount(input.channels, 'channels', 1, MAX_CHANNELS)
  checkSamples(samples, channels)
  const value = {
    format: 'wav',
    sampleRate,
    channels,
    frames: samples.length / channels,
    ...caption,
  } as const
  return { value, bytes: encodeWav(samples, sampleRate, channels), extension: 'wav' }
}

function checkSamples(samples: NumberArray, channels: number): void {
  if (samples.length === 0) throw new MediaError('it has no samples: give at least one per channel')
  if (samples.length % channels !== 0) {
    throw new MediaError(
      `the samples are ${numbers(samples)} and there are ${channels} channels: give as many samples for each channel, those of a frame together`,
    )
  }
  if (samples.length > MAX_WAV_SAMPLES) {
    throw new MediaError('the samples are more than a WAV file of 4 GiB holds: log it in parts')
  }
  const type = samples[Symbol.toStringTag]
  if (type.startsWith('Float') || type === 'Int16Array') return
  throw new MediaError(
    `the samples are an ${type}: give a Float32Array of -1 to 1, or an Int16Array of 16-bit samples`,
  )
}
