/** An artifact of ours is at W&B what one of W&B's own client is. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { init } from '../../dist/src/index.js'
import { startWandbServer, TEST_KEY, type WandbServer } from '../support/wandb-server/server.js'
import { runDirectory } from '../unit/support/sink-run.js'
import { WandbClient } from './wandb-support/client.js'

function directoryOfFiles(): string {
  const directory = runDirectory()
  mkdirSync(join(directory, 'sub/deep'), { recursive: true })
  const files = {
    'a.txt': 'hello',
    'sub/b.txt': 'world',
    'sub-b': '1',
    'sub/deep/ü 😀.bin': '2',
    '\uffee': '3',
    empty: '',
  }
  for (const [path, text] of Object.entries(files)) writeFileSync(join(directory, path), text)
  return directory
}

async function started() {
  const server = await startWandbServer()
  const client = new WandbClient(server)
  onTestFinished(async () => {
    await server.close()
    rmSync(client.home, { recursive: true, force: true })
  })
  return { server, client }
}

async function logged(server: WandbServer, id: string, directory: string): Promise<void> {
  const sink = { type: 'wandb', baseUrl: server.url, apiKey: TEST_KEY, project: 'interop', id } as const
  const run = init({ dir: runDirectory(), git: false, handleSignals: false, sinks: [sink] })
  run.log({ loss: 1 }, 3)
  const metadata = { rows: 7, of: ['a', null] }
  run.artifact(directory, {
    name: 'data',
    type: 'dataset',
    description: 'of a day',
    metadata,
    aliases: ['best'],
  })
  run.artifact(join(directory, 'a.txt'), { name: 'single' })
  const file = `file://${directory}/a.txt`
  const sources = {
    'a.txt': { reference: file },
    'unread.txt': { reference: file, checksum: false },
    sub: { reference: `file://${directory}/sub` },
    'far/key.bin': { reference: 'https://example.org/path/key.bin' },
  }
  run.artifact(sources, { name: 'references', type: 'dataset' })
  expect(await run.finish()).toMatchObject({ reached: true, dropped: { total: 0 } })
}

const byName = ({ backend }: WandbServer) =>
  new Map(backend.artifacts.all.map((artifact) => [artifact.collection, artifact]))

/** What does not say whose it is. */
const contentsOf = (server: WandbServer, name: string) =>
  Object.entries(byName(server).get(name)!.manifest!.contents).map(([path, entry]) => [
    path,
    entry.digest,
    // Theirs is 0 where nobody knows it, and a URI of theirs is not encoded.
    entry.size ?? 0,
    entry.ref === undefined ? null : decodeURI(entry.ref),
  ])

test('the same files have the same digest, manifest and fields as with its own client', async () => {
  const theirs = await started()
  const ours = await started()
  const directory = directoryOfFiles()
  const ended = await theirs.client.program('artifact_run.py', 'theirs', directory)
  expect(ended).toMatchObject({ code: 0 })
  await logged(ours.server, 'ours', directory)
  expect([...theirs.server.errors, ...ours.server.errors]).toEqual([])
  for (const name of ['data', 'single', 'references']) {
    const their = byName(theirs.server).get(name)!
    const { digest, type, description, metadata, aliases, historyStep, state } = their
    expect(state).toBe('COMMITTED')
    const same = { digest, type, description, metadata, aliases, historyStep, state }
    expect(byName(ours.server).get(name)).toMatchObject(same)
    expect(contentsOf(ours.server, name).sort()).toEqual(contentsOf(theirs.server, name).sort())
  }
})

test('what its own client has logged is there already when we log it', async () => {
  const { server, client } = await started()
  const directory = directoryOfFiles()
  await client.program('artifact_run.py', 'theirs', directory)
  const { puts } = server.backend.artifacts
  await logged(server, 'ours', directory)
  expect(server.backend.artifacts.all).toHaveLength(3)
  expect(server.backend.artifacts.puts).toBe(puts)
  expect(server.errors).toEqual([])
})
