import fc from 'fast-check'
import { expect, test } from 'vitest'
import { processMedia } from '../../src/media/process/index.js'
import { MediaError, type MediaRequest } from '../../src/media/request.js'

/** All that callers may send of each kind. */
const FIELDS = {
  histogram: ['values', 'bins', 'edges', 'counts'],
  image: ['encoded', 'pixels', 'width', 'height', 'channels', 'caption'],
  audio: ['encoded', 'samples', 'sampleRate', 'channels', 'caption'],
  text: ['text'],
  table: ['columns', 'rows'],
  'pr-curve': ['labels', 'predictions', 'weights', 'thresholds', 'truePositives', 'falsePositives', 'recall'],
  graph: ['model'],
  hparams: ['values'],
  'custom-scalars': ['layout'],
  mesh: ['vertices', 'faces', 'colors', 'config'],
}

const typed = fc.oneof(
  fc.float64Array({ maxLength: 12 }),
  fc.float32Array({ maxLength: 12 }),
  fc.int32Array({ maxLength: 12, min: -2, max: 5 }),
  fc.uint8Array({ maxLength: 60 }),
  fc.bigInt64Array({ maxLength: 3 }),
)
const anything = fc.anything({
  withBigInt: true,
  withDate: true,
  withMap: true,
  withSet: true,
  withTypedArray: true,
})
const field = fc.oneof(typed, fc.integer({ min: -1, max: 5 }), fc.string(), anything)

/** The places of what JSON has no text for. */
function lostInJson(value: unknown): string[] {
  const lost: string[] = []
  JSON.stringify(value, (key, part: unknown) => {
    const isHeld = typeof part === 'number' ? Number.isFinite(part) : part !== undefined
    if (!isHeld) lost.push(key)
    return part
  })
  return lost
}

test.each(Object.entries(FIELDS))(
  'whatever is sent as %s becomes a value that JSON holds, or a MediaError that names a fix',
  async (kind, fields) => {
    const input = fc.record(Object.fromEntries(fields.map((name) => [name, field])), { requiredKeys: [] })
    await fc.assert(
      fc.asyncProperty(input, async (sent) => {
        const request = {
          kind,
          name: 'name',
          step: 0,
          time: 0,
          producer: 0,
          input: sent,
        } as unknown as MediaRequest
        try {
          const { value } = await processMedia(request, '')
          expect(lostInJson(value)).toEqual([])
        } catch (error) {
          expect(error).toBeInstanceOf(MediaError)
          expect((error as Error).message).toMatch(/: (give|save|encode|log|one|two)/)
        }
      }),
      { numRuns: 1000 },
    )
  },
)
