import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { describe, expect, test } from 'vitest'
import { init, type ResumeOptions, type Run, resume } from '../../dist/src/index.js'
import { verifyRun } from '../../dist/src/verify/verify-run.js'
import { temporaryDirectory } from '../support/directory.js'
import { csvRows, jsonlRows, readJson, runFile, tensorboardPoints } from '../support/run-files.js'

const QUIET = { project: 'p', name: 'n', git: false, plots: false, recover: false } as const

/** A run of some steps, ended as `failed`; checkpoints of the steps in `saved`. */
async function firstRun(dir: string, steps: number, saved: readonly number[] = []): Promise<Run> {
  const run = init({ ...QUIET, dir, config: { lr: 1 }, tags: ['a'], checkpoints: { keepLast: 99 } })
  for (let step = 1; step <= steps; step++) {
    run.log({ loss: 1 / step }, step)
    if (saved.includes(step)) await run.checkpoints.save(step, { tensors: { w: Float32Array.of(step) } })
  }
  await run.finish({ status: 'failed' })
  return run
}

const goOn = (dir: string, options: ResumeOptions = {}) => resume({ dir, ...QUIET, ...options })

const losses = (runDir: string) =>
  jsonlRows(runDir).flatMap(({ step, values: { loss } }) => (loss === undefined ? [] : [[step, loss]]))

async function expectBalanced(run: Run): Promise<void> {
  const { accepted, journaled, inRing, dropped, sinks } = run.status()
  expect(accepted).toBe(journaled + inRing + dropped.total)
  for (const { delivered, pending, deadLettered, notApplicable } of Object.values(sinks)) {
    expect(delivered + pending + deadLettered + notApplicable).toBe(journaled)
  }
  expect(await verifyRun(run.dir)).toMatchObject({ sound: true, run: { state: 'ended' } })
}

describe('resume()', () => {
  test('goes on with the id, the steps, the counts, the config and the sinks of the run', async () => {
    const dir = temporaryDirectory()
    const before = await firstRun(dir, 10)
    const run = await goOn(dir)
    expect(run.resumed).toMatchObject({ step: 10, checkpoint: null, attempt: 1 })
    expect([run.id, run.dir]).toEqual([before.id, before.dir])
    run.log({ loss: 0.5, more: 1 })
    await run.finish()
    expect(losses(run.dir).slice(-2)).toEqual([
      [10, 0.1],
      [11, 0.5],
    ])
    expect(csvRows(run.dir).map(({ sequence }) => sequence)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
    const { resumes, ...file } = runFile(run.dir)
    expect(file).toMatchObject({
      status: 'completed',
      config: { lr: 1 },
      tags: ['a'],
      records: { journaled: 12 },
    })
    expect(resumes).toMatchObject([{ rewoundTo: null, previous: { status: 'failed' } }])
    await expectBalanced(run)
  })

  test('takes the metrics back to the checkpoint, in every file', async () => {
    const dir = temporaryDirectory()
    await firstRun(dir, 10, [4, 6])
    const run = await goOn(dir)
    expect(run.resumed).toMatchObject({ step: 6, checkpoint: { step: 6 } })
    run.log({ loss: 7 })
    await run.finish()
    const expected = [1, 2, 3, 4, 5, 6].map((step) => [step, 1 / step])
    expect(losses(run.dir)).toEqual([...expected, [7, 7]])
    expect(csvRows(run.dir).map(({ step }) => step)).toEqual([1, 2, 3, 4, 5, 6, 7])
    expect(tensorboardPoints(run.dir)['']).toHaveLength(7)
    const { metrics } = readJson<{ metrics: { loss: { count: number; max: unknown } } }>(
      run.dir,
      'summary.json',
    )
    expect(metrics.loss).toMatchObject({ count: 7, max: { value: 7, step: 7 } })
    await expectBalanced(run)
  })

  test('may go back again and again: what was taken back stays so', async () => {
    const dir = temporaryDirectory()
    await firstRun(dir, 10, [4])
    for (const loss of [100, 200, 300]) {
      const run = await goOn(dir)
      for (let step = 5; step < 8; step++) run.log({ loss: loss + step }, step)
      await run.finish()
      expect(losses(run.dir).slice(3)).toEqual([4, 5, 6, 7].map((s) => [s, s === 4 ? 1 / 4 : loss + s]))
      await expectBalanced(run)
    }
  })

  test.each([
    ['best', { step: 2, checkpoint: { step: 2 } }],
    [4, { step: 4, checkpoint: { step: 4 } }],
    [3, { step: 3, checkpoint: null }],
    ['end', { step: 6, checkpoint: null }],
  ] as const)('goes on from %s', async (from, expected) => {
    const dir = temporaryDirectory()
    const first = init({ ...QUIET, dir, checkpoints: { keepLast: 99, metric: 'loss' } })
    for (const [step, loss] of [
      [2, 0.1],
      [4, 0.4],
      [6, 0.6],
    ] as const) {
      first.log({ loss }, step)
      await first.checkpoints.save(step, { tensors: { w: Float32Array.of(step) } }, { metrics: { loss } })
    }
    await first.finish()
    const run = await goOn(dir, { from })
    expect(run.resumed).toMatchObject(expected)
    await run.finish()
    expect(losses(run.dir).at(-1)![0]).toBeLessThanOrEqual(expected.step)
    expect((await run.checkpoints.list()).map(({ step }) => step)).toEqual(
      [2, 4, 6].filter((step) => step <= expected.step),
    )
  })

  test('begins anew where checkpoints are saved and none is there yet', async () => {
    const dir = temporaryDirectory()
    await firstRun(dir, 5)
    const run = await goOn(dir, { checkpoints: { every: 10 } })
    expect(run.resumed).toMatchObject({ step: null, checkpoint: null })
    run.log({ loss: 9 }, 1)
    await run.finish()
    expect(losses(run.dir)).toEqual([[1, 9]])
    await expectBalanced(run)
  })

  test('keeps what happened and is no metric: config, alerts, artifacts', async () => {
    const dir = temporaryDirectory()
    const first = init({ ...QUIET, dir })
    first.log({ loss: 1 }, 1)
    first.log({ loss: 2 }, 2)
    first.updateConfig({ late: true })
    first.updateSummary({ gone: 1 })
    first.alert({ title: 'hot' })
    await first.finish()
    const run = await goOn(dir, { from: 1 })
    await run.finish()
    const kinds = jsonlRows(run.dir).flatMap(({ values }) => Object.keys(values))
    expect(kinds).toEqual(['loss', 'config', 'alert', 'resume'])
    expect(runFile(run.dir).config).toMatchObject({ late: true })
    await expectBalanced(run)
  })

  test('gives a thread that logs again the producer of its name', async () => {
    const dir = temporaryDirectory()
    const log = async (run: Run, step: number) => {
      const worker = new Worker(new URL('../fixtures/resume/producer.mjs', import.meta.url), {
        workerData: { handle: run.producer({ name: 'loader' }), step },
      })
      await new Promise((resolve) => worker.on('exit', resolve))
    }
    const first = init({ ...QUIET, dir })
    first.log({ loss: 1 }, 1)
    await log(first, 1)
    await first.finish()
    const run = await goOn(dir)
    await log(run, 2)
    await run.finish()
    const rows = jsonlRows(run.dir).filter(({ producer }) => producer === 1)
    expect(rows.map(({ sequence, step, values }) => [sequence, step, values.wait])).toEqual([
      [0, 1, 1],
      [1, 2, 2],
    ])
    expect(Object.keys(tensorboardPoints(run.dir))).toEqual(['', 'loader'])
    await expectBalanced(run)
  })

  test('records parameters that are others now', async () => {
    const dir = temporaryDirectory()
    await firstRun(dir, 1)
    const run = await goOn(dir, { config: { lr: 2 } })
    await run.finish()
    expect(runFile(run.dir).config).toEqual({ lr: 2 })
  })
})

describe('resume() finds', () => {
  test('the newest run of the project and the name, one by id, by its beginning, and by its directory', async () => {
    const dir = temporaryDirectory()
    const { id, dir: runDir } = await firstRun(dir, 1)
    for (const run of [undefined, 'latest', id, id.slice(0, -2), runDir]) {
      const found = await goOn(dir, run === undefined ? {} : { run })
      expect(found.id).toBe(id)
      await found.finish()
    }
  })

  test('no run: says what to give; with ifMissing it begins one', async () => {
    const dir = temporaryDirectory()
    await expect(goOn(dir)).rejects.toThrow(
      `there is no run called "n" of project "p" below ${dir}; to begin a run where there is none, give ifMissing: 'create'`,
    )
    await expect(goOn(dir, { run: 'nope' })).rejects.toThrow(/there is no run "nope"/)
    const run = await goOn(dir, { id: 'mine', ifMissing: 'create' })
    expect([run.id, run.resumed]).toEqual(['mine', null])
    await run.finish()
  })

  test('a directory that its process had only made', async () => {
    const dir = temporaryDirectory()
    mkdirSync(join(dir, 'p', 'mine'), { recursive: true })
    const run = await goOn(dir, { id: 'mine', ifMissing: 'create' })
    run.log({ loss: 1 }, 1)
    await run.finish()
    expect([run.id, run.resumed]).toEqual(['mine', null])
    expect(losses(join(dir, 'p', 'mine'))).toEqual([[1, 1]])
  })

  test('a run whose process lives: it is left alone', async () => {
    const dir = temporaryDirectory()
    const live = init({ ...QUIET, dir })
    expect(live.id).toBeTruthy()
    await live.flush({ level: 'synced' })
    live.log({ loss: 1 }, 1)
    await live.flush({ level: 'synced' })
    await expect(goOn(dir)).rejects.toThrow(/can be resumed when its process has ended/)
    expect((await live.finish()).reached).toBe(true)
  })

  test('a run that cannot be read: says so, and changes nothing', async () => {
    const dir = temporaryDirectory()
    const { dir: runDir } = await firstRun(dir, 1)
    writeFileSync(join(runDir, 'run.json'), '{')
    await expect(goOn(dir, { run: runDir })).rejects.toThrow(/is damaged/)
    expect(readFileSync(join(runDir, 'run.json'), 'utf8')).toBe('{')
  })
})
