import { join } from 'node:path'
import { expect, test } from 'vitest'
import { temporaryDirectory } from '../support/directory.js'
import { startProgram } from '../support/program.js'
import { gpuEnvironment, HAS_WEBGPU } from './support/gpu.js'
import type { Reported } from './support/regression.mjs'
import { pointsIn, tagsIn, valuesIn } from './support/tensorboard-files.js'

const SUPPORT = join(import.meta.dirname, 'support')

test.each([
  ['by itself', 0],
  ['exit', 0],
  ['throw', 1],
])('a program that ends without a flush() (%s) has written everything', async (way, code) => {
  const dir = temporaryDirectory()
  const program = startProgram(join(SUPPORT, 'tensorboard-exit.mjs'), { dir, args: [way] })
  expect((await program.ended).code).toBe(code)
  expect(tagsIn(dir)).toEqual(['a@1', 'a@2'])
})

test.skipIf(!HAS_WEBGPU)(
  'on WebGPU every value is the one that tfjs reads itself at each batch',
  async () => {
    const dir = temporaryDirectory()
    const program = startProgram(join(SUPPORT, 'tensorboard-webgpu.mjs'), { dir, env: gpuEnvironment() })
    const { code } = await program.ended
    if (code !== 0) throw new Error(`the training ended with ${code}: ${program.stderr}`)
    const told = JSON.parse(program.stdout.trim().split('\n').at(-1)!) as {
      backend: string
      expected: Reported
      warnings: Record<string, number>
    }
    const { batches, epochs } = told.expected
    expect(told.backend).toBe('webgpu')
    expect(batches).toHaveLength(18)
    const [train, val] = [join(dir, 'train'), join(dir, 'val')]
    for (const metric of ['loss', 'mae']) {
      expect(valuesIn(train, `batch_${metric}`)).toEqual(batches.map((logs) => logs[metric]))
      expect(valuesIn(train, `epoch_${metric}`)).toEqual(epochs.map((logs) => logs[metric]))
      expect(valuesIn(val, `epoch_${metric}`)).toEqual(epochs.map((logs) => logs[`val_${metric}`]))
    }
    expect(pointsIn(train).filter(({ histogram }) => histogram !== undefined)).toHaveLength(8)
    expect(valuesIn(train, 'own')).toEqual([0.5])
    expect(told.warnings).toEqual({})
  },
)
