import fs, {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { readLink } from '../../src/checkpoint/links.js'
import { openCheckpoints } from '../../src/checkpoint/read/checkpoints.js'
import type { CheckpointRequest } from '../../src/checkpoint/request.js'
import type { CheckpointCompression } from '../../src/checkpoint/types.js'
import { type SaveOptions, writeCheckpoint } from '../../src/checkpoint/write/write-checkpoint.js'
import { KEEP_ALL, requestOf } from '../support/checkpoint-maker.js'
import { CAN_MOUNT, smallDisk, temporaryDirectory } from '../support/directory.js'
import { patchFs } from '../support/patch-fs.js'

const save = (runDir: string, request: CheckpointRequest, more: Partial<SaveOptions> = {}) =>
  writeCheckpoint({ runDir, request, retention: KEEP_ALL, compression: 'none', ...more })

const checkpointsOf = (runDir: string): string[] => readdirSync(join(runDir, 'checkpoints')).sort()

test.each<CheckpointCompression>(['none', 'gzip', 'brotli'])(
  'what was saved is loaded, compressed by %s, and its checkpoint.json says what is on the disk',
  async (compression) => {
    const runDir = temporaryDirectory()
    const request = requestOf(7, {
      epoch: 2,
      metrics: { loss: 0.5, odd: Number.NaN, up: Number.POSITIVE_INFINITY },
      configSha256: 'abc',
      gitCommit: 'def',
      attempt: 1,
    })
    const { info, removed, problems } = await save(runDir, request, { compression })
    expect({ removed, problems }).toEqual({ removed: [], problems: [] })
    const { content, isBest: _, ...about } = request
    const suffix = { none: '', gzip: '.gz', brotli: '.br' }[compression]
    expect(info).toMatchObject({
      ...about,
      isBest: false,
      compression,
      path: join(runDir, 'checkpoints/step_7'),
    })
    expect(info.files.map(({ path }) => path)).toEqual(['model.json', `model.safetensors${suffix}`])
    expect(info.bytes).toBe(info.files.reduce((sum, { bytes }) => sum + bytes, 0))
    const checkpoints = openCheckpoints(runDir)
    expect(checkpoints.at(7)).toEqual(info)
    expect(checkpoints.verify(info)).toEqual([])
    const loaded = await checkpoints.load(info)
    const [file] = content.tensorFiles
    expect([...loaded.tensors('model.safetensors').values()]).toEqual(
      file!.tensors.map((tensor) => ({ ...tensor, data: new Uint8Array(tensor.data) })),
    )
    expect(loaded.tensorMetadata('model.safetensors')).toEqual({ format: 'pt' })
    expect(loaded.json('model.json')).toEqual({ layers: 7 })
    expect(loaded.state).toEqual({ random: [7, 8] })
    expect(() => loaded.tensors('optimizer.safetensors')).toThrow(
      /no "optimizer.safetensors": give one of model/,
    )
    expect(() => loaded.file('notes.txt')).toThrow(/none of this kind/)
  },
)

test('a compressed file is what the tools of the system decompress', async () => {
  const runDir = temporaryDirectory()
  await save(runDir, requestOf(1))
  const plain = readFileSync(join(runDir, 'checkpoints/step_1/model.safetensors'))
  await save(runDir, requestOf(1), { compression: 'gzip' })
  const compressed = readFileSync(join(runDir, 'checkpoints/step_1/model.safetensors.gz'))
  expect(gunzipSync(compressed).equals(plain)).toBe(true)
  expect(existsSync(join(runDir, 'checkpoints/step_1/model.safetensors'))).toBe(false)
})

test('files and directories of the user are copied with their paths', async () => {
  const runDir = temporaryDirectory()
  const source = temporaryDirectory()
  mkdirSync(join(source, 'sub/deep'), { recursive: true })
  writeFileSync(join(source, 'vocab.txt'), 'words')
  writeFileSync(join(source, 'sub/deep/état'), 'state')
  const files = [
    { path: null, source: join(source, 'vocab.txt') },
    { path: 'data', source },
  ]
  const { info } = await save(runDir, requestOf(1, { content: { tensorFiles: [], jsonFiles: [], files } }))
  const paths = ['files/data/sub/deep/état', 'files/data/vocab.txt', 'files/vocab.txt']
  expect(info.files.map(({ path }) => path)).toEqual(paths)
  const loaded = await openCheckpoints(runDir).load(info)
  expect(readFileSync(loaded.file('data/sub/deep/état'), 'utf8')).toBe('state')
})

test.each([-1, 1.5, Number.NaN, 2 ** 53])('a step of %s is refused', async (step) => {
  await expect(save(temporaryDirectory(), requestOf(step))).rejects.toThrow(
    /step .*: give a whole number from 0 up/,
  )
})

test.each<[string, object, RegExp]>([
  ['a path outside', { jsonFiles: [{ path: '../a.json', value: 1 }] }, /".."/],
  ['our own name', { jsonFiles: [{ path: 'checkpoint.json', value: 1 }] }, /taken in every checkpoint/],
  ['our own directory', { jsonFiles: [{ path: 'files/a.json', value: 1 }] }, /taken in every checkpoint/],
  ['a name that does not tell the kind', { jsonFiles: [{ path: 'a.txt', value: 1 }] }, /no .json at its end/],
  [
    'a source that is not there',
    { files: [{ path: null, source: '/does/not/exist' }] },
    /there is no "\/does/,
  ],
  [
    'one path twice',
    { files: ['a', 'a'].map((path) => ({ path, source: import.meta.filename })) },
    /two sources have the path/,
  ],
])('%s is refused, and leaves nothing', async (_, content, message) => {
  const runDir = temporaryDirectory()
  const request = requestOf(1, { content: { tensorFiles: [], jsonFiles: [], files: [], ...content } })
  await expect(save(runDir, request)).rejects.toMatchObject({
    code: 'OFFSTEP_CHECKPOINT',
    retryable: false,
    message: expect.stringMatching(message),
  })
  expect(readdirSync(runDir)).toEqual([])
})

test('a save that would leave less than the floor is refused before anything is written', async () => {
  const runDir = temporaryDirectory()
  await expect(save(runDir, requestOf(1), { minFreeBytes: 2 ** 52 })).rejects.toMatchObject({
    retryable: true,
    message: expect.stringMatching(
      /needs \d+ bytes, \d+ are to stay free, and the disk of .* has \d+: free some/,
    ),
  })
  expect(checkpointsOf(runDir)).toEqual([])
})

test('the floor holds to the byte, with everything that is to be written', async () => {
  const runDir = temporaryDirectory()
  const source = join(temporaryDirectory(), 'notes')
  writeFileSync(source, 'words')
  const content = { ...requestOf(1).content, files: [{ path: null, source }] }
  const { info } = await save(runDir, requestOf(1, { content }))
  const bavail = info.bytes + 100
  const undo = patchFs({ statfsSync: () => ({ bsize: 1, blocks: 2 * bavail, bavail, files: 0, ffree: 0 }) })
  try {
    await expect(save(runDir, requestOf(2, { content }), { minFreeBytes: 101 })).rejects.toThrow(/stay free/)
    await save(runDir, requestOf(2, { content }), { minFreeBytes: 100 })
  } finally {
    undo()
  }
})

test.skipIf(!CAN_MOUNT)(
  'a disk that is full refuses with a sentence, and has nothing of the save',
  async () => {
    const { path } = smallDisk('1m')
    const saves = async () => {
      for (let step = 0; step < 1000; step++) await save(path, requestOf(step))
    }
    await expect(saves()).rejects.toMatchObject({
      retryable: true,
      message: expect.stringMatching(/free some space/),
    })
    expect(checkpointsOf(path).filter((name) => name.endsWith('.tmp'))).toEqual([])
    const latest = openCheckpoints(path).latest()!
    rmSync(join(path, 'checkpoints/step_0'), { recursive: true })
    await save(path, requestOf(latest.step + 1))
    expect(openCheckpoints(path).latest()?.step).toBe(latest.step + 1)
  },
)

test('saves out of order and again leave each step once, the last one of each, and the right links', async () => {
  const runDir = temporaryDirectory()
  for (const step of [30, 10, 20, 10, 30]) {
    const { problems } = await save(
      runDir,
      requestOf(step, { metadata: { saved: step }, isBest: step === 10 }),
    )
    expect(problems).toEqual([])
  }
  await save(runDir, requestOf(20, { metadata: { saved: 'again' } }))
  expect(checkpointsOf(runDir)).toEqual(['best', 'index.json', 'latest', 'step_10', 'step_20', 'step_30'])
  const checkpoints = openCheckpoints(runDir)
  expect(checkpoints.list().map(({ step, metadata }) => [step, metadata.saved])).toEqual([
    [10, 10],
    [20, 'again'],
    [30, 30],
  ])
  const directory = join(runDir, 'checkpoints')
  expect([readLink(directory, 'latest'), readLink(directory, 'best')]).toEqual(['step_30', 'step_10'])
  expect(lstatSync(join(directory, 'latest')).isSymbolicLink()).toBe(true)
  expect(existsSync(join(directory, 'latest/checkpoint.json'))).toBe(true)
})

test('many saves at once are whole, and lists and links have all of them', async () => {
  const runDir = temporaryDirectory()
  const steps = Array.from({ length: 40 }, (_, i) => (i * 7) % 20)
  await Promise.all(steps.map((step) => save(runDir, requestOf(step), { compression: 'gzip' })))
  const checkpoints = openCheckpoints(runDir)
  expect(checkpoints.list().map(({ step }) => step)).toEqual(Array.from({ length: 20 }, (_, step) => step))
  for (const entry of checkpoints.list()) expect(checkpoints.verify(entry)).toEqual([])
  expect(readLink(join(runDir, 'checkpoints'), 'latest')).toBe('step_19')
  expect(checkpointsOf(runDir).filter((name) => name.startsWith('.'))).toEqual([])
})

test('where another process saves a later step just before our link is set, the link shows that one', async () => {
  const [runDir, other] = [temporaryDirectory(), temporaryDirectory()]
  await save(runDir, requestOf(1))
  await save(other, requestOf(9))
  const directory = join(runDir, 'checkpoints')
  const real = fs.symlinkSync
  let saved = false
  const undo = patchFs({
    symlinkSync: (...args: Parameters<typeof real>) => {
      if (!saved) {
        saved = true
        renameSync(join(other, 'checkpoints/step_9'), join(directory, 'step_9'))
        renameSync(join(other, 'checkpoints/latest'), join(directory, 'latest'))
      }
      real(...args)
    },
  })
  try {
    await save(runDir, requestOf(2))
  } finally {
    undo()
  }
  expect(saved).toBe(true)
  expect(readLink(directory, 'latest')).toBe('step_9')
})
