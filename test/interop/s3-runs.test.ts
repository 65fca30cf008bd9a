/** Whole runs that deliver to a real S3-compatible server, some of them killed on the way. */
import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ListMultipartUploadsCommand } from '@aws-sdk/client-s3'
import { beforeAll, expect, test } from 'vitest'
import { init } from '../../dist/src/index.js'
import { recoverRun } from '../../dist/src/runs.js'
import { temporaryDirectory } from '../support/directory.js'
import { startProgram } from '../support/program.js'
import { countFromEnv, seededRandom } from '../support/random.js'
import { runFile } from '../support/run-files.js'
import { type S3Operation, S3Proxy } from '../support/s3-proxy.js'
import { bytesOf, KEYS, MIB, useKeys } from '../support/s3-rows.js'
import { BUCKET, type S3Server, startS3Server } from './support/s3-server.js'

beforeAll(useKeys)

const sha256 = (bytes: Buffer | string) => createHash('sha256').update(bytes).digest('hex')
const LARGE_BYTES = 32 * MIB
const PARTS = 7
/** Kills at random points, beside those that are always tried. */
const RANDOM_KILLS = countFromEnv('OFFSTEP_S3_KILLS', 2)
const SEED = countFromEnv('OFFSTEP_S3_SEED', 7)

async function uploadsLeft({ client }: S3Server): Promise<number> {
  const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket: BUCKET }))
  return Uploads.length
}

const jsonOf = (server: S3Server, key: string): unknown => JSON.parse(server.read(key).toString())

test('a live run delivers artifacts and files, and counts its rows as not applicable', async () => {
  const server = await startS3Server()
  const s3 = { type: 's3', url: 's3://bucket/runs', endpoint: server.url } as const
  const run = init({ dir: temporaryDirectory(), id: 'live', git: false, handleSignals: false, sinks: [s3] })
  for (let step = 0; step < 100; step++) run.log({ loss: step }, step)
  run.artifact({ w: Buffer.from('0'), far: { reference: 's3://else/where' } }, { name: 'model' })
  run.artifact({ w: Buffer.from('1') }, { name: 'model', aliases: ['best'] })
  run.saveFile(Buffer.from('saved'), { as: 'docs/saved.txt' })
  expect(await run.finish()).toMatchObject({
    reached: true,
    sinks: { s3: { delivered: 3, notApplicable: 100, pending: 0, deadLettered: 0 } },
  })
  const place = 'runs/default/live'
  expect([...server.objects().keys()]).toEqual([
    `${place}/artifacts/files/${sha256('0')}`,
    `${place}/artifacts/files/${sha256('1')}`,
    `${place}/artifacts/model/aliases.json`,
    `${place}/artifacts/model/v0.json`,
    `${place}/artifacts/model/v1.json`,
    `${place}/files/docs/saved.txt`,
  ])
  expect(jsonOf(server, `${place}/artifacts/model/v0.json`)).toMatchObject({
    run: { id: 'live', project: 'default' },
    entries: [
      { path: 'far', reference: 's3://else/where' },
      { path: 'w', sha256: sha256('0') },
    ],
  })
  expect(jsonOf(server, `${place}/artifacts/model/aliases.json`)).toEqual({ latest: 'v1', best: 'v1' })
})

test('a run that is offline asks nobody, and is delivered when it is synchronised', async () => {
  const server = await startS3Server()
  const proxy = await S3Proxy.start(server.url)
  const s3 = { type: 's3', url: 's3://bucket', endpoint: proxy.url } as const
  const dir = temporaryDirectory()
  const run = init({ dir, id: 'off', mode: 'offline', git: false, handleSignals: false, sinks: [s3] })
  run.artifact({ w: Buffer.from('0') }, { name: 'model' })
  await run.finish({ timeoutMs: 3000 })
  expect(proxy.requests).toEqual([])
  await recoverRun(run.dir)
  expect([...server.objects().keys()]).toContain(`default/off/artifacts/files/${sha256('0')}`)
  expect(runFile(run.dir)).toMatchObject({ status: 'completed', delivered: true })
})

/** Kill -9 at the moment at which the server has answered the n-th request of this kind. */
async function killedAt(operation: S3Operation, count: number): Promise<void> {
  const server = await startS3Server()
  const proxy = await S3Proxy.start(server.url)
  const dir = temporaryDirectory()
  const large = bytesOf(LARGE_BYTES)
  const file = join(dir, 'weights.bin')
  writeFileSync(file, large)
  let answered = 0
  const program = startProgram('s3/run.mjs', { dir: join(dir, 'runs'), args: [proxy.url, file], env: KEYS })
  // All of it is to be in the journal first: what is not is lost with the process.
  proxy.fault = () => (program.told('journaled') ? undefined : { status: 503, code: 'SlowDown' })
  proxy.onAnswer = (request) => {
    if (request.operation === operation && ++answered === count) program.kill('SIGKILL')
  }
  expect(await program.ended, program.stderr).toMatchObject({ signal: 'SIGKILL' })
  proxy.onAnswer = () => {}
  proxy.requests = []
  const runDir = join(dir, 'runs/default/child')
  await recoverRun(runDir)
  const place = 'runs/default/child'
  const objects = server.objects()
  expect(objects.get(`${place}/artifacts/files/${sha256(large)}`)).toEqual({
    sha256: sha256(large),
    bytes: LARGE_BYTES,
  })
  const small = ['first', 'second'].map((text) => `${place}/artifacts/files/${sha256(text)}`)
  const manifests = ['model/aliases', 'model/v0', 'notes/aliases', 'notes/v0', 'notes/v1']
  const rest = manifests.map((name) => `${place}/artifacts/${name}.json`)
  const saved = `${place}/files/docs/saved.txt`
  expect([...objects.keys()].sort()).toEqual(
    [`${place}/artifacts/files/${sha256(large)}`, ...small, ...rest, saved].sort(),
  )
  expect(jsonOf(server, `${place}/artifacts/notes/aliases.json`)).toEqual({ latest: 'v1' })
  expect(await uploadsLeft(server)).toBe(0)
  expect(runFile(runDir)).toMatchObject({ status: 'crashed', delivered: true })
  // What the server had answered to before the kill is not sent again.
  const sentBefore = operation === 'UploadPart' ? count : operation === 'CompleteMultipartUpload' ? PARTS : 0
  expect(proxy.count('UploadPart')).toBeLessThanOrEqual(PARTS - sentBefore)
}

test.each([
  ['HeadObject', 1],
  ['CreateMultipartUpload', 1],
  ['UploadPart', 3],
  ['CompleteMultipartUpload', 1],
] as const)('a run that is killed at the answer to %s %i ends with every object once', killedAt)

test(`so does one that is killed anywhere (seed ${SEED})`, async () => {
  const next = seededRandom(SEED)
  for (let kill = 0; kill < RANDOM_KILLS; kill++) {
    if (next() < 0.3) await killedAt('HeadObject', 1 + Math.floor(next() * 6))
    else await killedAt('UploadPart', 1 + Math.floor(next() * PARTS))
  }
})
