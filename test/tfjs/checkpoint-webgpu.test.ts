import { join } from 'node:path'
import { expect, test } from 'vitest'
import { temporaryDirectory } from '../support/directory.js'
import { startProgram } from '../support/program.js'
import { gpuEnvironment, HAS_WEBGPU } from './support/gpu.js'

const PROGRAM = join(import.meta.dirname, 'support', 'checkpoint-webgpu.mjs')

/** Bytes of tensors in hex, one text each. */
type Bytes = readonly string[]

interface Told {
  readonly backend: string
  readonly readNow: string
  readonly wanted: Bytes
  readonly trained: Bytes
  readonly found: Bytes
  readonly others: Bytes
  readonly restored: Bytes
  readonly clonesLeft: number
}

test.skipIf(!HAS_WEBGPU)(
  'on WebGPU, the state of the call is saved though the training goes on, and restored bit for bit',
  { timeout: 180_000 },
  async () => {
    const program = startProgram(PROGRAM, { dir: temporaryDirectory(), env: gpuEnvironment() })
    expect(await program.ended, program.stderr).toEqual({ code: 0, signal: null })
    const told = JSON.parse(program.stdout.trim().split('\n').at(-1)!) as Told
    expect(told.backend).toBe('webgpu')
    expect(told.wanted).toHaveLength(22)
    expect(told.trained).not.toEqual(told.wanted)
    expect(told.found).toEqual(told.wanted)
    expect(told.restored).toEqual(told.wanted)
    expect(told.others).toEqual(['010001', 'f9ffffffffffff7f'])
    expect(told.clonesLeft).toBe(0)
    expect(told.readNow).toMatch(/^"in\/kernel" could not be read back from its device: /)
  },
)
