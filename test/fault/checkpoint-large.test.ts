/** Files that are hashed on another thread while they are written. */
import fs, { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { openCheckpoints } from '../../dist/src/checkpoint/read/checkpoints.js'
import { writeCheckpoint } from '../../dist/src/checkpoint/write/write-checkpoint.js'
import { KEEP_ALL, requestOf, tensor } from '../support/checkpoint-maker.js'
import { temporaryDirectory } from '../support/directory.js'
import { errno } from '../support/faulty-calls.js'
import { patchFs } from '../support/patch-fs.js'
import { seededRandom } from '../support/random.js'

const random = seededRandom(1)
/** 24 MB in large and in very many small tensors: some calls take a part of one, others more than a thousand. */
const TENSORS = [12e6, 9e6 + 3, ...Array.from({ length: 3000 }, () => 1000)].map((bytes, i) =>
  tensor(`t${i}`, 'U8', [bytes], new Uint8Array(new SharedArrayBuffer(bytes)).fill(random() * 256)),
)

function save(runDir: string, step = 1) {
  const content = { tensorFiles: [{ path: 'model.safetensors', tensors: TENSORS }], jsonFiles: [], files: [] }
  return writeCheckpoint({
    runDir,
    request: requestOf(step, { content }),
    retention: KEEP_ALL,
    compression: 'none',
  })
}

async function expectSaved(runDir: string, step = 1): Promise<void> {
  const checkpoints = openCheckpoints(runDir)
  const loaded = await checkpoints.load(checkpoints.at(step)!)
  const found = loaded.tensors('model.safetensors')
  expect(found.size).toBe(TENSORS.length)
  for (const { name, data } of TENSORS) {
    if (Buffer.compare(found.get(name)!.data, data) !== 0) throw new Error(`${name} is not what was saved`)
  }
}

test('large tensors and thousands of small ones are saved as they are', async () => {
  const runDir = temporaryDirectory()
  await save(runDir)
  await expectSaved(runDir)
})

test('writes that take only a part of their bytes are gone on with', async () => {
  const real = fs.writeSync as (
    fd: number,
    data: Uint8Array,
    at: number,
    length: number,
    position: number,
  ) => number
  const writeSync = (fd: number, data: Uint8Array, at: number, length: number, position: number) =>
    real(fd, data, at, Math.ceil(length / 3), position)
  onTestFinished(patchFs({ writeSync }))
  const runDir = temporaryDirectory()
  await save(runDir)
  await expectSaved(runDir)
})

test.each<['writeSync' | 'fsyncSync', number]>([
  ['writeSync', 0],
  ['writeSync', 3],
  ['fsyncSync', 0],
])('a full disk at %s, call %i, refuses the save, which leaves nothing', async (name, at) => {
  const runDir = temporaryDirectory()
  await save(runDir)
  let calls = 0
  const real = fs[name] as unknown as (...args: unknown[]) => unknown
  const undo = patchFs({
    [name]: (...args: unknown[]) => {
      if (calls++ === at) throw errno('ENOSPC', name)
      return real(...args)
    },
  })
  await expect(save(runDir, 2).finally(undo)).rejects.toMatchObject({
    code: 'OFFSTEP_CHECKPOINT',
    retryable: true,
    message: expect.stringMatching(/step 2 cannot be saved.*ENOSPC.*free some space/),
  })
  expect(readdirSync(join(runDir, 'checkpoints')).sort()).toEqual(['index.json', 'latest', 'step_1'])
  await save(runDir, 2)
  await expectSaved(runDir, 2)
})
