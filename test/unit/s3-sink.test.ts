import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { SinkError } from '../../src/sinks/errors.js'
import { placeOf } from '../../src/sinks/s3/options.js'
import { artifactRow, deliverRows, fileRow, KEYS, onceSink, s3Context, useKeys } from '../support/s3-rows.js'
import { type ScriptedAnswer, scriptedS3 } from '../support/s3-script.js'
import { BatchBuilder } from './support/batches.js'
import { runDirectory } from './support/sink-run.js'

beforeAll(useKeys)

/** The error of one attempt to deliver a small file to a server that answers each PUT so. */
async function errorOf(answer: ScriptedAnswer): Promise<SinkError> {
  const server = await scriptedS3(({ method }) => (method === 'PUT' ? answer : { status: 404 }))
  const runDir = runDirectory()
  const sink = onceSink()
  await sink.open(s3Context(runDir, server.url), null)
  try {
    await sink.write(new BatchBuilder().batch(fileRow(runDir, 'a', Buffer.from('a'))))
    throw new Error('it was delivered')
  } catch (error) {
    expect(error).toBeInstanceOf(SinkError)
    return error as SinkError
  } finally {
    await sink.close({ status: 'running', endTime: 0 })
  }
}

test.each([
  [404, 'NoSuchBucket', /make the bucket/],
  [403, 'AccessDenied', /allow s3:PutObject/],
  [403, 'InvalidAccessKeyId', /check AWS_ACCESS_KEY_ID/],
  [403, 'SignatureDoesNotMatch', /check AWS_SECRET_ACCESS_KEY/],
  [400, 'ExpiredToken', /renew the credentials/],
  [403, 'SomethingElse', /allow s3:PutObject/],
  [400, 'AuthorizationHeaderMalformed', /give the "region"/],
  [501, 'NotImplemented', /this one lacks it/],
  [405, 'MethodNotAllowed', /does not seem to be S3/],
  [404, 'NotFound', /does not seem to be S3/],
  [403, 'RequestTimeTooSkewed', /set the clock of this machine/],
  [400, 'NobodyKnowsIt', /check "url", "endpoint"/],
])('%i %s waits for a person, and says what to do', async (status, code, fix) => {
  const error = await errorOf({ status, code })
  expect(error).toMatchObject({ action: 'pause', retryAfterMs: 60_000 })
  expect(error.message).toMatch(fix)
  expect(error.message).toContain('as the script says')
})

test.each([
  [503, 'SlowDown'],
  [500, 'InternalError'],
  [503, 'ServiceUnavailable'],
  [429, 'TooManyRequests'],
  [400, 'BadDigest'],
  [400, 'XAmzContentChecksumMismatch'],
  [400, 'IncompleteBody'],
  [409, 'OperationAborted'],
])('%i %s is tried again', async (status, code) => {
  expect(await errorOf({ status, code })).toMatchObject({ action: 'retry', code: `HTTP_${status}` })
})

test('a server that names a time is asked again after it', async () => {
  const headers = { 'retry-after': '7' }
  expect(await errorOf({ status: 503, code: 'SlowDown', headers })).toMatchObject({ retryAfterMs: 7000 })
})

test('a server that does not answer is tried again', async () => {
  const runDir = runDirectory()
  const sink = onceSink()
  await sink.open(s3Context(runDir, 'http://127.0.0.1:1'), null)
  const write = sink.write(new BatchBuilder().batch(fileRow(runDir, 'a', Buffer.from('a'))))
  await expect(write).rejects.toMatchObject({ action: 'retry', code: 'ECONNREFUSED' })
  await sink.close({ status: 'running', endTime: 0 })
})

test('no message repeats a key, whatever the server says', async () => {
  const message = `not ${KEYS.AWS_SECRET_ACCESS_KEY} of ${KEYS.AWS_ACCESS_KEY_ID}`
  const error = await errorOf({ status: 403, code: 'AccessDenied', message })
  expect(error.message).toContain('not *** of ***')
})

test('a bad request of which S3 says nothing is about the file, once the bucket has taken something', async () => {
  const server = await scriptedS3(({ method, url }) => {
    if (method === 'HEAD') return { status: 404 }
    return url.includes('odd') ? { status: 400, code: 'NobodyKnowsIt' } : { status: 200 }
  })
  const runDir = runDirectory()
  const rows = ['good', 'odd', 'better'].map((name) => fileRow(runDir, name, Buffer.from(name)))
  const context = s3Context(runDir, server.url)
  const batches = new BatchBuilder()
  const sink = onceSink()
  await sink.open(context, null)
  const odd = [fileRow(runDir, 'odd0', Buffer.from('0'))]
  await expect(sink.write(batches.batchOf(odd))).rejects.toMatchObject({ action: 'pause' })
  await sink.write(batches.batchOf([rows[0]!]))
  const { rejected } = await sink.write(batches.batchOf(rows.slice(1)))
  expect(rejected).toMatchObject([{ row: 0, cause: 'file-refused' }])
  expect(server.seen.some(({ method, url }) => method === 'PUT' && url.includes('better'))).toBe(true)
  await sink.close({ status: 'running', endTime: 0 })
})

test('a bucket that begins to refuse everything gives up no more than some files', async () => {
  const server = await scriptedS3(({ method, url }) => {
    if (method === 'HEAD') return { status: 404 }
    return url.includes('odd') ? { status: 400, code: 'NobodyKnowsIt' } : { status: 200 }
  })
  const runDir = runDirectory()
  const batches = new BatchBuilder()
  const sink = onceSink()
  await sink.open(s3Context(runDir, server.url), null)
  const row = (name: string) => batches.batchOf([fileRow(runDir, name, Buffer.from(name))])
  await sink.write(row('good'))
  for (let at = 0; at < 20; at++) expect((await sink.write(row(`odd${at}`))).rejected).toHaveLength(1)
  await expect(sink.write(row('odd20'))).rejects.toMatchObject({ action: 'pause' })
  await sink.close({ status: 'running', endTime: 0 })
})

test("somebody else's 200 confirms nothing", async () => {
  const error = await errorOf({ status: 200, headers: { 'content-type': 'text/html' } })
  expect(error).toMatchObject({ action: 'retry', code: 'BAD_ANSWER' })
})

test('a file that S3 refuses for good is rejected, and the others arrive', async () => {
  const refused = { status: 400, code: 'EntityTooLarge' }
  const server = await scriptedS3(({ method, url }) => {
    if (method === 'HEAD') return { status: 404 }
    return url.includes('bad') ? refused : { status: 200 }
  })
  const runDir = runDirectory()
  const rows = ['good', 'bad', 'better'].map((name) => fileRow(runDir, name, Buffer.from(name)))
  const { rejected, notApplicable } = await deliverRows(s3Context(runDir, server.url), rows)
  expect(rejected).toEqual([
    { row: 1, cause: 'file-refused', reason: expect.stringContaining('EntityTooLarge') },
  ])
  expect(notApplicable).toBe(0)
})

test('a version whose files are gone is rejected, keeps its number, and is brought by the same content', async () => {
  const server = await scriptedS3(({ method }) => ({ status: method === 'HEAD' ? 404 : 200 }))
  const runDir = runDirectory()
  const rows = [
    artifactRow(runDir, 'model', { w: Buffer.from('0') }, { aliases: ['best'] }),
    artifactRow(runDir, 'model', { w: Buffer.from('1') }, { aliases: ['best'] }),
    { metrics: { loss: 1 } },
  ]
  const damaged = join(
    runDir,
    'artifacts/files/6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b',
  )
  writeFileSync(damaged, 'X')
  const context = s3Context(runDir, server.url)
  const { rejected, notApplicable, state } = await deliverRows(context, rows)
  expect(rejected).toMatchObject([{ row: 1, cause: 'media-file' }])
  expect(notApplicable).toBe(1)
  const written = () =>
    server.seen.flatMap(({ method, url }) =>
      method === 'PUT' ? [url.replace(/.*\/artifacts\/|\?.*/g, '')] : [],
    )
  expect(written().filter((key) => key.startsWith('model'))).toEqual(['model/v0.json', 'model/aliases.json'])
  writeFileSync(damaged, '1')
  const again = [artifactRow(runDir, 'model', { w: Buffer.from('1') })]
  await deliverRows(context, again, { state })
  expect(written()).toContain('model/v1.json')
  // Best was never moved to what the bucket did not have.
  expect(JSON.parse(server.seen.at(-1)!.body.toString())).toEqual({ latest: 'v1', best: 'v0' })
})

test('an object that is there is not sent again', async () => {
  const sha256 = 'ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb'
  const server = await scriptedS3(() => ({
    status: 200,
    headers: { 'content-length': 1, 'x-amz-meta-sha256': sha256 },
  }))
  const runDir = runDirectory()
  await deliverRows(s3Context(runDir, server.url), [fileRow(runDir, 'a', Buffer.from('a'))])
  expect(server.seen.map(({ method }) => method)).toEqual(['HEAD'])
})

test('every object is sent with the hash that the server is to check', async () => {
  const server = await scriptedS3(({ method }) => ({ status: method === 'HEAD' ? 404 : 200 }))
  const runDir = runDirectory()
  await deliverRows(s3Context(runDir, server.url), [fileRow(runDir, 'sub/a', Buffer.from('a'))])
  const put = server.seen.find(({ method }) => method === 'PUT')!
  expect(put.url).toMatch(/^\/bucket\/pre\/fix\/tinystories\/baseline_\w+\/files\/sub\/a(\?|$)/)
  expect(put.headers['x-amz-checksum-sha256']).toBe('ypeBEsobvcr6wjGzmiPcTaeG7/gUfE5yuYB3ha/uSLs=')
  expect(put.body.toString()).toBe('a')
  // Not in the form that some servers do not know.
  expect(put.headers['content-encoding']).toBeUndefined()
})

test('work goes on when a slice is over, and the next slice waits for it and begins none', async () => {
  const slices = [new AbortController(), new AbortController(), new AbortController()]
  let answer: (given: ScriptedAnswer) => void = () => {}
  const server = await scriptedS3(({ method }) => {
    if (method === 'HEAD') return { status: 404 }
    slices[0]!.abort()
    return new Promise((resolve) => {
      answer = resolve
    })
  })
  const runDir = runDirectory()
  let slice = 0
  const context = Object.defineProperty({ ...s3Context(runDir, server.url) }, 'signal', {
    get: () => slices[slice]!.signal,
  })
  const sink = onceSink()
  await sink.open(context, null)
  const batch = new BatchBuilder().batch(fileRow(runDir, 'a', Buffer.from('a')))
  await expect(sink.write(batch)).rejects.toMatchObject({ action: 'retry', code: 'TIMEOUT' })
  slices[++slice]!.abort()
  await expect(sink.write(batch)).rejects.toMatchObject({ action: 'retry', code: 'TIMEOUT' })
  slice++
  const last = sink.write(batch)
  answer({ status: 503, code: 'SlowDown' })
  await expect(last).rejects.toMatchObject({ action: 'retry', code: 'HTTP_503' })
  expect(server.seen.map(({ method }) => method)).toEqual(['HEAD', 'PUT'])
  await sink.close({ status: 'running', endTime: 0 })
})

test.each([
  [{}, /url: /],
  [{ url: 'bucket' }, /url: give the address of a bucket: "s3:\/\/bucket\/prefix"/],
  [{ url: 's3://B_/x' }, /url: give the address/],
  [{ url: 's3://bucket', endpoint: 'nowhere' }, /endpoint: give the address of a server/],
  [{ url: 's3://bucket', partBytes: 1 }, /partBytes: give 5242880/],
  [{ url: 's3://bucket', secretAccessKey: 'x' }, /the sink "s3" has no such option/],
])('the options %j pause the sink, with what to give', async (options, message) => {
  const context = { ...s3Context(runDirectory(), 'http://127.0.0.1:1'), options }
  const thrown: unknown = await onceSink()
    .open(context, null)
    .catch((error: unknown) => error)
  expect(thrown).toMatchObject({ action: 'pause' })
  expect((thrown as Error).message).toMatch(message)
})

test.each([
  ['s3://bucket', { bucket: 'bucket', prefix: '' }],
  ['s3://bucket/', { bucket: 'bucket', prefix: '' }],
  ['s3://my.bucket-1/a/b', { bucket: 'my.bucket-1', prefix: 'a/b/' }],
  ['s3://bucket//a//', { bucket: 'bucket', prefix: 'a/' }],
])('%s is a place', (url, place) => {
  expect(placeOf(url)).toEqual(place)
})

test('a run that is offline stays off the network, until it is synchronised', async () => {
  const server = await scriptedS3(({ method }) => ({ status: method === 'HEAD' ? 404 : 200 }))
  const runDir = runDirectory()
  const context = s3Context(runDir, server.url, { mode: 'offline' })
  await expect(onceSink().open(context, null)).rejects.toMatchObject({ action: 'pause', code: 'OFFLINE' })
  expect(server.seen).toEqual([])
  await deliverRows({ ...context, live: false }, [fileRow(runDir, 'a', Buffer.from('a'))])
  expect(server.seen.map(({ method }) => method)).toEqual(['HEAD', 'PUT'])
})
