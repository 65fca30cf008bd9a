/** W&B's own `wandb sync` uploads all that an offline run of ours has told: media, updates, files, artifacts. */

import { rmSync } from 'node:fs'
import { expect, onTestFinished, test } from 'vitest'
import { offstep } from '../support/command-line.js'
import { everything, NOTES, PICTURE, WEIGHTS } from '../support/wandb-everything.js'
import type { Line } from '../support/wandb-server/extended-json.js'
import { startWandbServer, TEST_KEY, type WandbServer } from '../support/wandb-server/server.js'
import { runDirectory } from '../unit/support/sink-run.js'
import { WandbClient } from './wandb-support/client.js'
import { killedRun } from './wandb-support/killed-run.js'
import { logDirectories, OfflineLog, RUN_ID } from './wandb-support/offline-log.js'

async function started() {
  const server = await startWandbServer()
  const client = new WandbClient(server)
  onTestFinished(async () => {
    await server.close()
    rmSync(client.home, { recursive: true, force: true })
  })
  return { server, client }
}

test.for([1, 100])('every kind arrives, whole (batches of %i rows)', async (batchRows) => {
  const { server, client } = await started()
  const log = new OfflineLog(runDirectory())
  await log.whole(everything(log.runDir), batchRows)
  await client.sync(log.directory)
  expect(server.errors).toEqual([])
  expectLines(server)
  expectUpdates(server)
  expectFiles(server)
})

test('a run with pictures that was killed arrives with every line, and with the file of each picture', async () => {
  const { server, client } = await started()
  const { runDir, delivered } = await killedRun(runDirectory(), 300, 'offline-media-run.mjs')
  await client.sync(logDirectories(runDir)[0]!)
  expect(server.errors).toEqual([])
  const { history } = server.run('killed')
  // Each tenth step has three records.
  expect(history.length).toBeGreaterThanOrEqual(Math.floor(delivered / 1.3))
  expect(history).toMatchObject(history.map((_, row) => ({ _step: row, value: row })))
  expectPictures(server)
})

test('a run that `wandb sync` has uploaded has each line once after `offstep sync` too', async () => {
  const { server, client } = await started()
  const dir = runDirectory()
  const { runDir } = await killedRun(dir, 300, 'offline-media-run.mjs')
  expect(await offstep(['sync', runDir, '--no-upload'], { dir })).toMatchObject({ code: 0 })
  await client.sync(logDirectories(runDir)[0]!)
  const run = server.run('killed')
  const [theirs, config] = [run.history, run.config]
  run.reopen()
  const env = { WANDB_BASE_URL: server.url, WANDB_API_KEY: TEST_KEY, NO_PROXY: '127.0.0.1' }
  expect(await offstep(['sync', runDir], { dir, env })).toMatchObject({ code: 0 })
  expect(run.history).toEqual(theirs)
  expect(run.config).toMatchObject({ newest: config!.newest as object })
  // The client writes numbers and the order of names in its own way: the lines say the same.
  expect(server.errors.filter((text) => !/line \d+ was .* and is now /.test(text))).toEqual([])
  expectPictures(server)
})

function expectPictures(server: WandbServer): void {
  const { files, history } = server.run('killed')
  const pictures = history.flatMap(({ picture }): Line[] =>
    picture === undefined ? [] : [picture as unknown as Line],
  )
  expect(pictures.length).toBeGreaterThan(10)
  for (const { path, size } of pictures) expect(files.get(String(path))).toHaveLength(Number(size))
}

/** History, events and console. The client takes the time of the upload for that of a console line. */
function expectLines(server: WandbServer): void {
  const { history, events, console } = server.run(RUN_ID)
  expect(history.map(({ _step }) => _step)).toEqual([0, 1, 2, 3, 4])
  expect(history[1]).toMatchObject({
    loss: 0.5,
    weights: { _type: 'histogram', values: [3, 4], bins: [0, 1, 2] },
    'samples/one': { _type: 'image-file', format: 'png', size: PICTURE.length },
  })
  expect(history[2]).toMatchObject({
    said: 'hello *you*',
    table: { _type: 'table-file', nrows: 2, ncols: 2 },
  })
  expect(events).toMatchObject([
    { _runtime: 2.013, 'system.cpu': 12.5, 'system.proc.memory.rssMB': 80 },
    { _runtime: 3.015, 'system.cpu': 50, 'system.gpu.0.gpu': 99 },
  ])
  const texts = console.map((line) => line!.replace(/\d{4}-\d\d-\d\dT[\d:.]+ /, ''))
  expect(texts).toEqual(['first line', '', 'grüße 100 %', 'ERROR a warning'])
}

function expectUpdates(server: WandbServer): void {
  const { config, summary, alerts } = server.run(RUN_ID)
  expect(config).toMatchObject({ lr: { value: 0.3 }, layers: { value: [1, { units: 8 }] } })
  const { m } = (config as { _wandb: { value: { m: { 1: string }[] } } })._wandb.value
  const metric = (name: string) => m.find((entry) => entry[1] === name)
  expect(metric('acc')).toMatchObject({ 6: [2, 3], 7: [2], 8: 2 })
  // Of `val/*`, for which the list has no form.
  expect(metric('val/loss')).toMatchObject({ 5: m.indexOf(metric('epoch')!) + 1, 6: [1, 3] })
  expect(summary).toMatchObject({ _step: 4, loss: 0.2, acc: { max: 0.9 }, note: 'done' })
  expect(summary).not.toHaveProperty('said')
  expect(alerts).toMatchObject([
    { title: 'Loss is NaN', text: 'at 3', severity: 'WARN', waitDuration: 60_000 },
  ])
}

function expectFiles(server: WandbServer): void {
  const { files, history } = server.run(RUN_ID)
  const { path } = history[1]!['samples/one'] as unknown as { path: string }
  expect(files.get(path)).toEqual(PICTURE)
  const table = history[2]!.table as unknown as { path: string }
  expect(JSON.parse(files.get(table.path)!.toString())).toEqual({
    columns: ['a', 'b'],
    data: [
      [1, 'x'],
      [null, true],
    ],
  })
  expect(files.get('docs/notes.txt')).toEqual(NOTES)
  const { artifacts } = server.backend
  expect(artifacts.committed).toMatchObject([
    { collection: 'model', type: 'model', description: 'the best', metadata: { epoch: 3 } },
  ])
  const [artifact] = artifacts.committed
  expect([...artifact!.aliases].sort()).toEqual(['best', 'latest'])
  const contents = Object.entries(artifact!.manifest!.contents).map(([name, { digest }]) => [
    name,
    artifacts.contents.get(digest)!.bytes,
  ])
  expect(Object.fromEntries(contents)).toEqual(WEIGHTS)
}
