/** Processes that end over a save: what was saved is whole, and is what the next one goes on from. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { openCheckpoints } from '../../dist/src/checkpoint/index.js'
import { init } from '../../dist/src/index.js'
import type { LiveRun } from '../../dist/src/run/live-run.js'
import { verifyRun } from '../../dist/src/verify/verify-run.js'
import { temporaryDirectory } from '../support/directory.js'
import { startProgram } from '../support/program.js'
import { jsonlRows } from '../support/run-files.js'

const steps = (runDir: string): number[] =>
  jsonlRows(runDir).flatMap(({ step, values }) => ('loss' in values ? [step] : []))

/** Each checkpoint is good, and holds what its step wrote. */
async function expectSaved(runDir: string, expected: readonly number[]): Promise<void> {
  const checkpoints = openCheckpoints(runDir)
  expect(checkpoints.list().map(({ step }) => step)).toEqual(expected)
  for (const step of expected) {
    const loaded = await checkpoints.load(checkpoints.at(step)!)
    const { data } = loaded.tensors('tensors.safetensors').get('w')!
    expect(new Set(new Float32Array(data.buffer))).toEqual(new Set([step]))
  }
  expect(checkpoints.problems).toEqual([])
  expect(readdirSync(checkpoints.directory).filter((name) => name.endsWith('.tmp'))).toEqual([])
}

describe('a checkpoint is whole, and the next process goes on from it, where the first ends', () => {
  test.each([
    ['by process.exit() right after save()', 'exit', { code: 0, signal: null }],
    ['by a signal right after save()', 'SIGINT', { code: null, signal: 'SIGINT' }],
  ] as const)('%s', async (_, how, ended) => {
    const dir = temporaryDirectory()
    for (const from of ['from 0 null', 'from 1 1000000', 'from 2 1000000']) {
      const program = startProgram('resume/ends.mjs', { dir, args: [how] })
      expect(await program.ended, program.stderr).toEqual(ended)
      expect(program.stdout).toContain(from)
    }
    const runDir = join(dir, 'default', 'child')
    expect(steps(runDir)).toEqual([1, 2, 3, 4])
    await expectSaved(runDir, [1, 2, 3])
    expect(await verifyRun(runDir)).toMatchObject({ sound: true })
  })

  test('as a worker thread, one after the other in one process', async () => {
    const dir = temporaryDirectory()
    const program = startProgram('resume/ends.mjs', { dir, args: ['threads'] })
    expect(await program.ended, program.stderr).toEqual({ code: 0, signal: null })
    expect(program.stdout).toBe('from 0 null\nfrom 1 1000000\nfrom 2 1000000\n')
    const runDir = join(dir, 'default', 'child')
    expect(steps(runDir)).toEqual([1, 2, 3, 4])
    await expectSaved(runDir, [1, 2, 3])
  })
})

describe('save()', () => {
  test('leaves out what nobody can write, and does not hold up a loop that never returns for it', async () => {
    const dir = temporaryDirectory()
    const program = startProgram('resume/ends.mjs', { dir, args: ['daemon-dead'] })
    expect(await program.ended, program.stderr).toEqual({ code: 0, signal: null })
    // The one that was on its way is written by the successor, and so is what comes after the loop.
    expect(program.stdout).toBe('saved true,false,false\nsaved true\n')
    await expectSaved(join(dir, 'default', 'child'), [1, 2, 5])
  }, 40_000)

  test('is told that the deadline of finish() came first; the checkpoint before stays', async () => {
    const run = init({ dir: temporaryDirectory(), git: false, plots: false, recover: false }) as LiveRun
    await run.checkpoints.save(1, { tensors: { w: new Float32Array(10).fill(1) } })
    const late = [2, 3].map((step) =>
      run.checkpoints.save(step, { tensors: { w: new Float32Array(2e7).fill(step) } }),
    )
    await run.finish({ timeoutMs: 1 })
    for (const result of await Promise.all(late)) {
      if (!result.saved) expect(result.problem).toBe('the run ended before it was written')
    }
    expect(openCheckpoints(run.dir).latest()).not.toBeNull()
    expect(openCheckpoints(run.dir).at(1)).not.toBeNull()
  })

  test('uses the memory of the saves before: many of them are no more than a few', async () => {
    const run = init({ dir: temporaryDirectory(), git: false, plots: false, recover: false, sinks: [] })
    const w = new Float32Array(1_000_000)
    const inUse: number[] = []
    for (let step = 0; step < Number(process.env.OFFSTEP_TEST_SAVES ?? 30); step++) {
      expect(await run.checkpoints.save(step, { tensors: { w: w.fill(step) } })).toMatchObject({
        saved: true,
      })
      inUse.push(process.memoryUsage().arrayBuffers + process.memoryUsage().external)
    }
    await run.finish()
    // Two copies may be on their way.
    expect(inUse.at(-1)! - inUse[5]!).toBeLessThan(3 * w.byteLength)
    expect(readFileSync(join(run.dir, 'daemon.log'), 'utf8')).not.toMatch(/not saved/)
  })
})
