import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { openCheckpoints } from '../../dist/src/checkpoint/index.js'
import { init, type RunOptions } from '../../dist/src/index.js'
import type { LiveRun } from '../../dist/src/run/live-run.js'
import { CAN_MOUNT, smallDisk, temporaryDirectory } from '../support/directory.js'
import { startProgram } from '../support/program.js'
import { jsonlRows } from '../support/run-files.js'

const start = (dir: string, options: RunOptions = {}): LiveRun =>
  init({ dir, git: false, plots: false, recover: false, sinks: ['jsonl'], ...options }) as LiveRun

const weights = (step: number, length = 1000) => Float32Array.from({ length }, (_, i) => step + i)

const bytesOf = (array: Float32Array) => Buffer.from(array.buffer)

const stepsOf = (runDir: string): number[] =>
  openCheckpoints(runDir)
    .list()
    .map(({ step }) => step)

/** What was saved at a step, as it is read back. */
async function savedAt(runDir: string, step: number): Promise<Float32Array> {
  const checkpoints = openCheckpoints(runDir)
  const loaded = await checkpoints.load(checkpoints.at(step)!)
  const { data } = loaded.tensors('tensors.safetensors').get('w')!
  return new Float32Array(data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength))
}

describe('run.checkpoints.save()', () => {
  test('saves the state at the call, while the loop never returns to its event loop', async () => {
    const run = start(temporaryDirectory(), { checkpoints: { keepLast: 99, maxInFlight: 1 } })
    const w = weights(0)
    for (let step = 1; step <= 5; step++) {
      w.fill(step)
      run.log({ step }, step)
      // Each waits for the one before: none is left out.
      void run.checkpoints.save(step, { tensors: { w } })
    }
    w.fill(99)
    await run.finish()
    expect(stepsOf(run.dir)).toEqual([1, 2, 3, 4, 5])
    for (let step = 1; step <= 5; step++) expect(await savedAt(run.dir, step)).toEqual(weights(0).fill(step))
    const records = jsonlRows(run.dir).filter(({ values }) => 'checkpoint' in values)
    expect(records.map(({ step }) => step)).toEqual([1, 2, 3, 4, 5])
  })

  test('leaves a save out where so many are on their way, and says so', async () => {
    const run = start(temporaryDirectory(), { checkpoints: { maxInFlight: 1, whenFull: 'skip' } })
    const results = await Promise.all(
      [1, 2].map((step) => run.checkpoints.save(step, { tensors: { w: weights(1) } })),
    )
    expect(results).toMatchObject([
      { saved: true, step: 1 },
      {
        saved: false,
        step: 2,
        problem: '1 checkpoints are on their way: it is left out (checkpoints.whenFull)',
      },
    ])
    await run.finish()
  })

  test.each([
    [-1, { tensors: {} }, /its step is -1: give a whole number from 0 on/],
    [1.5, { tensors: {} }, /give a whole number/],
    [1, 7 as never, /^A checkpoint cannot be made of a number: give /],
    [1, '/no/such/file', /\/no\/such\/file/],
    [1, { tensors: { w: weights(1) } }, /^the state or the metadata contain themselves: give plain values$/],
  ])('never throws: step %s', async (step, what, problem) => {
    const run = start(temporaryDirectory())
    const itself: Record<string, unknown> = {}
    itself.again = itself
    const options = problem.source.includes('themselves') ? { state: itself } : {}
    expect(await run.checkpoints.save(step, what, options)).toMatchObject({
      saved: false,
      problem: expect.stringMatching(problem),
    })
    run.log({ a: 1 }, 1)
    expect((await run.finish()).reached).toBe(true)
  })

  test('keeps the process alive until it is done', async () => {
    const dir = temporaryDirectory()
    const program = startProgram('resume/save-and-end.mjs', { dir, env: { RUNS: dir } })
    expect(await program.ended, program.stderr).toEqual({ code: 0, signal: null })
    expect(program.stdout).toContain('true 7')
  })

  test('a thread or a daemon that dies over it costs nothing', async () => {
    const run = start(temporaryDirectory(), { checkpoints: { keepLast: 99, maxInFlight: 8 } })
    const saves = [1, 2, 3].map((step) => run.checkpoints.save(step, { tensors: { w: weights(step, 1e6) } }))
    run.post({ type: 'kill-thread', pool: 'checkpoint' })
    saves.push(run.checkpoints.save(4, { tensors: { w: weights(4) } }))
    await run.worker.terminate()
    saves.push(run.checkpoints.save(5, { tensors: { w: weights(5) } }))
    expect((await Promise.all(saves)).map(({ saved }) => saved)).toEqual([true, true, true, true, true])
    await run.finish()
    expect(stepsOf(run.dir)).toEqual([1, 2, 3, 4, 5])
    // Not expect(): it takes seconds for a million values.
    expect(Buffer.compare(bytesOf(await savedAt(run.dir, 3)), bytesOf(weights(3, 1e6)))).toBe(0)
    expect(readdirSync(join(run.dir, 'checkpoints')).filter((name) => name.startsWith('.'))).toEqual([])
  })

  test.skipIf(!CAN_MOUNT)('a full disk fails the save and nothing else: the ones before stay', async () => {
    const disk = smallDisk('24m')
    const run = start(disk.path, { checkpoints: { keepLast: 99 } })
    const save = (step: number, length: number) =>
      run.checkpoints.save(step, { tensors: { w: weights(step, length) } })
    expect(await save(1, 1e6)).toMatchObject({ saved: true })
    expect(await save(2, 1e7)).toMatchObject({
      saved: false,
      problem: expect.stringMatching(/free some space/),
    })
    expect(await save(3, 1e6)).toMatchObject({ saved: true })
    run.log({ a: 1 }, 1)
    expect(await run.finish()).toMatchObject({ reached: true })
    expect(stepsOf(run.dir)).toEqual([1, 3])
    expect(readFileSync(join(run.dir, 'daemon.log'), 'utf8')).toContain(
      'The checkpoint of step 2 was not saved',
    )
  })
})

describe('run.checkpoints', () => {
  test('shouldSave: by steps and epochs, once for each', async () => {
    const run = start(temporaryDirectory(), { checkpoints: { every: { steps: 10, epochs: 2 } } })
    const { checkpoints } = run
    expect([0, 5, 10, 20].map((step) => checkpoints.shouldSave(step))).toEqual([false, false, true, true])
    expect(checkpoints.shouldSave(13, { epoch: 2 })).toBe(true)
    await checkpoints.save(13, { tensors: { w: weights(1) } }, { epoch: 2 })
    expect(checkpoints.shouldSave(13, { epoch: 2 })).toBe(false)
    expect(checkpoints.shouldSave(14, { epoch: 2 })).toBe(false)
    expect(checkpoints.shouldSave(20, { epoch: 2 })).toBe(true)
    await run.finish()
  })

  test('latest and best leave a damaged one out, and say so', async () => {
    const dir = temporaryDirectory()
    const run = start(dir, { checkpoints: { keepLast: 9, metric: 'loss' } })
    for (const [step, loss] of [
      [1, 0.5],
      [2, 0.1],
    ] as const) {
      await run.checkpoints.save(step, { tensors: { w: weights(step) } }, { metrics: { loss } })
    }
    expect(await run.checkpoints.best()).toMatchObject({ step: 2, isBest: true })
    const file = join(run.dir, 'checkpoints', 'step_2', 'tensors.safetensors')
    const { writeFileSync } = await import('node:fs')
    writeFileSync(file, readFileSync(file).fill(7, 200, 204))
    expect(await run.checkpoints.latest()).toMatchObject({ step: 1 })
    expect(await run.checkpoints.best()).toMatchObject({ step: 1 })
    expect((await run.checkpoints.list()).map(({ step }) => step)).toEqual([1, 2])
    await run.finish()
    expect(readFileSync(join(run.dir, 'daemon.log'), 'utf8')).toMatch(/step_2/)
    expect(existsSync(file)).toBe(true)
  })
})
