import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { GuardCounts } from '../../dist/src/guard/index.js'
import { temporaryDirectory } from '../support/directory.js'
import { startProgram } from '../support/program.js'
import { type FoundRow, journalRows } from '../support/run-files.js'
import { gpuEnvironment, HAS_NVIDIA, HAS_WEBGPU } from './support/gpu.js'
import type { Reported } from './support/regression.mjs'

const SUPPORT = join(import.meta.dirname, 'support')

interface Told {
  readonly dir: string
  readonly dropped: { readonly total: number }
}

interface Trained extends Told {
  readonly backend: string
  readonly adapter: Record<string, string>
  readonly expected: Reported
  /** How many times each training read the device. */
  readonly reads: { readonly plain: number; readonly tracked: number }
  readonly counts: { readonly readBacks: number; readonly problems: Record<string, number> }
}

interface Watched extends Told {
  readonly norms: readonly { readonly gradients: number; readonly weights: number }[]
  readonly problems: Record<string, number>
  readonly kernel: GuardCounts
}

/** Runs a program on the GPU, or on SwiftShader where there is none, and reads the run that it made. */
async function start<T extends Told>(name: string): Promise<{ told: T; rows: readonly FoundRow[] }> {
  const program = startProgram(join(SUPPORT, name), { dir: temporaryDirectory(), env: gpuEnvironment() })
  const { code } = await program.ended
  if (code !== 0) throw new Error(`${name} ended with ${code}: ${program.stderr}`)
  const told = JSON.parse(program.stdout.trim().split('\n').at(-1)!) as T
  return { told, rows: journalRows(told.dir) }
}

const valuesOf = (rows: readonly FoundRow[], name: string): number[] =>
  rows.flatMap(({ values }) => (values[name] === undefined ? [] : [values[name]]))

describe.skipIf(!HAS_WEBGPU)('on WebGPU', { timeout: 180_000 }, () => {
  test('every logged value is the one of a training that is read back at each batch', async () => {
    const { told, rows } = await start<Trained>('webgpu-training.mjs')
    expect(told.backend).toBe('webgpu')
    const { vendor, architecture } = told.adapter
    expect(HAS_NVIDIA ? vendor : architecture).toBe(HAS_NVIDIA ? 'nvidia' : 'swiftshader')
    const { batches, epochs } = told.expected
    expect(batches).toHaveLength(18)
    for (const name of ['loss', 'mae']) {
      expect(valuesOf(rows, `batch/${name}`)).toEqual(batches.map((logs) => logs[name]))
    }
    for (const name of ['loss', 'mae', 'val_loss', 'val_mae']) {
      expect(valuesOf(rows, `epoch/${name}`)).toEqual(epochs.map((logs) => logs[name]))
    }
    expect(told.dropped.total).toBe(0)
    expect(told.counts.problems).toEqual({})
    // 18 batches and 2 epochs, in groups of at most 8 that end with their epoch.
    expect(told.counts.readBacks).toBe(4)
    // Beside them only what tfjs reads for itself at the end: four values of each epoch.
    expect(told.reads.tracked).toBe(4 + 8)
    expect(told.reads.plain).toBeGreaterThanOrEqual(18 * 2)
  })

  test('watch() computes norms and counts NaN and infinities on the device', async () => {
    const { told, rows } = await start<Watched>('webgpu-watch.mjs')
    const [gradients, weights] = [valuesOf(rows, 'gradients/norm'), valuesOf(rows, 'weights/norm')]
    expect(gradients).toHaveLength(3)
    for (const [index, update] of [3, 7, 11].entries()) {
      expect(gradients[index]).toBeCloseTo(told.norms[update]!.gradients, 4)
      expect(weights[index]).toBeCloseTo(told.norms[update]!.weights, 4)
    }
    expect(valuesOf(rows, 'weights/hidden/kernel/nan')).toEqual([0, 0, 0, 1])
    expect(valuesOf(rows, 'weights/hidden/kernel/infinite')).toEqual([0, 0, 0, 2])
    expect(told.kernel).toEqual({ checked: 128, nan: 1, infinite: 2, firstBadStep: 16, lastBadStep: 16 })
    expect([told.problems, told.dropped.total]).toEqual([{}, 0])
  })
})
