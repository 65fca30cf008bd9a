/** Resuming a run that is not as a process that ended well leaves it. */
import { existsSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { describe, expect, test } from 'vitest'
import { init, type ResumeOptions, type Run, type RunOptions, resume } from '../../dist/src/index.js'
import type { LiveRun } from '../../dist/src/run/live-run.js'
import { RunLock } from '../../dist/src/store/run-lock.js'
import { verifyRun } from '../../dist/src/verify/verify-run.js'
import { temporaryDirectory } from '../support/directory.js'
import { countFromEnv } from '../support/random.js'
import { csvRows, jsonlRows, readJson } from '../support/run-files.js'

const METRICS = countFromEnv('OFFSTEP_TEST_METRICS', 2000)
const QUIET = { project: 'p', name: 'n', git: false, plots: false, recover: false } as const

/** Steps 1 to `steps`; checkpoints of the steps in `saved`. */
async function firstRun(dir: string, steps: number, saved: readonly number[] = [], options: RunOptions = {}) {
  const run = init({ ...QUIET, dir, checkpoints: { keepLast: 99 }, ...options })
  for (let step = 1; step <= steps; step++) {
    run.log({ loss: 1 / step }, step)
    if (saved.includes(step)) await run.checkpoints.save(step, { tensors: { w: Float32Array.of(step) } })
  }
  await run.finish()
  return run.dir
}

const goOn = (dir: string, options: ResumeOptions = {}) => resume({ dir, ...QUIET, ...options })

const stepsIn = (runDir: string) =>
  jsonlRows(runDir).flatMap(({ step, values }) => ('loss' in values ? [step] : []))

const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i)

async function expectBalanced(run: Run): Promise<void> {
  const { accepted, journaled, inRing, dropped, sinks } = run.status()
  expect(accepted).toBe(journaled + inRing + dropped.total)
  for (const [name, { delivered, pending, deadLettered, notApplicable }] of Object.entries(sinks)) {
    expect([name, delivered + pending + deadLettered + notApplicable]).toEqual([name, journaled])
  }
}

const damage = (runDir: string, step: number, file: string): void => {
  const path = join(runDir, 'checkpoints', `step_${step}`, file)
  const bytes = readFileSync(path)
  bytes[bytes.length - 3]! ^= 1
  writeFileSync(path, bytes)
}

describe('resume() of a run whose checkpoints are damaged', () => {
  test('says so, and goes on from the one before', async () => {
    const dir = temporaryDirectory()
    const runDir = await firstRun(dir, 6, [2, 4])
    damage(runDir, 4, 'tensors.safetensors')
    const run = await goOn(dir)
    expect(run.resumed).toMatchObject({ step: 2, checkpoint: { step: 2 } })
    await run.finish()
    expect(readFileSync(join(runDir, 'daemon.log'), 'utf8')).toMatch(/step_4.*tensors\.safetensors/)
  })

  test('begins anew where none is good, whatever the options say', async () => {
    const dir = temporaryDirectory()
    const runDir = await firstRun(dir, 6, [4])
    damage(runDir, 4, 'tensors.safetensors')
    const run = await goOn(dir)
    expect(run.resumed).toMatchObject({ step: null, checkpoint: null })
    run.log({ loss: 1 }, 1)
    await run.finish()
    expect(stepsIn(runDir)).toEqual([1])
  })

  test.each(['tensors.safetensors', 'checkpoint.json'])(
    'refuses one that was asked for by its step, and changes nothing: %s',
    async (file) => {
      const dir = temporaryDirectory()
      const runDir = await firstRun(dir, 6, [2, 4, 6])
      damage(runDir, 4, file)
      await expect(goOn(dir, { from: 4 })).rejects.toMatchObject({
        code: 'OFFSTEP_RESUME',
        message: expect.stringMatching(/the checkpoint of step 4 .*step_4.*; give another one as `from`/),
      })
      const run = await goOn(dir, { from: 'end' })
      await run.finish()
      expect(stepsIn(runDir)).toEqual(range(1, 6))
    },
  )
})

describe('resume()', () => {
  test('lists what is wrong with its own options, and with those of init(), in one error', async () => {
    const wrong = { from: 'newest', ifMissing: 'make', run: 5, tags: 7 } as unknown as ResumeOptions
    const error = await goOn(temporaryDirectory(), wrong).then(
      () => new Error('none'),
      (thrown: Error) => thrown,
    )
    expect(error).toMatchObject({ code: 'OFFSTEP_OPTIONS' })
    for (const option of ['from', 'ifMissing', 'run', 'tags'])
      expect(error.message).toContain(`${option}: given`)
    for (const from of [Number.NaN, Number.NEGATIVE_INFINITY]) {
      await expect(goOn(temporaryDirectory(), { from })).rejects.toMatchObject({ code: 'OFFSTEP_OPTIONS' })
    }
  })

  test('takes no id alone: says in one line what to give', async () => {
    const of = (given: unknown) => resume(given as ResumeOptions).then(String, (error: Error) => error)
    expect(await of('baseline')).toMatchObject({
      code: 'OFFSTEP_OPTIONS',
      message: 'resume() takes an object of options: given string "baseline"; give { run: "baseline" }',
    })
    for (const given of [null, 5, ['baseline'], '']) {
      expect(await of(given)).toMatchObject({
        code: 'OFFSTEP_OPTIONS',
        message: expect.stringMatching(
          /^resume\(\) takes an object of options: given [^\n]*; give \{ run: 'id' \}$/,
        ),
      })
    }
  })

  test('sets aside the checkpoints behind, also where no row is behind', async () => {
    const dir = temporaryDirectory()
    const runDir = await firstRun(dir, 4, [2, 4])
    const first = init({ ...QUIET, dir, id: 'silent', checkpoints: { keepLast: 99 } })
    await first.checkpoints.save(2, { tensors: { w: Float32Array.of(2) } })
    await first.checkpoints.save(4, { tensors: { w: Float32Array.of(4) } })
    await first.finish()
    for (const id of ['silent', runDir]) {
      const run = await goOn(dir, { run: id, from: 2 })
      await run.finish()
      const again = await goOn(dir, { run: id })
      expect(again.resumed).toMatchObject({ step: 2 })
      await again.finish()
    }
  })

  test('waits for a recovery that another process makes', async () => {
    const dir = temporaryDirectory()
    const runDir = await firstRun(dir, 3)
    const lock = RunLock.acquire(runDir, { role: 'recovery' })
    const resumed = goOn(dir)
    setImmediate(() => lock.release())
    const run = await resumed
    run.log({ loss: 1 })
    await run.finish()
    expect(stepsIn(runDir)).toEqual([1, 2, 3, 4])
  })

  test('gives a row without a step the next one, in every thread', async () => {
    const dir = temporaryDirectory()
    const log = async (run: Run, step?: number) => {
      const worker = new Worker(new URL('../fixtures/resume/producer.mjs', import.meta.url), {
        workerData: { handle: run.producer({ name: 'loader' }), step },
      })
      await new Promise((resolve) => worker.on('exit', resolve))
    }
    const first = init({ ...QUIET, dir })
    first.log({ loss: 1 }, 7)
    await log(first, 7)
    await first.finish()
    const run = await goOn(dir)
    await log(run)
    await run.finish()
    expect(jsonlRows(run.dir).flatMap(({ producer, step }) => (producer === 1 ? [step] : []))).toEqual([7, 8])
  })

  test('refuses a directory that has a journal and no run.json', async () => {
    const dir = temporaryDirectory()
    const runDir = await firstRun(dir, 3, [], { id: 'mine' })
    rmSync(join(runDir, 'run.json'))
    await expect(goOn(dir, { id: 'mine', ifMissing: 'create' })).rejects.toMatchObject({
      code: 'OFFSTEP_RESUME',
      message: expect.stringMatching(/run\.json is not there/),
    })
  })

  test('a damaged rewinds.json: says what to do, and lets go of the run', async () => {
    const dir = temporaryDirectory()
    const runDir = await firstRun(dir, 4, [2])
    await (await goOn(dir)).finish()
    const file = join(runDir, 'journal', 'rewinds.json')
    const good = readFileSync(file, 'utf8')
    writeFileSync(file, good.replace('"step":2', '"step":3'))
    await expect(goOn(dir)).rejects.toThrow(/rewinds\.json is damaged: restore it, or remove it/)
    writeFileSync(file, good)
    const run = await goOn(dir)
    await run.finish()
    expect(stepsIn(runDir)).toEqual([1, 2])
  })

  test('leaves no temporary file of a process that was killed', async () => {
    const dir = temporaryDirectory()
    const runDir = await firstRun(dir, 4, [2])
    const names = ['journal/.rewinds.json', 'checkpoints/.index.json'].map(
      (name) => `${name}.999999999-01234567-0.tmp`,
    )
    for (const name of names) writeFileSync(join(runDir, name), 'half')
    await (await goOn(dir)).finish()
    for (const name of names) expect(existsSync(join(runDir, name))).toBe(false)
  })
})

describe('a run that goes back', () => {
  test.each([['deliver'], ['drain'], ['daemon']] as const)(
    'while its sinks begin again, and its %s thread dies: each row that counts is there once',
    async (pool) => {
      const dir = temporaryDirectory()
      const runDir = await firstRun(dir, 0)
      const many = (await goOn(dir)) as LiveRun
      const loss = many.scalar('loss')
      for (let step = 1; step <= 30_000; step++) loss.log(1 / step, step)
      await many.finish()
      const run = (await goOn(dir, { from: 20_000 })) as LiveRun
      for (let n = 1; n <= 3; n++) {
        run.log({ loss: n }, 20_000 + n)
        if (pool === 'daemon') await run.worker.terminate()
        else run.post({ type: 'kill-thread', pool })
        await run.flush()
      }
      expect(await run.finish()).toMatchObject({ reached: true })
      expect(stepsIn(runDir)).toEqual(range(1, 20_003))
      expect(csvRows(runDir)).toHaveLength(20_003)
      await expectBalanced(run)
      expect(await verifyRun(runDir)).toMatchObject({ sound: true, lost: 0 })
    },
  )

  test('has all its names again, also where most of its last segment is damaged', async () => {
    const dir = temporaryDirectory()
    const names = Array.from({ length: METRICS }, (_, i) => `m${i}`)
    const options = { sinks: ['jsonl'], ring: { capacityBytes: 32 * 1024 * 1024 } } as const
    const runDir = await firstRun(dir, 2, [], options)
    for (const value of [1, 2]) {
      const run = await goOn(dir, { ...options, from: 'end' })
      for (let at = 0; at < names.length; at += 1000)
        run.log(Object.fromEntries(names.slice(at, at + 1000).map((name) => [name, value])), 10 + value)
      await run.finish()
      await expectBalanced(run)
    }
    const journal = join(runDir, 'journal')
    const last = join(
      journal,
      readdirSync(journal)
        .filter((name) => name.endsWith('.log'))
        .at(-1)!,
    )
    const bytes = readFileSync(last)
    // Its head, which has all names and says what is before it, and more than half of its rows.
    writeFileSync(last, bytes.fill(7, 100, Math.floor(bytes.length * 0.8)))
    const run = await goOn(dir, { ...options, from: 11 })
    run.log({ m999: 7, fresh: 8 }, 12)
    await run.finish()
    const rows = jsonlRows(runDir).filter(({ step }) => step >= 11)
    const found = new Map(
      rows.flatMap(({ step, values }) =>
        Object.entries(values).map(([name, value]) => [`${name}@${step}`, value]),
      ),
    )
    for (const name of names) if (found.get(`${name}@11`) !== 1) expect(name).toBe('there')
    expect(found.size).toBe(names.length + 2 + 1)
    expect([found.get('m999@12'), found.get('fresh@12')]).toEqual([7, 8])
  })

  test('after it was left to a process of its own', async () => {
    const dir = temporaryDirectory()
    const runDir = await firstRun(dir, 5, [3])
    const first = await goOn(dir)
    first.log({ loss: 9 }, 4)
    await first.finish({ detach: true })
    const run = await goOn(dir)
    await run.finish()
    expect(stepsIn(runDir)).toEqual([1, 2, 3])
  })
})

describe('resume() after a power cut', () => {
  test('that took the end of the journal, which the sinks had already: each new row arrives', async () => {
    const dir = temporaryDirectory()
    const runDir = await firstRun(dir, 50)
    const segments = readdirSync(join(runDir, 'journal')).filter((name) => name.endsWith('.log'))
    const last = join(runDir, 'journal', segments.at(-1)!)
    truncateSync(last, Math.floor(readFileSync(last).length * 0.6))
    const run = await goOn(dir, { from: 'end' })
    const from = run.resumed!.step!
    for (let step = from + 1; step <= from + 30; step++) run.log({ loss: step }, step)
    await run.finish()
    await expectBalanced(run)
    const newRows = (rows: { values: { loss?: number } }[]) =>
      rows.flatMap(({ values: { loss = 0 } }) => (loss > 1 ? [loss] : []))
    expect(newRows(jsonlRows(runDir))).toEqual(range(from + 1, from + 30))
    expect(newRows(csvRows(runDir))).toEqual(range(from + 1, from + 30))
    expect(
      readJson<{ metrics: { loss: { last: object } } }>(runDir, 'summary.json').metrics.loss.last,
    ).toMatchObject({ step: from + 30 })
    const { lost, sinks } = await verifyRun(runDir)
    expect(lost).toBe(50)
    expect(sinks.flatMap(({ pending, wrong }) => [pending, wrong]).every((count) => count === 0)).toBe(true)
  })
})
