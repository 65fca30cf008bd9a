import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { init } from '../../src/index.js'
import { processMedia } from '../../src/media/process/index.js'
import { MediaError, type MediaRequest } from '../../src/media/request.js'
import type { MediaRecordOf } from '../../src/record/media.js'
import type { ArtifactValue } from '../../src/record/updates.js'
import { artifactRecord } from '../../src/sinks/wandb/offline/artifact-record.js'
import { ArtifactSender } from '../../src/sinks/wandb/online/artifacts/sender.js'
import { Transport } from '../../src/sinks/wandb/online/http/transport.js'
import { GraphQl } from '../../src/sinks/wandb/online/run/graphql.js'
import { startWandbServer, TEST_KEY } from '../support/wandb-server/server.js'
import { runDirectory } from './support/sink-run.js'

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')
const md5 = (text: string) => createHash('md5').update(text).digest('base64')

async function artifactOf(runDir: string, ...files: readonly object[]): Promise<ArtifactValue> {
  const input = { files, about: {} }
  const request = { kind: 'artifact', name: 'data', step: 0, time: 0, producer: 0, input }
  return (await processMedia(request as unknown as MediaRequest, runDir)).value as ArtifactValue
}

const entriesOf = async (reference: object, name: string | null = null) =>
  (await artifactOf(runDirectory(), { name, reference })).entries

/** A directory with `x.bin` and `sub/y.bin`; its path. */
function localFiles(): string {
  const directory = runDirectory()
  mkdirSync(join(directory, 'sub'))
  writeFileSync(join(directory, 'x.bin'), 'content')
  writeFileSync(join(directory, 'sub/y ü.bin'), 'more')
  return directory
}

test('a local file is hashed, and not copied', async () => {
  const runDir = runDirectory()
  const uri = pathToFileURL(join(localFiles(), 'x.bin')).href
  const { entries } = await artifactOf(runDir, { name: null, reference: { reference: uri } })
  expect(entries).toEqual([
    { path: 'x.bin', reference: uri, bytes: 7, sha256: sha256('content'), digest: md5('content') },
  ])
  expect(readdirSync(runDir)).toEqual([])
})

test('without a checksum a local file is not read: its size and its URI stand for it', async () => {
  const file = join(localFiles(), 'x.bin')
  const reference = pathToFileURL(file).href
  const entries = await entriesOf({ reference, checksum: false }, 'data/x')
  expect(entries).toEqual([{ path: 'data/x', reference, bytes: 7, sha256: null, digest: md5(reference) }])
})

test('a local directory is a reference for each of its files', async () => {
  const directory = localFiles()
  const entries = await entriesOf({ reference: pathToFileURL(directory).href }, 'all')
  expect(entries.map(({ path, reference, file }) => [path, reference, file])).toEqual([
    ['all/sub/y ü.bin', `${pathToFileURL(directory).href}/sub/y%20%C3%BC.bin`, undefined],
    ['all/x.bin', `${pathToFileURL(directory).href}/x.bin`, undefined],
  ])
})

test('what is elsewhere is not asked for: what is said of it is kept', async () => {
  const reference = 's3://bucket/some/key.bin'
  expect(await entriesOf({ reference })).toEqual([
    { path: 'key.bin', reference, bytes: null, sha256: null, digest: reference },
  ])
  expect(await entriesOf({ reference, bytes: 5, digest: 'etag' }, 'k')).toEqual([
    { path: 'k', reference, bytes: 5, sha256: null, digest: 'etag' },
  ])
  // A server that is not there.
  expect(await entriesOf({ reference: 'http://127.0.0.1:1/a%20b.bin' })).toMatchObject([{ path: 'a b.bin' }])
})

test.each([
  [{ reference: 7 }, /the reference is 7: give a URI/],
  [{ reference: '/data/x.bin' }, /the reference is "\/data\/x.bin": give a URI: "file:\/\/\/data\/x.bin"/],
  [{ reference: 'C:/data' }, /give a URI/],
  [{ reference: 'https://' }, /give a URI/],
  [{ reference: `s3://b/${'x'.repeat(5000)}` }, /5007 characters: give 4096 at most/],
  [{ reference: 'https://example.org/' }, /no file's name: give it a path/],
  [{ reference: 'file:///does/not/exist' }, /there is no "\/does\/not\/exist"/],
  [{ reference: 'file://elsewhere/x' }, /of a file of this machine/],
  [{ reference: 's3://b/k', checksum: 'no' }, /checksum is "no": give true or false/],
  [{ reference: 's3://b/k', bytes: -1 }, /bytes are -1: give its size/],
  [{ reference: 's3://b/k', digest: '' }, /digest is "": give a text/],
])('%j is refused, with the rule', async (reference, message) => {
  const thrown = await entriesOf(reference).catch((error: unknown) => error)
  expect(thrown).toBeInstanceOf(MediaError)
  expect((thrown as Error).message).toMatch(message)
})

test.each([
  'https://me:hunter2@example.org/x',
  'https://example.org/x?X-Amz-Signature=hunter2&X-Amz-Date=1',
  'https://example.org/x?token=hunter2',
])('the secret in %j is refused, and not repeated', async (reference) => {
  const thrown = await entriesOf({ reference }).catch((error: unknown) => error)
  expect((thrown as Error).message).toMatch(/: give it without/)
  expect((thrown as Error).message).not.toContain('hunter2')
})

test('a call may mix files, bytes and references, and takes URLs', async () => {
  const directory = localFiles()
  const run = init({ dir: runDirectory(), mode: 'disabled' })
  run.artifact({ reference: new URL('s3://bucket/key') }, { name: 'data' })
  run.artifact({ a: Buffer.from('a'), far: { reference: 's3://bucket/key' } }, { name: 'data' })
  const value = await artifactOf(
    runDirectory(),
    { name: 'a', bytes: Buffer.from('a') },
    { name: 'x', path: join(directory, 'x.bin') },
    { name: 'far', reference: { reference: 's3://bucket/key' } },
  )
  expect(value.entries.map(({ path, file }) => [path, file === undefined])).toEqual([
    ['a', false],
    ['far', true],
    ['x', false],
  ])
  await expect(
    artifactOf(
      runDirectory(),
      { name: 'a', bytes: Buffer.from('a') },
      { name: 'a', reference: { reference: 's3://b/k' } },
    ),
  ).rejects.toThrow(/two sources have the path "a"/)
})

const FILES = [
  { name: 'kept.txt', bytes: Buffer.from('kept') },
  { name: 'far/key', reference: { reference: 's3://bucket/key', bytes: 9 } },
  { name: 'unknown', reference: { reference: 's3://bucket/other' } },
]

test('W&B gets references as such, and no content of them', async () => {
  const server = await startWandbServer()
  onTestFinished(() => server.stop())
  const runDir = runDirectory()
  const transport = new Transport(server.url, {})
  onTestFinished(() => transport.close())
  const run = { runId: 'a-run', entity: 'test-entity', project: 'a-project', storageId: 'an-id' }
  const graphql = new GraphQl(transport)
  const sender = new ArtifactSender({ transport, graphql, run, runDir, key: () => TEST_KEY })
  const value = await artifactOf(runDir, ...FILES)
  const record = { kind: 'artifact', name: 'data', producer: 0, value } as MediaRecordOf<'artifact'>
  const origin = { runId: 'baseline', startTime: 1e12, sequence: 0 }
  await sender.send({ record, origin, step: 0 }, new AbortController().signal)
  expect(server.errors).toEqual([])
  const [artifact] = server.backend.artifacts.all
  expect(artifact).toMatchObject({ state: 'COMMITTED' })
  expect(artifact!.manifest!.contents).toEqual({
    'far/key': { digest: 's3://bucket/key', ref: 's3://bucket/key', size: 9 },
    'kept.txt': { digest: md5('kept'), size: 4, birthArtifactID: artifact!.id },
    unknown: { digest: 's3://bucket/other', ref: 's3://bucket/other' },
  })
  expect([...artifact!.files.keys()]).toEqual(['kept.txt'])
})

test("a reference's entry in W&B's log names it, and no local file", async () => {
  const runDir = runDirectory()
  const value = await artifactOf(runDir, ...FILES)
  const run = { runId: 'a-run', entity: undefined, project: 'p' }
  const origin = { runId: 'baseline', startTime: 1e12, sequence: 0 }
  const bytes = artifactRecord(1, 'data', value, run, origin, runDir)
  // Field 3 (ref), as wandb 0.30.0 has it; field 6 (local_path) is of the kept file alone.
  const field = (key: number, text: string) =>
    Buffer.concat([Buffer.from([key, text.length]), Buffer.from(text)])
  expect(bytes.includes(field(0x1a, 's3://bucket/key'))).toBe(true)
  expect(bytes.includes(field(0x1a, 's3://bucket/other'))).toBe(true)
  expect(bytes.toString('latin1').split(join(runDir, 'artifacts')).length).toBe(2)
})
