/** Artifacts and saved files of real runs: kept in the run directory, checked there, delivered to W&B. */
import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { init } from '../../dist/src/index.js'
import type { LiveRun } from '../../dist/src/run/live-run.js'
import { recoverRun, verifyRun } from '../../dist/src/runs.js'
import { temporaryDirectory } from '../support/directory.js'
import { mediaIn } from '../support/media-records.js'
import { startWandbServer, TEST_KEY } from '../support/wandb-server/server.js'

type Sinks = NonNullable<Parameters<typeof init>[0]>['sinks']

const start = (sinks: Sinks = ['jsonl']): LiveRun =>
  init({ dir: temporaryDirectory(), git: false, handleSignals: false, sinks }) as LiveRun

const checkpoint = (count: number): string => {
  const directory = join(temporaryDirectory(), 'checkpoint')
  mkdirSync(directory)
  for (let file = 0; file < count; file++)
    writeFileSync(join(directory, `layer-${file}.bin`), `weights ${file}`)
  return directory
}

const filesOf = (runDir: string): string[] => readdirSync(join(runDir, 'artifacts/files'))

test('an artifact is one record, its content is stored once, and verify finds every file whole', async () => {
  const run = start()
  const source = checkpoint(200)
  run.artifact(source, { name: 'model', type: 'model' })
  run.artifact({ 'weights/first.bin': join(source, 'layer-0.bin') }, { name: 'first' })
  run.saveFile(join(source, 'layer-0.bin'), { as: 'weights/first.bin' })
  run.saveFile(Buffer.from('bytes'), { as: 'some.bin' })
  expect(await run.finish()).toMatchObject({ accepted: 4, journaled: 4, dropped: { total: 0 } })
  expect(mediaIn(run.dir).map(({ record }) => [record.kind, record.name])).toEqual([
    ['artifact', 'model'],
    ['artifact', 'first'],
    ['file', 'weights/first.bin'],
    ['file', 'some.bin'],
  ])
  expect(filesOf(run.dir)).toHaveLength(201)
  // One file for the long value of the first.
  expect((await verifyRun(run.dir)).media).toMatchObject({ result: 'ok', records: 4, files: 202 })
})

test('verify names the files of artifacts that are gone or damaged', async () => {
  const run = start()
  run.artifact(checkpoint(200), { name: 'model' })
  run.artifact({ a: Buffer.from('a') }, { name: 'short' })
  await run.finish()
  const path = (text: string) => `artifacts/files/${createHash('sha256').update(text).digest('hex')}`
  rmSync(join(run.dir, path('weights 7')))
  writeFileSync(join(run.dir, path('weights 8')), 'weights 9')
  rmSync(join(run.dir, path('a')))
  const { media, sound } = await verifyRun(run.dir)
  expect(sound).toBe(false)
  expect(media).toMatchObject({ result: 'missing', damaged: [path('weights 8')] })
  expect([...media!.missing].sort()).toEqual([path('weights 7'), path('a')].sort())
})

test('a copy that a killed process has left half is removed by the next owner of the run', async () => {
  const run = start()
  run.artifact({ a: Buffer.from('a') }, { name: 'short' })
  await run.finish()
  const half = join(run.dir, 'artifacts/files/.0123456789abcdef.4194305-01234567-0.tmp')
  writeFileSync(half, 'half')
  await recoverRun(run.dir)
  expect(filesOf(run.dir)).toEqual([createHash('sha256').update('a').digest('hex')])
})

test('a call that makes no artifact is dropped, counted and told, and the run goes on', async () => {
  const run = start()
  run.artifact('/does/not/exist', { name: 'gone' })
  run.artifact(Buffer.from('a'), { name: 'a/b' })
  run.artifact(Buffer.from('a'), undefined as never)
  run.artifact(null as never, { name: 'nothing' })
  run.saveFile('/does/not/exist')
  run.log({ loss: 1 }, 0)
  expect(await run.finish()).toMatchObject({ journaled: 1, dropped: { total: 5 } })
})

test('a run of artifacts arrives at W&B, and again from its journal as the same versions', async () => {
  const server = await startWandbServer()
  onTestFinished(() => server.close())
  const wandb = { type: 'wandb', baseUrl: server.url, apiKey: TEST_KEY, project: 'artifacts' } as const
  const run = start([wandb])
  const source = checkpoint(20)
  run.log({ loss: 1 }, 0)
  run.artifact(source, { name: 'model', type: 'model', aliases: ['start'] })
  run.log({ loss: 2 }, 1)
  // Content is read moments after the call.
  await run.flush()
  writeFileSync(join(source, 'layer-0.bin'), 'better')
  run.artifact(source, { name: 'model', type: 'model', aliases: ['end'] })
  expect(await run.finish()).toMatchObject({ reached: true, dropped: { total: 0 } })
  expect(server.errors).toEqual([])
  const { artifacts } = server.backend
  expect(artifacts.all.map(({ state, files }) => [state, files.size])).toEqual([
    ['COMMITTED', 20],
    ['COMMITTED', 20],
  ])
  rmSync(join(run.dir, 'cursors'), { recursive: true })
  const file = join(run.dir, 'run.json')
  writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(file, 'utf8')), delivered: false }))
  for (const stored of server.backend.runs) stored.reopen()
  await recoverRun(run.dir, { sinks: [] })
  expect(artifacts.all).toHaveLength(2)
  expect(server.errors).toEqual([])
})
