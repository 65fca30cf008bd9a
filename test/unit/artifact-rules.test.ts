import fc from 'fast-check'
import { expect, test } from 'vitest'
import { processMedia } from '../../src/media/process/index.js'
import { MediaError, type MediaRequest } from '../../src/media/request.js'
import type { ArtifactValue } from '../../src/record/updates.js'
import { runDirectory } from './support/sink-run.js'

const ONE = [{ name: 'a.txt', bytes: Buffer.from('a') }]

async function value(about: unknown, files: unknown = ONE, name = 'data'): Promise<ArtifactValue> {
  const request = { kind: 'artifact', name, step: 0, time: 0, producer: 0, input: { files, about } }
  const processed = await processMedia(request as MediaRequest, runDirectory())
  return processed.value as ArtifactValue
}

async function refusal(...parts: Parameters<typeof value>): Promise<string> {
  const error = await value(...parts).then(
    () => null,
    (thrown: unknown) => thrown,
  )
  expect(error).toBeInstanceOf(MediaError)
  return (error as Error).message
}

test.each(['', 'a b', 'a/b', 'a:b', 'ä', 'x'.repeat(129)])(
  'the name %j is refused, with the rule',
  async (name) => {
    expect(await refusal({}, ONE, name)).toMatch(/the artifact's name is .*: give 1 to 128 letters/)
  },
)

test.each(['m', 'model-7_best.v2', 'x'.repeat(128)])('the name %j is taken', async (name) => {
  expect((await value({}, ONE, name)).entries).toHaveLength(1)
})

test.each([
  ['', /empty/],
  ['/etc/passwd', /absolute/],
  ['C:/x', /absolute/],
  ['../x', /has the part "\.\."/],
  ['a/../b', /has the part "\.\."/],
  ['./a', /has the part "\."/],
  ['a//b', /has the part ""/],
  ['a/', /has the part ""/],
  ['a\\b', /has a "\\"/],
  ['a\0b', /no text/],
  ['\ud800', /no text/],
])('the path %j within an artifact is refused', async (path, why) => {
  const message = await refusal({}, [{ name: path, bytes: Buffer.from('a') }])
  expect(message).toMatch(why)
  expect(message).toMatch(/: give a relative path with "\/", without "\.\."/)
})

test('two contents for one path are refused, and a file where another has a directory', async () => {
  const at = (...paths: string[]) => paths.map((name) => ({ name, bytes: Buffer.from(name) }))
  expect(await refusal({}, at('a', 'a'))).toMatch(/two sources have the path "a": give each/)
  const both = /"a" is a file, and a directory with "a\/b\/c": give one of them another path/
  expect(await refusal({}, at('a', 'a-b', 'a/b/c'))).toMatch(both)
})

test.each([
  [{ type: '' }, /the type is "": give/],
  [{ type: 'a/b' }, /the type is "a\/b": give/],
  [{ type: 7 }, /the type is 7: give/],
  [{ type: 'wandb-history' }, /W&B's own: give another one/],
  [{ type: 'job' }, /W&B's own: give another one/],
  [{ description: 7 }, /the description is 7: give a string/],
  [{ metadata: [1] }, /the metadata are an array of 1: give an object/],
  [
    { metadata: Object.fromEntries(Array.from({ length: 101 }, (_, key) => [key, key])) },
    /101 names: give 100/,
  ],
  [{ aliases: 'best' }, /the aliases are "best": give an array/],
  [{ aliases: ['a:b'] }, /an alias is "a:b": give/],
  [{ aliases: ['a', undefined] }, /an alias is missing: give/],
  [{ aliases: [''] }, /an alias is "": give/],
  ['text', /the options are "text": give/],
])('%j is refused, with the rule', async (about, message) => {
  expect(await refusal(about)).toMatch(message)
})

test('metadata that contain themselves are refused', async () => {
  const metadata: { self?: unknown } = {}
  metadata.self = metadata
  expect(await refusal({ metadata })).toMatch(/contain themselves: give plain values/)
})

test('metadata without a form in JSON are refused', async () => {
  const metadata = { of: new Map([[Object.create(null), 1]]) }
  expect(await refusal({ metadata })).toMatch(/the metadata are no JSON \(.*\): give plain values/)
})

test.each([
  [[], /no sources: give/],
  [undefined, /no sources: give/],
  [[{ name: 'a' }], /a source is missing: give a path, bytes/],
  [[{ name: 'a', path: 7 }], /a source is 7: give a path, bytes/],
  [[{ name: 7, path: 'x' }], /a path within the artifact is 7: give a string/],
  [[7], /a source is missing: give/],
])('the sources %j are refused, with the rule', async (files, message) => {
  expect(await refusal({}, files ?? null)).toMatch(message)
})

test('what is said of an artifact is kept as JSON has it', async () => {
  const about = {
    type: 'model',
    description: 'best of 7',
    metadata: { loss: Number.NaN, at: new Date(0), shape: new Float32Array([1, 2]), step: 7n },
    aliases: ['best', 'latest', 'best', 'v 2'],
  }
  expect(await value(about)).toMatchObject({
    type: 'model',
    description: 'best of 7',
    metadata: { loss: 'NaN', at: '1970-01-01T00:00:00.000Z', shape: [1, 2], step: 7 },
    aliases: ['best', 'v 2'],
  })
})

test('whatever is sent becomes a value that JSON holds, or a MediaError that names a fix', async () => {
  const anything = fc.anything({ withBigInt: true, withDate: true, withMap: true, withTypedArray: true })
  const name = fc.oneof(fc.string(), fc.constant(null), anything)
  const bytes = fc.oneof(fc.uint8Array(), anything)
  const files = fc.oneof(fc.array(fc.record({ name, bytes }, { requiredKeys: [] })), anything)
  const fields = { type: anything, description: anything, metadata: anything, aliases: anything }
  const about = fc.oneof(fc.record(fields, { requiredKeys: [] }), anything)
  await fc.assert(
    fc.asyncProperty(files, about, async (sent, said) => {
      const made = await value(said, sent).catch((error: unknown) => error)
      if (made instanceof Error) {
        expect(made).toBeInstanceOf(MediaError)
        expect(made.message).toMatch(/: (give|log) /)
      } else expect(JSON.parse(JSON.stringify(made))).toEqual(made)
    }),
    { numRuns: 500 },
  )
})
