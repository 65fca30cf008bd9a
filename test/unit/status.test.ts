import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { isAbsolute, join } from 'node:path'
import { Worker } from 'node:worker_threads'
import * as tf from '@tensorflow/tfjs-core'
import '@tensorflow/tfjs-backend-cpu'
import { describe, expect, onTestFinished, test } from 'vitest'
import {
  ConnectError,
  connect,
  type FlushResult,
  init,
  OptionsError,
  type Run,
  type RunOptions,
  type RunStatusReport,
} from '../../dist/src/index.js'
import type { LiveRun } from '../../dist/src/run/live-run.js'
import { recoverRun } from '../../dist/src/runs.js'
import { CAN_MOUNT, smallDisk, temporaryDirectory } from '../support/directory.js'
import { countPerProducer, expectDelivered, journalRows, jsonlRows, runFile } from '../support/run-files.js'
import { settlesWithin, until } from '../support/until.js'

const KIB = 1024

function startRun(options: RunOptions = {}): LiveRun {
  const run = init({ dir: temporaryDirectory(), git: false, handleSignals: false, ...options }) as LiveRun
  // A test that fails must not leave a thread behind.
  onTestFinished(async () => {
    await run.finish({ timeoutMs: 0 })
  })
  return run
}

function logRows(run: Pick<Run, 'log'>, count: number, from = 0): void {
  for (let step = from; step < from + count; step++) run.log({ value: step }, step)
}

function expectIdentities(status: RunStatusReport): void {
  const { accepted, journaled, synced, inRing, dropped, sinks } = status
  const { total, ...causes } = dropped
  expect(Object.values(causes).reduce((sum, count) => sum + count, 0)).toBe(total)
  expect(journaled + inRing + total).toBe(accepted)
  for (const count of [synced, journaled, inRing]) expect(count).toBeGreaterThanOrEqual(0)
  expect(synced).toBeLessThanOrEqual(journaled)
  for (const { delivered, pending, deadLettered, notApplicable } of Object.values(sinks)) {
    expect(delivered + pending + deadLettered + notApplicable).toBe(journaled)
    expect(pending).toBeGreaterThanOrEqual(0)
  }
}

describe('the counts of status()', { timeout: 30_000 }, () => {
  test('add up at any moment, and never go back', async () => {
    const run = startRun()
    let logged = 0
    let before = run.status()
    while (logged < 60_000) {
      for (let n = 0; n < 300; n++) run.log({ value: logged, half: logged / 2 }, logged++)
      const status = run.status()
      expectIdentities(status)
      expect(status.accepted).toBe(logged)
      expect(status.journaled).toBeGreaterThanOrEqual(before.journaled)
      expect(status.synced).toBeGreaterThanOrEqual(before.synced)
      for (const [name, { delivered }] of Object.entries(status.sinks)) {
        expect(delivered).toBeGreaterThanOrEqual(before.sinks[name]!.delivered)
      }
      before = status
      await new Promise(setImmediate)
    }
    const result = await run.finish()
    expectIdentities(result)
    expect(result).toMatchObject({
      accepted: logged,
      journaled: logged,
      synced: logged,
      inRing: 0,
      reached: true,
    })
    expect(result.dropped).toEqual({ total: 0 })
  })

  test('tell what was dropped, by cause, and what was refused or skipped', async () => {
    const run = startRun({ ring: { capacityBytes: 64 * KIB } })
    await run.flush()
    run.log({ value: 1 }, Number.NaN)
    run.log({ value: 1 }, '7' as unknown as number)
    run.log({})
    run.log({ value: null, other: undefined }, 1)
    run.log({ value: 'text' as unknown as number, good: 1 }, 2)
    run.log({ '': 1, good: 2 }, 3)
    run.log(Object.fromEntries(Array.from({ length: 6000 }, (_, key) => [`key-${key % 100}-${key}`, key])), 4)
    run.log({
      get value(): number {
        throw new Error('a getter')
      },
    })
    const result = await run.finish()
    expectIdentities(result)
    expect(result).toMatchObject({ accepted: 8, journaled: 2, values: { skipped: 2, refused: 2 } })
    const { 'invalid-step': step, 'no-values': none, total } = result.dropped
    expect({ step, none, total }).toEqual({ step: 2, none: 3, total: 6 })
    expectDelivered(run.dir)
  })

  test('hold while the ring is full and the drain stalls: what fits is kept, the rest is counted', async () => {
    const dir = join(temporaryDirectory(), 'later')
    writeFileSync(dir, 'a file where the directory of runs should be')
    const run = startRun({ dir, ring: { capacityBytes: 64 * KIB } })
    for (let burst = 0; burst < 50; burst++) {
      logRows(run, 100, burst * 100)
      expectIdentities(run.status())
      await new Promise(setImmediate)
    }
    const { accepted, inRing, dropped, journaled } = run.status()
    expect({ accepted, journaled, total: dropped.total }).toEqual({
      accepted: 5000,
      journaled: 0,
      total: dropped['ring-full'],
    })
    expect(inRing).toBeGreaterThan(1000)
    rmSync(dir)
    await until(
      'the directory is made and the records are in the journal',
      () => run.status().journaled === inRing,
    )
    logRows(run, 10, 5000)
    const result = await run.finish()
    expectIdentities(result)
    expect(result).toMatchObject({ accepted: 5010, journaled: inRing + 10, reached: true })
    expect(expectDelivered(run.dir).length).toBe(inRing + 10)
  })

  test.runIf(CAN_MOUNT)(
    'hold while the disk is full, and every record is delivered once there is room',
    async () => {
      const disk = smallDisk('1500k')
      const run = startRun({ dir: disk.path, ring: { capacityBytes: 256 * KIB } })
      let logged = 0
      const log = () => {
        logRows(run, 100, logged)
        logged += 100
      }
      let stuck = -1
      let stuckSince = 0
      await until('the ring is full because the journal takes nothing', () => {
        log()
        expectIdentities(run.status())
        expect(run.status().accepted).toBe(logged)
        const { journaled, dropped, inRing } = run.status()
        if (journaled !== stuck) stuckSince = performance.now()
        stuck = journaled
        // A drain that a busy machine slows down fills the ring too, but it moves.
        return dropped['ring-full'] !== undefined && inRing > 3000 && performance.now() - stuckSince > 1000
      })
      disk.remount('size=64m')
      await until('the drain writes again', () => run.status().journaled > stuck && run.status().inRing === 0)
      log()
      const result = await run.finish()
      expectIdentities(result)
      expect(result).toMatchObject({ accepted: logged, inRing: 0, reached: true })
      expect(expectDelivered(run.dir).length).toBe(result.journaled)
      expect(readFileSync(join(run.dir, 'daemon.log'), 'utf8')).toContain('ENOSPC')
    },
  )
})

describe('flush()', { timeout: 30_000 }, () => {
  test.for(['journaled', 'synced', 'delivered'] as const)(
    '%s: what was logged before is as safe as asked',
    async (level) => {
      const run = startRun()
      for (let from = 0; from < 3000; from += 1000) {
        logRows(run, 1000, from)
        const result = await run.flush({ level })
        expectIdentities(result)
        expect(result.reached).toBe(true)
        const counts =
          level === 'delivered' ? Object.values(result.sinks).map((sink) => sink.delivered) : [result[level]]
        for (const count of counts) expect(count).toBeGreaterThanOrEqual(from + 1000)
        expect(journalRows(run.dir).length).toBeGreaterThanOrEqual(from + 1000)
        if (level === 'delivered') expect(jsonlRows(run.dir).length).toBeGreaterThanOrEqual(from + 1000)
      }
    },
  )

  test('of an empty run is reached at once', async () => {
    const run = startRun()
    for (const level of ['journaled', 'synced', 'delivered'] as const) {
      expect(await run.flush({ level })).toMatchObject({ reached: true, accepted: 0 })
    }
  })

  test.for(['journaled', 'synced', 'delivered'] as const)(
    '%s: ends at its time-out where nothing moves',
    async (level) => {
      const dir = join(temporaryDirectory(), 'file')
      writeFileSync(dir, '')
      const run = startRun({ dir })
      logRows(run, 10)
      const result = await run.flush({ level, timeoutMs: 200 })
      expectIdentities(result)
      expect(result).toMatchObject({ reached: false, accepted: 10, journaled: 0, inRing: 10 })
      expect(result.elapsedMs).toBeGreaterThanOrEqual(200)
      expect(result.elapsedMs).toBeLessThan(700)
      expect((await run.finish({ timeoutMs: 100 })).reached).toBe(false)
    },
  )

  test('of a finished run answers at once', async () => {
    const run = startRun()
    logRows(run, 10)
    await run.finish()
    for (const level of ['journaled', 'synced', 'delivered'] as const) {
      expect(await run.flush({ level, timeoutMs: 1000 })).toMatchObject({ reached: true, journaled: 10 })
    }
  })
})

describe('finish()', { timeout: 30_000 }, () => {
  test('twice gives the same result, and what is logged after it is counted as dropped', async () => {
    const run = startRun()
    logRows(run, 10)
    const [first, second] = await Promise.all([run.finish(), run.finish({ status: 'failed' })])
    expect(second).toBe(first)
    logRows(run, 5)
    run.scalar('value').log(1, 1)
    expectIdentities(run.status())
    expect(run.status()).toMatchObject({ accepted: 16, journaled: 10, dropped: { total: 6, closed: 6 } })
    expect(runFile(run.dir)).toMatchObject({
      status: 'completed',
      records: { accepted: 10, journaled: 10, dropped: 0 },
    })
    expect(expectDelivered(run.dir).length).toBe(10)
  })

  test.for([0, -1, 1, Number.POSITIVE_INFINITY, 2 ** 31, 1e12])(
    'with a time-out of %d ms journals what is in the ring',
    async (timeoutMs) => {
      const run = startRun()
      await run.flush()
      logRows(run, 20_000)
      const result = await run.finish({ timeoutMs })
      expectIdentities(result)
      expect(result).toMatchObject({ accepted: 20_000, journaled: 20_000, inRing: 0 })
      expect(journalRows(run.dir).length).toBe(20_000)
      if (timeoutMs > 1) expect(result.reached).toBe(true)
      await recoverRun(run.dir)
      expectDelivered(run.dir)
    },
  )

  test('of a run whose thread cannot be started saves what is in memory, keeps its deadline, and starts no storm of threads', async () => {
    const warnings: string[] = []
    const onWarning = (warning: Error): void => void warnings.push(warning.message)
    process.on('warning', onWarning)
    onTestFinished(() => void process.off('warning', onWarning))
    const run = startRun({ workerUrl: join(temporaryDirectory(), 'missing.js') })
    const threads = new Set<Worker>()
    logRows(run, 10)
    const watch = setInterval(() => threads.add(run.worker), 1)
    const result = await run.finish({ timeoutMs: 1500 })
    clearInterval(watch)
    expectIdentities(result)
    expect(result).toMatchObject({ reached: false, accepted: 10, journaled: 10, inRing: 0 })
    expect(result.elapsedMs).toBeLessThan(2300)
    expect(threads.size).toBeLessThan(10)
    await until('the user is told', () => warnings.length >= 2)
    expect(warnings.filter((message) => message.includes('thread failed'))).toHaveLength(1)
    expect(warnings.filter((message) => message.includes('offstep sync '))).toHaveLength(1)
  })

  test('of a run whose log files cannot be opened by a new daemon still ends', async () => {
    const run = startRun()
    logRows(run, 10)
    await run.flush({ level: 'delivered' })
    for (const name of ['training.log', 'daemon.log']) {
      rmSync(join(run.dir, name))
      mkdirSync(join(run.dir, name))
    }
    await run.worker.terminate()
    logRows(run, 10, 10)
    expect(await run.finish({ timeoutMs: 5000 })).toMatchObject({ journaled: 20, reached: true })
    expectDelivered(run.dir)
  })
})

describe('several runs and several producers', { timeout: 30_000 }, () => {
  test('runs of one process have directories, counts and files of their own', async () => {
    const dir = temporaryDirectory()
    const runs = Array.from({ length: 4 }, () => startRun({ dir, name: 'same' }))
    for (let step = 0; step < 500; step++)
      for (const [n, run] of runs.entries()) if (step % (n + 1) === 0) run.log({ value: step }, step)
    const results = await Promise.all(runs.map((run) => run.finish()))
    expect(new Set(runs.map((run) => run.id)).size).toBe(4)
    expect(readdirSync(join(dir, 'default')).sort()).toEqual(runs.map((run) => run.id).sort())
    for (const [n, run] of runs.entries()) {
      const rows = Math.ceil(500 / (n + 1))
      expect(results[n]).toMatchObject({ accepted: rows, journaled: rows, reached: true })
      expect(expectDelivered(run.dir).length).toBe(rows)
    }
  })

  test('threads log into one journal, each with a number and a sequence of its own', async () => {
    const run = startRun()
    const rows = 3000
    const ended = ['eval', 'eval', undefined].map((name) => {
      const handle = run.producer(name === undefined ? {} : { name })
      const thread = new Worker(new URL('../fixtures/kill/producer.mjs', import.meta.url), {
        workerData: { handle, rows },
      })
      return new Promise((resolve) => thread.on('exit', resolve))
    })
    logRows(run, rows)
    while (run.status().accepted < 4 * rows) {
      expectIdentities(run.status())
      await new Promise(setImmediate)
    }
    await Promise.all(ended)
    const result = await run.finish()
    expect(result).toMatchObject({ accepted: 4 * rows, journaled: 4 * rows, reached: true })
    const found = expectDelivered(run.dir)
    expect(countPerProducer(found)).toEqual([rows, rows, rows, rows])
    for (const { producer, step, values } of found) {
      if (values.value !== producer * 1_000_000 + step) expect(values.value).toBe(producer * 1_000_000 + step)
    }
    expect(runFile(run.dir).producers).toEqual([
      { id: 0, name: 'main' },
      { id: 1, name: 'eval' },
      { id: 2, name: 'eval-2' },
      { id: 3, name: 'producer-3' },
    ])
  })

  test('a handle is connected once only, and only a handle is', () => {
    const run = startRun()
    const handle = run.producer()
    connect(handle).log({ value: 1 }, 1)
    expect(() => connect(handle)).toThrow(ConnectError)
    for (const wrong of [undefined, null, {}, 'text', { ...handle, ring: {} }]) {
      expect(() => connect(wrong as never)).toThrow(ConnectError)
    }
  })
})

describe('what init() gives', { timeout: 30_000 }, () => {
  test('wrong options: one error that names them all, and nothing begins', () => {
    const dir = temporaryDirectory()
    const wrong = { dir, project: '', sinks: ['jsnl'], unknown: 1 } as unknown as RunOptions
    expect(() => init(wrong)).toThrow(OptionsError)
    expect(() => init(wrong)).toThrow(/project[\s\S]*sinks[\s\S]*unknown/)
    expect(readdirSync(dir)).toEqual([])
  })

  test('id, dir and url of the run, from the first moment on', async () => {
    const dir = temporaryDirectory()
    const run = startRun({ dir, project: 'moby', name: 'base line' })
    expect(run.id).toMatch(/^base-line_\d{8}_\d{6}_nogit$/)
    expect(isAbsolute(run.dir)).toBe(true)
    expect(run.dir).toBe(join(dir, 'moby', run.id))
    expect(run.url).toBeNull()
    expect(existsSync(run.dir)).toBe(true)
    await run.finish()
    expect(runFile(run.dir)).toMatchObject({ id: run.id, project: 'moby', name: 'base line' })
  })

  test('a directory that cannot be made: id and dir are known, the user is told, and the deadline is kept', async () => {
    const file = join(temporaryDirectory(), 'file')
    writeFileSync(file, '')
    const run = startRun({ dir: join(file, 'below'), id: 'wanted' })
    expect(run.id).toBe('wanted')
    expect(run.dir).toBe(join(file, 'below', 'default', 'wanted'))
    logRows(run, 10)
    let result: FlushResult | undefined
    expect(
      await settlesWithin(
        1500,
        run.finish({ timeoutMs: 300 }).then((it) => (result = it)),
      ),
    ).toBe(true)
    expect(result).toMatchObject({ reached: false, accepted: 10, inRing: 10 })
  })

  test('the daemon dies before the directory could be made: its successor makes it', async () => {
    const dir = join(temporaryDirectory(), 'later')
    writeFileSync(dir, '')
    const run = startRun({ dir })
    expect(run.id).toContain('run_')
    await run.worker.terminate()
    await run.flush({ timeoutMs: 50 })
    logRows(run, 10)
    rmSync(dir)
    await until('the records are journaled', () => run.status().journaled === 10)
    expect(await run.finish()).toMatchObject({ reached: true })
    expectDelivered(run.dir)
  })

  test('offline: everything is in the files of the run', async () => {
    const run = startRun({ mode: 'offline' })
    logRows(run, 100)
    expect(await run.finish()).toMatchObject({ journaled: 100, reached: true })
    expectDelivered(run.dir)
  })

  test('disabled: every call does nothing, and no file is made', async () => {
    const dir = temporaryDirectory()
    const run = init({ dir, mode: 'disabled' })
    logRows(run, 100)
    run.scalar('value').log(1)
    const logger = connect(structuredClone(run.producer()))
    logger.log({ value: 1 })
    logger.scalar('value').log(1)
    expect(run.status()).toMatchObject({ accepted: 0, sinks: {} })
    expect(await run.flush({ level: 'delivered' })).toMatchObject({ reached: true })
    expect(await run.finish()).toMatchObject({ reached: true })
    await run[Symbol.asyncDispose]()
    expect(readdirSync(dir)).toEqual([])
  })
})

describe('tensors', { timeout: 30_000 }, () => {
  test('are read back, keep step and order, and are disposed of', async () => {
    const run = startRun()
    const before = tf.memory().numTensors
    for (let step = 0; step < 200; step++) {
      tf.tidy(() => run.log({ value: tf.scalar(step), plain: step * 2 }, step))
      if (step % 3 === 0) run.log({ other: step + 0.5 }, step)
      if (step % 50 === 0) await tf.nextFrame()
      expectIdentities(run.status())
    }
    const result = await run.finish()
    expectIdentities(result)
    expect(tf.memory().numTensors).toBe(before)
    const rows = expectDelivered(run.dir)
    expect(result).toMatchObject({ accepted: 267, journaled: 267, reached: true })
    expect(rows.filter(({ values }) => values.plain !== undefined).map(({ values }) => values)).toEqual(
      Array.from({ length: 200 }, (_, step) => ({ value: step, plain: step * 2 })),
    )
  })

  test('that wait are read by finish(), and one that fails is counted', async () => {
    const run = startRun()
    const never = {
      rank: 0,
      size: 1,
      clone: () => never,
      dispose: () => {},
      data: () => new Promise<never>(() => {}),
      dataSync: () => [42],
    }
    const broken = { ...never, clone: () => broken, data: () => Promise.reject(new Error('device lost')) }
    run.log({ value: never }, 1)
    run.log({ value: broken }, 2)
    run.log({ value: never }, 3)
    expect(run.status()).toMatchObject({ accepted: 3, inRing: 3 })
    const result = await run.finish({ timeoutMs: 1000 })
    expectIdentities(result)
    expect(result).toMatchObject({ accepted: 3, journaled: 2, dropped: { total: 1, 'read-back': 1 } })
    expect(journalRows(run.dir).map(({ step, values }) => [step, values.value])).toEqual([
      [1, 42],
      [3, 42],
    ])
  })
})
