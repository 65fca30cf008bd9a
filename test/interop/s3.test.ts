/** The sink "s3" against a real S3-compatible server (Versity's gateway), which checks signatures and checksums. */
import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  PutObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { beforeAll, expect, test } from 'vitest'
import { type S3Fault, S3Proxy } from '../support/s3-proxy.js'
import {
  artifactRow,
  bytesOf,
  deliverRows,
  fileRow,
  MIB,
  PREFIX,
  s3Context,
  useKeys,
} from '../support/s3-rows.js'
import { runDirectory } from '../unit/support/sink-run.js'
import { BUCKET, type S3Server, startS3Server } from './support/s3-server.js'

beforeAll(useKeys)

const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')
const keyOf = (bytes: Buffer) => `${PREFIX}/artifacts/files/${sha256(bytes)}`
const PARTS = { partBytes: 5 * MIB }

async function uploadsLeft({ client }: S3Server): Promise<number> {
  const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket: BUCKET }))
  return Uploads.length
}

/** What a run of two versions and two files has in its bucket. */
function someRows(runDir: string) {
  const small = Buffer.from('small')
  const large = bytesOf(12 * MIB)
  const rows = [
    artifactRow(runDir, 'model', { 'a/small.txt': small, large }, { aliases: ['best'] }),
    { metrics: { loss: 1 } },
    artifactRow(runDir, 'model', { 'a/small.txt': small }, { metadata: { epoch: 2 } }),
    fileRow(runDir, 'docs/notes.txt', Buffer.from('old')),
    fileRow(runDir, 'docs/notes.txt', Buffer.from('new')),
    artifactRow(runDir, 'empty', { nothing: Buffer.alloc(0) }),
  ]
  const objects = new Map([
    [keyOf(small), small],
    [keyOf(large), large],
    [keyOf(Buffer.alloc(0)), Buffer.alloc(0)],
    [`${PREFIX}/files/docs/notes.txt`, Buffer.from('new')],
  ])
  return { rows, objects }
}

const MANIFESTS = ['empty/aliases', 'empty/v0', 'model/aliases', 'model/v0', 'model/v1'].map(
  (name) => `${PREFIX}/artifacts/${name}.json`,
)

function expectWhole(server: S3Server, objects: ReadonlyMap<string, Buffer>): void {
  const found = server.objects()
  expect([...found.keys()].sort()).toEqual([...objects.keys(), ...MANIFESTS].sort())
  for (const [key, bytes] of objects) {
    expect(found.get(key)).toEqual({ sha256: sha256(bytes), bytes: bytes.length })
  }
  expect(JSON.parse(server.read(`${PREFIX}/artifacts/model/aliases.json`).toString())).toEqual({
    latest: 'v1',
    best: 'v0',
  })
  expect(JSON.parse(server.read(`${PREFIX}/artifacts/model/v1.json`).toString())).toMatchObject({
    name: 'model',
    version: 1,
    metadata: { epoch: 2 },
    step: 2,
    entries: [{ path: 'a/small.txt', bytes: 5, content: `artifacts/files/${sha256(Buffer.from('small'))}` }],
  })
}

test('artifacts, their versions and saved files are in the bucket, byte for byte, and again from the journal', async () => {
  const server = await startS3Server()
  const runDir = runDirectory()
  const { rows, objects } = someRows(runDir)
  const proxy = await S3Proxy.start(server.url)
  const context = s3Context(runDir, proxy.url, PARTS)
  const first = await deliverRows(context, rows)
  expect(first).toMatchObject({ retries: [], rejected: [], notApplicable: 1 })
  expectWhole(server, objects)
  expect(proxy.count('UploadPart')).toBe(3)
  const before = proxy.requests.length
  expect((await deliverRows(context, rows)).state).toEqual(first.state)
  expectWhole(server, objects)
  // Only the file that was overwritten is written again, and again.
  const again = proxy.requests.slice(before).filter(({ operation }) => operation !== 'HeadObject')
  expect(again.filter(({ path }) => !path.endsWith('notes.txt') && !path.endsWith('aliases.json'))).toEqual(
    [],
  )
  expect(await uploadsLeft(server)).toBe(0)
})

test('a large object says which hash it has, and one that was changed there is laid over', async () => {
  const server = await startS3Server()
  const runDir = runDirectory()
  const large = bytesOf(6 * MIB)
  const rows = [artifactRow(runDir, 'model', { large })]
  const context = s3Context(runDir, server.url, PARTS)
  await deliverRows(context, rows)
  const at = { Bucket: BUCKET, Key: keyOf(large) }
  const head = await server.client.send(new HeadObjectCommand({ ...at, ChecksumMode: 'ENABLED' }))
  expect(head.Metadata).toEqual({ sha256: sha256(large) })
  // Of the parts' hashes: two of them.
  expect(head.ChecksumSHA256).toMatch(/-2$/)
  // Deleted first: what this server says of an object outlives a PUT that says nothing.
  await server.client.send(new DeleteObjectCommand(at))
  await server.client.send(new PutObjectCommand({ ...at, Body: Buffer.alloc(6 * MIB) }))
  await deliverRows(context, rows)
  expect(server.objects().get(keyOf(large))).toMatchObject({ sha256: sha256(large) })
  await server.client.send(new DeleteObjectCommand(at))
  await deliverRows(context, rows)
  expect(server.objects().get(keyOf(large))).toMatchObject({ sha256: sha256(large) })
})

const FAULTS: readonly S3Fault[] = [
  'reset',
  'lost',
  { status: 500, code: 'InternalError' },
  { status: 503, code: 'SlowDown' },
]

test.each(FAULTS)('whichever request meets the fault %j, every object is there once', async (fault) => {
  const server = await startS3Server()
  const runDir = runDirectory()
  const { rows, objects } = someRows(runDir)
  const proxy = await S3Proxy.start(server.url)
  const context = s3Context(runDir, proxy.url, PARTS)
  // The requests of one attempt after the other, each of which meets the fault once.
  const met = new Set<string>()
  proxy.fault = ({ operation, path, query }) => {
    const request = `${operation} ${path} ${query.get('partNumber')}`
    if (met.has(request)) return undefined
    met.add(request)
    return fault
  }
  const { retries, rejected } = await deliverRows(context, rows)
  expect(rejected).toEqual([])
  expect(retries.length).toBeGreaterThan(5)
  const operations = new Set([...met].map((request) => request.split(' ')[0]))
  expect(operations.size).toBeGreaterThanOrEqual(7)
  expectWhole(server, objects)
  expect(await uploadsLeft(server)).toBe(0)
})

test('what was sent of a file is not sent again by the process that takes over', async () => {
  const server = await startS3Server()
  const runDir = runDirectory()
  const large = bytesOf(32 * MIB)
  const rows = [artifactRow(runDir, 'model', { large })]
  const proxy = await S3Proxy.start(server.url)
  const context = s3Context(runDir, proxy.url, PARTS)
  let parts = 0
  proxy.fault = ({ operation }) =>
    operation === 'UploadPart' && ++parts > 4 ? { status: 403, code: 'AccessDenied' } : undefined
  await expect(deliverRows(context, rows)).rejects.toMatchObject({ action: 'pause' })
  proxy.fault = () => undefined
  proxy.requests = []
  await deliverRows(context, rows)
  expect(proxy.count('CreateMultipartUpload')).toBe(0)
  expect(proxy.count('UploadPart')).toBe(3)
  expect(server.objects().get(keyOf(large))).toEqual({ sha256: sha256(large), bytes: large.length })
  expect(await uploadsLeft(server)).toBe(0)
})

test('parts of something else, or of another size, are not taken for the file, and old uploads are aborted', async () => {
  const server = await startS3Server()
  const runDir = runDirectory()
  const large = bytesOf(12 * MIB)
  const at = { Bucket: BUCKET, Key: keyOf(large) }
  for (const Body of [bytesOf(5 * MIB), large.subarray(0, 6 * MIB), bytesOf(5 * MIB)]) {
    const { UploadId } = await server.client.send(
      new CreateMultipartUploadCommand({ ...at, ChecksumAlgorithm: 'SHA256' }),
    )
    const ChecksumSHA256 = createHash('sha256').update(Body).digest('base64')
    const part = { ...at, UploadId, PartNumber: 1, Body, ChecksumSHA256 }
    await server.client.send(new UploadPartCommand(part))
  }
  await deliverRows(s3Context(runDir, server.url, PARTS), [artifactRow(runDir, 'model', { large })])
  expect(server.objects().get(keyOf(large))).toEqual({ sha256: sha256(large), bytes: large.length })
  expect(await uploadsLeft(server)).toBe(0)
})

test('a large saved file that was half sent, and is another one now, is the new one', async () => {
  const server = await startS3Server()
  const runDir = runDirectory()
  const [before, now] = [bytesOf(11 * MIB), bytesOf(11 * MIB)]
  const proxy = await S3Proxy.start(server.url)
  const context = s3Context(runDir, proxy.url, PARTS)
  proxy.fault = ({ operation, query }) =>
    operation === 'UploadPart' && query.get('partNumber') === '3'
      ? { status: 403, code: 'AccessDenied' }
      : undefined
  await expect(deliverRows(context, [fileRow(runDir, 'log.bin', before)])).rejects.toMatchObject({
    action: 'pause',
  })
  proxy.fault = () => undefined
  await deliverRows(context, [fileRow(runDir, 'log.bin', now)])
  expect(server.objects().get(`${PREFIX}/files/log.bin`)).toMatchObject({ sha256: sha256(now) })
  const at = { Bucket: BUCKET, Key: `${PREFIX}/files/log.bin` }
  const head = await server.client.send(new HeadObjectCommand(at))
  expect(head.Metadata).toEqual({ sha256: sha256(now) })
  expect(await uploadsLeft(server)).toBe(0)
})

test('a large file that is damaged is rejected before a byte of it is sent, and its upload is aborted', async () => {
  const server = await startS3Server()
  const runDir = runDirectory()
  const large = bytesOf(6 * MIB)
  const rows = [artifactRow(runDir, 'model', { large })]
  await server.client.send(new CreateMultipartUploadCommand({ Bucket: BUCKET, Key: keyOf(large) }))
  writeFileSync(join(runDir, 'artifacts/files', sha256(large)), bytesOf(6 * MIB))
  const proxy = await S3Proxy.start(server.url)
  const { rejected } = await deliverRows(s3Context(runDir, proxy.url, PARTS), rows)
  expect(rejected).toMatchObject([{ row: 0, cause: 'media-file' }])
  expect(proxy.count('UploadPart')).toBe(0)
  expect(server.objects().size).toBe(0)
  expect(await uploadsLeft(server)).toBe(0)
})

test('wrong keys and a bucket that is not there are told in one sentence', async () => {
  const server = await startS3Server()
  const runDir = runDirectory()
  const rows = [fileRow(runDir, 'a', Buffer.from('a'))]
  const elsewhere = s3Context(runDir, server.url, { url: 's3://no-such-bucket/x' })
  await expect(deliverRows(elsewhere, rows)).rejects.toMatchObject({
    action: 'pause',
    message: expect.stringMatching(/^make the bucket, or give another one in "url"/),
  })
  process.env.AWS_SECRET_ACCESS_KEY = 'something else'
  const wrong = deliverRows(s3Context(runDir, server.url), rows).finally(useKeys)
  await expect(wrong).rejects.toMatchObject({
    action: 'pause',
    message: expect.stringMatching(/^check AWS_SECRET_ACCESS_KEY/),
  })
})
