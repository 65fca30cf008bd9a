/** W&B's own `wandb sync` uploads our offline runs whole. */
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { BLOCK_BYTES } from '../../src/journal/framing.js'
import { offstep } from '../support/command-line.js'
import { startWandbServer } from '../support/wandb-server/server.js'
import { type RowLiteral, START_TIME } from '../unit/support/batches.js'
import { COMPLETED, runDirectory } from '../unit/support/sink-run.js'
import { rowsEnding } from './wandb-support/block-ends.js'
import { WandbClient } from './wandb-support/client.js'
import { killedRun } from './wandb-support/killed-run.js'
import { expectedHistory, logDirectories, OfflineLog, RUN_ID } from './wandb-support/offline-log.js'

async function started(options: { readonly [option: string]: unknown } = {}) {
  const server = await startWandbServer()
  const client = new WandbClient(server)
  onTestFinished(async () => {
    await server.close()
    rmSync(client.home, { recursive: true, force: true })
  })
  return { server, client, log: new OfflineLog(runDirectory(), options) }
}

function rowsOf(count: number, from = 0): RowLiteral[] {
  return Array.from({ length: count }, (_, index) => {
    const row = from + index
    const scalars = Array.from({ length: 10 }, (_, name) => [`layer.${name}/loss`, Math.sin(row * 10 + name)])
    return { step: row * 3, time: START_TIME + row * 250, metrics: Object.fromEntries(scalars) }
  })
}

const ODD_ROWS: RowLiteral[] = [
  {
    step: 0,
    time: START_TIME,
    metrics: { nan: Number.NaN, up: Number.POSITIVE_INFINITY, down: Number.NEGATIVE_INFINITY },
  },
  {
    step: 1,
    time: START_TIME + 1,
    metrics: { big: 2n ** 63n - 1n, small: -(2n ** 63n), odd: 2n ** 53n + 1n },
  },
  {
    step: 2,
    time: START_TIME + 2,
    metrics: { tiny: 5e-324, huge: 1.7976931348623157e308, half: 0.1 + 0.2, e: 1e21 },
  },
  {
    step: 3,
    time: START_TIME + 3,
    metrics: { 'a.b.c': 1, 'grüße/损失': 2, 'quote"back\\slash': 3, 'line\nbreak': 4 },
  },
  { step: 2 ** 40, time: START_TIME + 4, metrics: { zero: -0 } },
]

test('every row of a run of many blocks arrives, and so does how it ended', async () => {
  const { server, client, log } = await started()
  const rows = rowsOf(1000)
  await log.whole(rows)
  await client.sync(log.directory)
  expect(server.errors).toEqual([])
  const run = server.run(RUN_ID)
  expect(run.history).toEqual(expectedHistory(rows))
  expect(run).toMatchObject({ project: 'interop', complete: true, exitCode: 0 })
  expect(run.summary).toMatchObject({ _step: 2997, ...rows.at(-1)!.metrics })
  expect(run.config).toHaveProperty('_wandb.value.t')
})

test('NaN, infinities, int64, the ends of the doubles and odd names arrive exactly', async () => {
  const { server, client, log } = await started()
  await log.whole(ODD_ROWS)
  await client.sync(log.directory)
  expect(server.errors).toEqual([])
  expect(server.run(RUN_ID).history).toEqual(expectedHistory(ODD_ROWS))
})

test('records that meet the end of a block in every way arrive', async () => {
  const { server, client, log } = await started()
  const left = Array.from({ length: 20 }, (_, bytes) => bytes)
  const rows = await rowsEnding(left)
  await log.whole(rows, 1)
  // The record of a row is committed when the next row has come.
  const met = log.lengths.slice(2).map((length) => (BLOCK_BYTES - (length % BLOCK_BYTES)) % BLOCK_BYTES)
  expect(met).toEqual(left.slice(0, -1))
  await client.sync(log.directory)
  expect(server.errors).toEqual([])
  expect(server.run(RUN_ID).history).toEqual(expectedHistory(rows))
})

test('a run that has not ended arrives with all that there is; after it went on, with the rest', async () => {
  const { server, client, log } = await started()
  const rows = rowsOf(300)
  await log.session([rows.slice(0, 100), rows.slice(100, 150)])
  await client.sync(log.directory)
  const run = server.run(RUN_ID)
  expect(run.history).toEqual(expectedHistory(rows.slice(0, 150)))
  expect(run).toMatchObject({ complete: true, exitCode: 1, summary: { _step: 447 } })

  run.reopen()
  await log.session([rows.slice(150)], COMPLETED)
  const [, next] = log.directories
  await client.sync(next!)
  expect(server.errors).toEqual([])
  expect(run.history).toEqual(expectedHistory(rows))
  expect(run).toMatchObject({ complete: true, exitCode: 0, summary: { _step: 897 } })
})

test('what names and describes a run arrives', async () => {
  const { server, client, log } = await started({
    entity: 'a-team',
    name: 'the name',
    notes: 'some notes',
    tags: ['one', 'two'],
    group: 'a group',
    jobType: 'train',
  })
  await log.whole(rowsOf(2))
  await client.sync(log.directory)
  expect(server.run(RUN_ID).entity).toBe('a-team')
  expect(server.run(RUN_ID).fields).toMatchObject({
    displayName: 'the name',
    notes: 'some notes',
    tags: ['one', 'two'],
    groupName: 'a group',
    jobType: 'train',
  })
})

test('a run that was killed arrives with every row that the log had', async () => {
  const { server, client } = await started()
  const { runDir, delivered } = await killedRun(runDirectory(), 500)
  await client.sync(logDirectories(runDir)[0]!)
  expect(server.errors).toEqual([])
  const { history, exitCode } = server.run('killed')
  expect(history.length).toBeGreaterThanOrEqual(delivered)
  expect(history).toMatchObject(history.map((_, row) => ({ _step: row, value: row })))
  expect(exitCode).toBe(1)
})

test('a run that was killed and recovered arrives with every row that it had journaled', async () => {
  const { server, client } = await started()
  const dir = runDirectory()
  const { runDir } = await killedRun(dir, 500)
  const recovered = await offstep(['sync', runDir, '--no-upload'], { dir })
  expect(recovered).toMatchObject({ code: 0 })
  const { journaled } = JSON.parse(readFileSync(join(runDir, 'run.json'), 'utf8')).records
  await client.sync(logDirectories(runDir)[0]!)
  expect(server.errors).toEqual([])
  const { history, exitCode } = server.run('killed')
  expect(history).toMatchObject(Array.from({ length: journaled }, (_, row) => ({ _step: row, value: row })))
  expect(exitCode).toBe(1)
})

test('config, tags, machine and code of a run arrive', async () => {
  const { server, client } = await started()
  const { runDir } = await killedRun(runDirectory(), 1)
  await client.sync(logDirectories(runDir)[0]!)
  const { config, fields, files } = server.run('killed')
  const { git, hardware, command } = JSON.parse(readFileSync(join(runDir, 'run.json'), 'utf8'))
  expect(config).toMatchObject({ lr: { value: 0.1 }, layers: { value: [{ units: 8 }, null] } })
  expect(fields).toMatchObject({ displayName: 'killed', tags: ['a-tag'], host: hardware.hostname })
  expect(fields.commit).toBe(git.commit)
  expect(JSON.parse(files.get('wandb-metadata.json')!.toString())).toMatchObject({
    program: command.argv[1],
    host: hardware.hostname,
    git: { commit: git.commit },
  })
})
