/** What other people's programs wrote is imported value by value: TensorBoard's own writers, and W&B's own client. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { findSources } from '../../dist/src/import/find-sources.js'
import { importRun } from '../../dist/src/import/import-run.js'
import type { ImportedRunFile } from '../../dist/src/import/types.js'
import { StoredRun } from '../../dist/src/store/runs/stored-run.js'
import { readWithEventAccumulator } from './support/event-accumulator.js'
import { addPoint, countPoints, type Scalars, sorted } from './support/points.js'
import { PYTHON, python } from './support/python.js'

function directory(): string {
  const dir = mkdtempSync(join(tmpdir(), 'offstep-import-'))
  onTestFinished(() => rmSync(dir, { recursive: true }))
  return dir
}

async function imported(from: string, root: string): Promise<StoredRun[]> {
  const runs: StoredRun[] = []
  for (const source of findSources(from)) {
    const { dir, leftOut } = await importRun(source, { root })
    const run = new StoredRun(dir)
    expect((run.file as ImportedRunFile).imported.leftOut).toEqual(leftOut)
    runs.push(run)
  }
  return runs
}

/** As TensorBoard's reader groups them. Wall times are kept to the millisecond. */
function scalarsOf(runs: readonly StoredRun[], logdir: string): Scalars {
  const scalars: Scalars = new Map()
  for (const run of runs) {
    const { path } = (run.file as ImportedRunFile).imported
    for (const { step, time, values } of run.rows()) {
      for (const [tag, value] of Object.entries(values)) {
        addPoint(scalars, relative(logdir, path), tag, { wallTime: time / 1000, step, value })
      }
    }
  }
  return scalars
}

test('event files have the values that TensorBoard itself reads from them', async () => {
  const [logdir, root] = [directory(), directory()]
  python('write_events.py', logdir)
  const expected = readWithEventAccumulator(logdir).scalars
  expect(countPoints(expected)).toBe(500 * 2 + 3 + 300 * 2 + 3 * 2)
  const runs = await imported(logdir, root)
  expect(runs.map(({ status }) => status)).toEqual(['failed', 'completed', 'completed'])
  const config = { lr: 0.001, optimizer: 'adam', amp: true }
  expect(runs.map((run) => run.config)).toEqual([config, {}, {}])
  expect(sorted(scalarsOf(runs, logdir))).toEqual(sorted(expected))
})

describe("an offline run of W&B's own client", () => {
  test('has its values, its config and what else it says of itself', async () => {
    const [dir, root] = [directory(), directory()]
    const program = join(import.meta.dirname, 'wandb-support', 'offline_import_run.py')
    const interpreter = process.env.OFFSTEP_INTEROP_PYTHON ?? PYTHON
    const env = { PATH: process.env.PATH, HOME: dir, WANDB_ERROR_REPORTING: 'false' }
    const { status, stderr } = spawnSync(interpreter, [program, dir], { cwd: dir, env, encoding: 'utf8' })
    expect([status, stderr]).toEqual([0, expect.anything()])

    const [run, ...others] = await imported(dir, root)
    expect(others).toEqual([])
    const rows = [...run!.rows()].map(({ step, values }) => [step, values])
    const logged = Array.from({ length: 1000 }, (_, step) => [
      step,
      { loss: 1 / (step + 1), 'nested.x': step, 'nested.deep.y': step / 3, flag: step % 2 === 0 ? 1 : 0 },
    ])
    expect(rows).toEqual([
      ...logged,
      [1000, { nan: Number.NaN, inf: Number.NEGATIVE_INFINITY }],
      [5000, { loss: 5e-324 }],
    ])
    expect(run).toMatchObject({
      name: 'first try',
      project: 'old-project',
      status: 'completed',
      tags: ['a', 'b'],
      group: 'sweep',
      notes: 'of last year',
      config: { lr: 0.1, optimizer: { name: 'adam', betas: [0.9, 0.999] }, later: true },
    })
    expect(run!.file.jobType).toBe('train')
    const printed = [...run!.media({ kind: 'console' })].map(({ value }) => value())
    expect(printed.flatMap(({ stream, lines }) => lines.map(({ text }) => [stream, text]))).toEqual(
      expect.arrayContaining([
        ['stdout', 'half-way'],
        ['stdout', '100 %'],
        ['stderr', 'careful'],
      ]),
    )
    const [sample] = [...run!.media({ kind: 'system' })].map(({ value }) => value().values)
    expect(sample).toMatchObject({ memory_percent: expect.any(Number), cpu: expect.any(Number) })
    expect(run!.summary().values).toEqual({ best: 0.25, word: 'good', text: 'no metric' })
    const ago = Date.now() - run!.startTime
    expect(ago > 0 && ago < 120_000).toBe(true)
  })
})
