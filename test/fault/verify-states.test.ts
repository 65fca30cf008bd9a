import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { expect, test } from 'vitest'
import { commitCursor, readCursor } from '../../dist/src/delivery/cursor.js'
import { connect } from '../../dist/src/index.js'
import { JOURNAL_START } from '../../dist/src/journal/position.js'
import { recoverRun } from '../../dist/src/runs.js'
import { RunLock } from '../../dist/src/store/run-lock.js'
import { repairRun } from '../../dist/src/verify/repair-run.js'
import { verifyRun } from '../../dist/src/verify/verify-run.js'
import { temporaryDirectory } from '../support/directory.js'
import { startProgram } from '../support/program.js'
import { seededRandom } from '../support/random.js'
import { until } from '../support/until.js'
import { readEvents, readPoints } from '../unit/support/event-files.js'
import {
  countsIn,
  editLines,
  eventFilesOf,
  finishedRun,
  linesOf,
  resultsOf,
  sinkIn,
  startRun,
} from './support/damaged-run.js'

test('a live run is checked as far as its journal goes; its sinks are left out, and a repair is refused', async () => {
  const run = startRun()
  for (let step = 0; step < 1000; step++) run.log({ value: step }, step)
  await run.flush({ level: 'journaled', timeoutMs: 10_000 })
  const report = await verifyRun(run.dir!)
  expect(report).toMatchObject({
    sound: true,
    run: { state: 'live' },
    journal: { result: 'ok', records: 1000 },
  })
  expect(new Set(Object.values(resultsOf(report)))).toEqual(new Set(['unchecked']))
  expect(sinkIn(report, 'jsonl').problem).toMatch('being written')
  await expect(repairRun(run.dir!)).rejects.toMatchObject({ code: 'OFFSTEP_RUN_ALIVE' })
  await run.finish()
  expect(await verifyRun(run.dir!)).toMatchObject({ sound: true, run: { state: 'ended', owner: null } })
})

test('a journal that grows while it is read is never told as damaged', async () => {
  const run = startRun({ sinks: [] })
  await until('the run is there', () => existsSync(join(run.dir!, 'run.json')))
  const random = seededRandom(5)
  let step = 0
  for (let checks = 0; checks < 40; checks++) {
    for (let n = 0; n < 500; n++) run.log({ [`m${Math.floor(random() * 50)}`]: random() }, step++)
    await new Promise((resolve) => setTimeout(resolve, random() * 6))
    const { journal } = await verifyRun(run.dir!)
    expect(journal).toMatchObject({ result: 'ok', damage: [], missing: 0 })
  }
})

/** A run with two producers whose process was killed while it logged and delivered. */
async function killedRun(): Promise<string> {
  const dir = temporaryDirectory()
  const program = startProgram('kill/train.mjs', { dir, args: [JSON.stringify({ producers: 2 })] })
  const runDir = join(dir, 'default', 'child')
  const delivered = () =>
    existsSync(join(runDir, 'cursors')) && readCursor(runDir, 'tensorboard').counts.delivered
  await until('the run has delivered some records', () => Number(delivered()) > 2000)
  program.kill('SIGKILL')
  await program.ended
  return runDir
}

test('a run whose process was killed is told as not recovered: nothing is damaged, and recovery completes it', async () => {
  const runDir = await killedRun()
  const report = await verifyRun(runDir)
  expect(report).toMatchObject({ sound: true, run: { state: 'unrecovered', status: 'running' } })
  for (const { result } of report.sinks) expect(['ok', 'pending']).toContain(result)
  await recoverRun(runDir)
  const after = await verifyRun(runDir)
  expect(after).toMatchObject({ sound: true, run: { state: 'ended', status: 'crashed' } })
  expect(new Set(Object.values(resultsOf(after)))).toEqual(new Set(['ok']))
})

test('the repair of a run that was not recovered ends it too, and leaves the other sinks to sync', async () => {
  const runDir = await killedRun()
  editLines(join(runDir, 'metrics.jsonl'), (lines) => lines.splice(2, 1))
  const { after } = await repairRun(runDir)
  expect(after).toMatchObject({ sound: true, run: { state: 'ended', status: 'crashed' } })
  expect(sinkIn(after, 'jsonl')).toMatchObject({ result: 'ok', pending: 0 })
})

test('event files of several lives are one sequence: the first one costs its own events', async () => {
  const runDir = await killedRun()
  await recoverRun(runDir)
  const files = eventFilesOf(runDir)
  expect(files.length).toBeGreaterThan(1)
  const held = readPoints(join(runDir, 'tensorboard'))
  rmSync(files[0]!)
  const left = readEvents(join(runDir, 'tensorboard')).flat()
  const events = left.filter(({ scalars }) => scalars.length > 0).length
  const report = await verifyRun(runDir)
  const { records } = report.journal.producers.find(({ producer }) => producer === 0)!
  expect(countsIn(report, 'tensorboard')).toMatchObject({ differing: 0, missing: records - events, extra: 0 })
  expect((await repairRun(runDir)).after.sound).toBe(true)
  expect(readPoints(join(runDir, 'tensorboard'))).toEqual(held)
})

test('a run that somebody else delivers is left alone', async () => {
  const run = await finishedRun(100)
  try {
    const lock = RunLock.acquire(run.dir, { role: 'sync' })
    expect(await verifyRun(run.dir)).toMatchObject({ run: { state: 'live' } })
    await expect(repairRun(run.dir)).rejects.toMatchObject({ code: 'OFFSTEP_RUN_ALIVE' })
    lock.release()
    expect(await verifyRun(run.dir)).toMatchObject({ sound: true, run: { state: 'ended' } })
  } finally {
    run.remove()
  }
})

test('sinks that somebody begins to deliver while they are compared are left out, not told as damaged', async () => {
  const run = await finishedRun(100)
  try {
    editLines(join(run.dir, 'metrics.jsonl'), (lines) => lines.splice(1, 1))
    let lock: RunLock | undefined
    const onProgress = () => {
      lock ??= RunLock.acquire(run.dir, { role: 'sync' })
    }
    const report = await verifyRun(run.dir, { onProgress })
    expect(new Set(Object.values(resultsOf(report)))).toEqual(new Set(['unchecked']))
    expect(report.sound).toBe(true)
    lock!.release()
    expect(await verifyRun(run.dir)).toMatchObject({ sound: false, repairable: ['jsonl'] })
  } finally {
    run.remove()
  }
})

test('a cursor half-way through a batch, as a split batch leaves it, is sound', async () => {
  const run = await finishedRun(100)
  try {
    const held = linesOf(join(run.dir, 'metrics.jsonl')).slice(0, 30)
    const text = held.map((line) => `${line}\n`).join('')
    writeFileSync(join(run.dir, 'metrics.jsonl'), text)
    const cursor = readCursor(run.dir, 'jsonl')
    const place = { position: JOURNAL_START, next: { 0: 30 } }
    const counts = { delivered: 30, deadLettered: 0, notApplicable: 0 }
    const state = { length: text.length, crc: crc32(text) }
    commitCursor(run.dir, { ...cursor, place, counts, state })
    const report = await verifyRun(run.dir)
    expect(report.sound).toBe(true)
    expect(sinkIn(report, 'jsonl')).toMatchObject({ result: 'pending', pending: 70 })
    editLines(join(run.dir, 'metrics.jsonl'), (lines) => lines.reverse())
    expect((await verifyRun(run.dir)).sound).toBe(false)
  } finally {
    run.remove()
  }
})

test('only the sinks that were asked for are checked and repaired', async () => {
  const run = await finishedRun(100)
  try {
    for (const file of ['metrics.jsonl', 'metrics.csv']) rmSync(join(run.dir, file))
    const { before, after } = await repairRun(run.dir, { only: ['csv'] })
    expect(before.sinks.map(({ sink }) => sink)).toEqual(['csv'])
    expect(after.sound).toBe(true)
    expect(await verifyRun(run.dir)).toMatchObject({ sound: false, repairable: ['jsonl'] })
    expect((await verifyRun(run.dir, { sinks: false })).sinks).toEqual([])
  } finally {
    run.remove()
  }
})

test('odd values, names and steps are compared as they were written', async () => {
  const run = startRun()
  const other = connect(run.producer({ name: 'eval' }))
  const values = {
    'a,"b"': -0,
    'ä\u{1f600}': 1e-320,
    step: 5,
    big: 2n ** 62n,
    inf: -Infinity,
    nan: Number.NaN,
    yes: true,
  }
  for (const [i, step] of [0, 1.5, -3, 2, 2, 2 ** 60, 7].entries()) {
    run.log({ ...values, n: i }, step)
    other.log(values, -step)
  }
  await run.finish()
  const report = await verifyRun(run.dir!)
  expect(report).toMatchObject({ sound: true, journal: { records: 14 } })
  expect(sinkIn(report, 'tensorboard').cursor.notApplicable).toBeGreaterThan(0)
  expect(sinkIn(report, 'tensorboard').files.map(({ file }) => file)).toEqual([
    'tensorboard',
    'tensorboard/eval',
  ])
})

test('a run without records is sound, and a lost summary of it is written again', async () => {
  const run = startRun()
  await run.finish()
  expect((await verifyRun(run.dir!)).sound).toBe(true)
  rmSync(join(run.dir!, 'summary.json'))
  const { before, after } = await repairRun(run.dir!)
  expect([before.sound, after.sound]).toEqual([false, true])
  expect(JSON.parse(readFileSync(join(run.dir!, 'summary.json'), 'utf8'))).toMatchObject({ rows: 0 })
})
