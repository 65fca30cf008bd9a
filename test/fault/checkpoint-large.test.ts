/** Files that are written and hashed at the same time. */
import fs, { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { openCheckpoints } from '../../src/checkpoint/read/checkpoints.js'
import { writeCheckpoint } from '../../src/checkpoint/write/write-checkpoint.js'
import { KEEP_ALL, requestOf, tensor } from '../support/checkpoint-maker.js'
import { temporaryDirectory } from '../support/directory.js'
import { errno } from '../support/faulty-calls.js'
import { patchFs } from '../support/patch-fs.js'
import { seededRandom } from '../support/random.js'

const random = seededRandom(1)
/** 24 MB in large and in very many small tensors: some calls take a part of one, others more than a thousand. */
const TENSORS = [12e6, 9e6 + 3, ...Array.from({ length: 3000 }, () => 1000)].map((bytes, i) =>
  tensor(`t${i}`, 'U8', [bytes], new Uint8Array(bytes).fill(random() * 256)),
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

type Done = (error: Error | null, bytes?: number) => void
type WriteV = (fd: number, buffers: Uint8Array[], position: number, done: Done) => void
const realWriteV = fs.writev as unknown as WriteV

function withWriteV(writev: WriteV): void {
  onTestFinished(patchFs({ writev }))
}

test('large tensors and thousands of small ones are saved as they are', async () => {
  const runDir = temporaryDirectory()
  await save(runDir)
  await expectSaved(runDir)
})

test('writes that take only a part of their bytes are gone on with', async () => {
  withWriteV((fd, buffers, position, done) => {
    const some = buffers.slice(0, Math.ceil(buffers.length / 3))
    const last = some.pop()!
    some.push(last.subarray(0, Math.ceil(last.length / 2)))
    realWriteV(fd, some, position, done)
  })
  const runDir = temporaryDirectory()
  await save(runDir)
  await expectSaved(runDir)
})

test.each<['writev' | 'fsync', number]>([
  ['writev', 0],
  ['writev', 3],
  ['fsync', 0],
])('a full disk at %s, call %i, refuses the save, which leaves nothing', async (name, at) => {
  const runDir = temporaryDirectory()
  await save(runDir)
  let calls = 0
  const real = fs[name] as unknown as (...args: unknown[]) => void
  const undo = patchFs({
    [name]: (...args: unknown[]) => {
      if (calls++ === at) (args.at(-1) as Done)(errno('ENOSPC', name))
      else real(...args)
    },
  })
  await expect(save(runDir, 2).finally(undo)).rejects.toMatchObject({
    code: 'OFFSTEP_CHECKPOINT',
    retryable: true,
    message: expect.stringMatching(/step 2 cannot be saved.*ENOSPC.*free some space/),
  })
  expect(calls).toBe(at + 1)
  expect(readdirSync(join(runDir, 'checkpoints')).sort()).toEqual(['index.json', 'latest', 'step_1'])
  await save(runDir, 2)
  await expectSaved(runDir, 2)
})
