import { createHash } from 'node:crypto'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { processMedia } from '../../src/media/process/index.js'
import type { MediaRequest } from '../../src/media/request.js'
import type { MediaRecordOf } from '../../src/record/media.js'
import { ArtifactSender } from '../../src/sinks/wandb/online/artifacts/sender.js'
import { Transport } from '../../src/sinks/wandb/online/http/transport.js'
import { GraphQl } from '../../src/sinks/wandb/online/run/graphql.js'
import type { FaultScript, WandbFault } from '../support/wandb-server/script.js'
import { startWandbServer, TEST_KEY } from '../support/wandb-server/server.js'
import { runDirectory } from './support/sink-run.js'

const RUN = { runId: 'a-run', entity: 'test-entity', project: 'a-project', storageId: 'an-id' }
const NEVER = new AbortController().signal

type Files = { readonly [path: string]: string }

/** A record as the journal has it. */
async function recordOf(runDir: string, files: Files, about: object = {}, name = 'data') {
  const sources = Object.entries(files).map(([path, text]) => ({ name: path, bytes: Buffer.from(text) }))
  const input = { files: sources, about: { name, ...about } }
  const request = { kind: 'artifact', name, step: 3, time: 0, producer: 0, input } as MediaRequest
  const { value } = await processMedia(request, runDir)
  return { kind: 'artifact', name, producer: 0, value } as MediaRecordOf<'artifact'>
}

async function started(faults: FaultScript = []) {
  const server = await startWandbServer({ faults })
  const runDir = runDirectory()
  onTestFinished(() => server.stop())
  const sender = () => {
    const transport = new Transport(server.url, {})
    onTestFinished(() => transport.close())
    const graphql = new GraphQl(transport)
    return new ArtifactSender({ transport, graphql, run: RUN, runDir, key: () => TEST_KEY })
  }
  return { server, runDir, sender, artifacts: server.backend.artifacts }
}

const logged = (record: MediaRecordOf<'artifact'>, sequence = 0) => ({
  record,
  origin: { runId: 'baseline_0123abcd', startTime: 1e12, sequence },
  step: 3,
})

const FILES: Files = { 'model.bin': 'weights', 'sub/a.txt': 'hello', 'sub/copy.txt': 'hello', empty: '' }
const md5 = (text: string) => createHash('md5').update(text).digest('base64')

test('an artifact is committed with its files, its manifest, its metadata and its names', async () => {
  const { server, runDir, sender, artifacts } = await started()
  const about = {
    type: 'model',
    description: 'of a day',
    metadata: { loss: 0.5, bad: Number.NaN },
    aliases: ['best'],
  }
  await sender().send(logged(await recordOf(runDir, FILES, about)), NEVER)
  expect(server.errors).toEqual([])
  const [artifact, ...others] = artifacts.all
  expect(others).toEqual([])
  expect(artifact).toMatchObject({
    collection: 'data',
    type: 'model',
    description: 'of a day',
    metadata: { loss: 0.5, bad: 'NaN' },
    historyStep: 3,
    state: 'COMMITTED',
    runId: 'a-run',
  })
  expect([...artifact!.aliases].sort()).toEqual(['best', 'latest'])
  const sizes = Object.entries(FILES).map(([path, text]) => [
    path,
    { digest: md5(text), size: text.length, birthArtifactID: artifact!.id },
  ])
  expect(artifact!.manifest).toEqual({
    version: 1,
    storagePolicy: 'wandb-storage-policy-v1',
    storagePolicyConfig: { storageLayout: 'V2' },
    contents: Object.fromEntries(sizes),
  })
})

test('the digest and the ids are what the record says, whoever sends it', async () => {
  const { server, runDir, sender, artifacts } = await started()
  // As wandb 0.30.0 has it for a directory with these files.
  const record = await recordOf(runDir, {
    'a.txt': 'hello',
    'é \u0001<&>x.txt': 'q',
    'sub/b.txt': 'world',
    empty: '',
  })
  await sender().send(logged(record), NEVER)
  await sender().send(logged(record), NEVER)
  expect(artifacts.all.map(({ digest }) => digest)).toEqual(['1a789c6ad8629fedeacb41f65b44fa1c'])
  expect(server.errors).toEqual([])
})

test('the same content again, logged later, is the version that there is, with the new alias', async () => {
  const { runDir, sender, server, artifacts } = await started()
  await sender().send(logged(await recordOf(runDir, FILES, { aliases: ['first'] }), 0), NEVER)
  const puts = artifacts.puts
  await sender().send(logged(await recordOf(runDir, FILES, { aliases: ['second'] }), 1), NEVER)
  expect(artifacts.committed).toHaveLength(1)
  expect([...artifacts.committed[0]!.aliases].sort()).toEqual(['first', 'latest', 'second'])
  expect(artifacts.puts).toBe(puts)
  expect(server.errors).toEqual([])
})

test('of a next version only what the server does not have is uploaded', async () => {
  const { runDir, sender, server, artifacts } = await started()
  await sender().send(logged(await recordOf(runDir, FILES), 0), NEVER)
  const puts = artifacts.puts
  await sender().send(logged(await recordOf(runDir, { ...FILES, 'model.bin': 'better' }), 1), NEVER)
  expect(artifacts.puts).toBe(puts + 1)
  const [first, second] = artifacts.committed
  expect([...first!.aliases, ...second!.aliases]).toEqual(['latest'])
  expect(second!.manifest!.contents['sub/a.txt']!.birthArtifactID).toBe(first!.id)
  expect(second!.manifest!.contents['model.bin']!.birthArtifactID).toBe(second!.id)
  expect(server.errors).toEqual([])
})

const OPERATIONS = [
  'CreateArtifact',
  'CreateArtifactManifest',
  'CreateArtifactFiles',
  'artifact_upload',
  'CommitArtifact',
]
const FAULTS: readonly [string, WandbFault][] = [
  ['500', { kind: 'status', status: 500 }],
  ['500 after it was kept', { kind: 'status', status: 500, commit: true }],
  ['429', { kind: 'status', status: 429, headers: { 'retry-after': '0' } }],
  ['reset', { kind: 'reset' }],
  ['reset after it was kept', { kind: 'reset', commit: true }],
  ['half an answer', { kind: 'truncated' }],
]
const CASES = OPERATIONS.flatMap((on) =>
  FAULTS.flatMap(([name, fault]) => [0, 1].map((at) => ({ on, name, fault, at }))),
)

test.for(CASES.map((one) => [`${one.on} ${one.at} (${one.name})`, one] as const))(
  'after a fault at %s the same session, or the next one, ends with one committed version',
  async ([, { on, fault, at }]) => {
    for (const crash of [false, true]) {
      let met = 0
      const { server, runDir, sender, artifacts } = await started(({ operation }) =>
        operation === on && met++ === at ? fault : undefined,
      )
      const artifact = logged(await recordOf(runDir, FILES))
      let session = sender()
      for (let tries = 0; tries < 3; tries++) {
        const error = await session.send(artifact, NEVER).then(
          () => null,
          (thrown) => thrown,
        )
        if (error === null) break
        expect(error).toMatchObject({ action: 'retry' })
        if (crash) session = sender()
      }
      expect(artifacts.all).toMatchObject([{ state: 'COMMITTED', files: { size: 4 } }])
      expect(Object.keys(artifacts.all[0]!.manifest!.contents).sort()).toEqual(Object.keys(FILES).sort())
      expect(server.errors).toEqual([])
      await server.stop()
    }
  },
)

test('a send that has no time left goes on by itself, and the next one waits for it', async () => {
  const { server, runDir, sender, artifacts } = await started([
    { on: 'artifact_upload', kind: 'slow', delayMs: 300 },
  ])
  const session = sender()
  const artifact = logged(await recordOf(runDir, FILES))
  await expect(session.send(artifact, AbortSignal.timeout(100))).rejects.toMatchObject({
    action: 'retry',
    code: 'TIMEOUT',
  })
  await session.send(artifact, NEVER)
  expect(server.requestsOf('CreateArtifact')).toHaveLength(1)
  expect(artifacts.committed).toHaveLength(1)
})

test('what is up is not uploaded again when the session goes on', async () => {
  const { server, runDir, sender, artifacts } = await started([
    { on: 'CommitArtifact', kind: 'status', status: 503 },
  ])
  const session = sender()
  const artifact = logged(await recordOf(runDir, FILES))
  await expect(session.send(artifact, NEVER)).rejects.toMatchObject({ action: 'retry' })
  await session.send(artifact, NEVER)
  expect(server.requestsOf('CreateArtifactFiles')).toHaveLength(1)
  expect(artifacts.committed).toHaveLength(1)
  expect(server.errors).toEqual([])
})

test('a version that W&B has forgotten before it was committed is begun again', async () => {
  const { server, runDir, sender, artifacts } = await started([
    { on: 'CommitArtifact', kind: 'status', status: 503 },
  ])
  const session = sender()
  const artifact = logged(await recordOf(runDir, FILES))
  await expect(session.send(artifact, NEVER)).rejects.toMatchObject({ action: 'retry' })
  artifacts.forgetPending()
  await session.send(artifact, NEVER)
  expect(artifacts.committed).toHaveLength(1)
  expect(server.errors).toEqual([])
})

test('an address that is too old is asked for again', async () => {
  const { server, runDir, sender, artifacts } = await started()
  let refused = 0
  server.script(({ operation }) =>
    operation === 'artifact_upload' && refused++ < 3 ? { kind: 'status', status: 403 } : undefined,
  )
  await sender().send(logged(await recordOf(runDir, FILES)), NEVER)
  expect(artifacts.committed).toHaveLength(1)
  expect(server.errors).toEqual([])
})

test.for([400, 403, 404, 410, 413])(
  'a file that the store refuses with %d for good costs the artifact',
  async (status) => {
    const { server, runDir, sender, artifacts } = await started()
    server.script(({ operation }) =>
      operation === 'artifact_upload' ? { kind: 'status', status } : undefined,
    )
    const error = { action: 'reject', code: 'file-refused', message: expect.stringContaining(`${status}`) }
    await expect(
      sender().send(logged(await recordOf(runDir, { 'a.txt': 'a' })), NEVER),
    ).rejects.toMatchObject(error)
    expect(artifacts.committed).toEqual([])
  },
)

test('an artifact that W&B does not take says why, and those after it go on', async () => {
  const { runDir, sender, artifacts } = await started()
  const session = sender()
  await session.send(logged(await recordOf(runDir, FILES, { type: 'model' }), 0), NEVER)
  const wrong = logged(await recordOf(runDir, FILES, { type: 'dataset' }), 1)
  await expect(session.send(wrong, NEVER)).rejects.toMatchObject({
    action: 'retry',
    code: 'WANDB_REFUSED',
    message: expect.stringContaining('another type'),
  })
  await session.send(logged(await recordOf(runDir, { a: 'a' }, { type: 'model' }), 2), NEVER)
  expect(artifacts.committed).toHaveLength(2)
})

test.for(OPERATIONS)('a %s that is answered with 400 costs the artifact, and no retry', async (on) => {
  const { server, runDir, sender, artifacts } = await started()
  server.script(({ operation }) => (operation === on ? { kind: 'status', status: 400 } : undefined))
  const code = on === 'artifact_upload' ? 'file-refused' : 'artifact-refused'
  const artifact = logged(await recordOf(runDir, FILES))
  await expect(sender().send(artifact, NEVER)).rejects.toMatchObject({ action: 'reject', code })
  expect(artifacts.committed).toEqual([])
})

test('an artifact whose file is gone is refused, and nothing is committed', async () => {
  const { runDir, sender, artifacts } = await started()
  const record = await recordOf(runDir, FILES)
  rmSync(join(runDir, record.value!.entries[0]!.file!.path))
  await expect(sender().send(logged(record), NEVER)).rejects.toMatchObject({
    action: 'reject',
    code: 'media-file',
  })
  expect(artifacts.committed).toEqual([])
})

test('a key that is no longer good pauses, and the artifact goes on with the next one', async () => {
  const { server, runDir, sender, artifacts } = await started()
  const session = sender()
  const artifact = logged(await recordOf(runDir, FILES))
  server.keys = new Set(['other'])
  await expect(session.send(artifact, NEVER)).rejects.toMatchObject({ action: 'pause' })
  server.keys = new Set([TEST_KEY])
  await session.send(artifact, NEVER)
  expect(artifacts.committed).toHaveLength(1)
})

test('an artifact of 1,000 files arrives whole', async () => {
  const { server, runDir, sender, artifacts } = await started()
  const files = Object.fromEntries(
    Array.from({ length: 1000 }, (_, file) => [`d${file % 7}/${file}.txt`, `text ${file}`]),
  )
  const record = await recordOf(runDir, files)
  mkdirSync(join(runDir, 'media'), { recursive: true })
  const json = Buffer.from(JSON.stringify(record.value))
  writeFileSync(join(runDir, 'media/value.json'), json)
  const sha256 = createHash('sha256').update(json).digest('hex')
  const { value, ...head } = record
  // As the journal has a long value.
  const long = { ...head, file: { path: 'media/value.json', bytes: json.length, sha256 } }
  await sender().send(logged(long as MediaRecordOf<'artifact'>), NEVER)
  expect(value!.entries).toHaveLength(1000)
  expect(artifacts.committed[0]!.files.size).toBe(1000)
  expect(artifacts.contents.size).toBe(1000)
  expect(server.errors).toEqual([])
})
