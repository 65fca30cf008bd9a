import {
  closeSync,
  cpSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readLink } from '../../src/checkpoint/links.js'
import { openCheckpoints } from '../../src/checkpoint/read/checkpoints.js'
import { type SaveOptions, writeCheckpoint } from '../../src/checkpoint/write/write-checkpoint.js'
import { KEEP_ALL, requestOf } from '../support/checkpoint-maker.js'
import { temporaryDirectory } from '../support/directory.js'
import { patchFs } from '../support/patch-fs.js'

async function saved(steps: readonly number[], more: Partial<SaveOptions> = {}): Promise<string> {
  const runDir = temporaryDirectory()
  for (const step of steps) await add(runDir, step, more)
  return runDir
}

const add = (runDir: string, step: number, more: Partial<SaveOptions> = {}) =>
  writeCheckpoint({ runDir, request: requestOf(step), retention: KEEP_ALL, compression: 'none', ...more })

const stepsIn = (runDir: string): number[] =>
  openCheckpoints(runDir)
    .list()
    .map(({ step }) => step)

function flip(file: string, bit: number): void {
  const fd = openSync(file, 'r+')
  const byte = Buffer.alloc(1)
  readSync(fd, byte, 0, 1, bit >> 3)
  byte[0]! ^= 1 << (bit & 7)
  writeSync(fd, byte, 0, 1, bit >> 3)
  closeSync(fd)
}

test.each(['none', 'gzip'] as const)(
  'every flipped bit of a checkpoint (%s) is found, and the one before it is used',
  async (compression) => {
    const runDir = await saved([1, 2], { compression })
    const directory = join(runDir, 'checkpoints/step_2')
    const checkpoints = openCheckpoints(runDir)
    expect(checkpoints.latest()?.step).toBe(2)
    for (const name of readdirSync(directory)) {
      const file = join(directory, name)
      for (let bit = 0; bit < statSync(file).size * 8; bit++) {
        flip(file, bit)
        const problems = checkpoints.verify({ path: directory })
        if (problems.length !== 1 || !problems[0]!.includes(name)) {
          throw new Error(`bit ${bit} of ${name}: ${JSON.stringify(problems)}`)
        }
        flip(file, bit)
      }
      flip(file, 40)
      const seen: string[] = []
      const reader = openCheckpoints(runDir, { onProblem: (sentence) => seen.push(sentence) })
      expect(reader.latest()?.step).toBe(1)
      expect(seen).toEqual([expect.stringContaining(name)])
      expect(reader.problems).toEqual(seen)
      await expect(reader.load({ path: directory })).rejects.toMatchObject({
        code: 'OFFSTEP_CHECKPOINT',
        message: expect.stringContaining(name),
      })
      flip(file, 40)
    }
    expect(openCheckpoints(runDir).latest()?.step).toBe(2)
  },
)

test('the best one is damaged: the next best is used', async () => {
  const rule = { metric: 'loss', mode: 'max' } as const
  const runDir = await saved([1, 2, 3], { retention: { ...KEEP_ALL, ...rule } })
  expect(openCheckpoints(runDir).best()?.step).toBe(1)
  rmSync(join(runDir, 'checkpoints/step_1/model.json'))
  const reader = openCheckpoints(runDir)
  expect(reader.best()?.step).toBe(2)
  expect(reader.problems).toEqual([expect.stringMatching(/step_1\/model.json is not there: use another/)])
})

test('the registry is made again whenever it does not agree with the directories', async () => {
  const runDir = await saved([1, 2, 3])
  const directory = join(runDir, 'checkpoints')
  const index = join(directory, 'index.json')
  const before = readFileSync(index, 'utf8')
  rmSync(index)
  expect(stepsIn(runDir)).toEqual([1, 2, 3])
  expect(readFileSync(index, 'utf8')).toBe(before)
  writeFileSync(index, before.replace('"epoch":null', '"epoch":1234'))
  expect(openCheckpoints(runDir).list()[0]?.epoch).toBe(null)
  rmSync(join(directory, 'step_2'), { recursive: true })
  expect(stepsIn(runDir)).toEqual([1, 3])
  expect(readFileSync(index, 'utf8')).not.toContain('step_2')
  cpSync(join(directory, 'step_3'), join(directory, 'step_5'), { recursive: true })
  const reader = openCheckpoints(runDir)
  expect(reader.list().map(({ step }) => step)).toEqual([1, 3])
  expect(reader.problems).toEqual([expect.stringMatching(/step_5 holds the checkpoint of step 3/)])
  // The same name, and other content.
  const other = await saved([3])
  rmSync(join(directory, 'step_3'), { recursive: true })
  writeFileSync(join(other, 'note'), '')
  await writeCheckpoint({
    runDir: other,
    request: requestOf(3, { epoch: 77 }),
    retention: KEEP_ALL,
    compression: 'none',
  })
  renameSync(join(other, 'checkpoints/step_3'), join(directory, 'step_3'))
  expect(openCheckpoints(runDir).list().at(-1)?.epoch).toBe(77)
})

test('a list of known checkpoints reads no file but the registry', async () => {
  const runDir = await saved([1, 2, 3])
  const read: string[] = []
  const { readFileSync: real } = await import('node:fs')
  const undo = patchFs({
    readFileSync: (...args: Parameters<typeof real>) => {
      read.push(String(args[0]))
      return real(...args)
    },
  })
  try {
    expect(stepsIn(runDir)).toEqual([1, 2, 3])
  } finally {
    undo()
  }
  expect(read).toEqual([join(runDir, 'checkpoints/index.json')])
})

test('links that lead nowhere, elsewhere, or are files are mended and never followed', async () => {
  const runDir = await saved([1, 2])
  const directory = join(runDir, 'checkpoints')
  const latest = join(directory, 'latest')
  for (const wrong of ['step_99', '../../etc', 'nothing']) {
    rmSync(latest)
    symlinkSync(wrong, latest)
    expect(openCheckpoints(runDir).latest()?.step).toBe(2)
    expect(readLink(directory, 'latest')).toBe('step_2')
  }
  rmSync(latest)
  writeFileSync(latest, 'step_1\n')
  expect(openCheckpoints(runDir).latest()?.step).toBe(2)
  await add(runDir, 3)
  expect(readLink(directory, 'latest')).toBe('step_3')
})

test('where links cannot be made, files with the name take their place', async () => {
  const refuse = () => {
    throw Object.assign(new Error('EPERM'), { code: 'EPERM', syscall: 'symlink' })
  }
  const undo = patchFs({ symlinkSync: refuse })
  try {
    const runDir = await saved([1])
    const { problems } = await add(runDir, 2)
    expect(problems).toEqual([])
    const directory = join(runDir, 'checkpoints')
    expect(readFileSync(join(directory, 'latest'), 'utf8')).toBe('step_2\n')
    expect(readLink(directory, 'latest')).toBe('step_2')
  } finally {
    undo()
  }
})

test('checkpoints behind a step are set aside, again and again, and stay readable', async () => {
  const runDir = await saved([1, 2, 3, 4], { retention: { ...KEEP_ALL, metric: 'loss', mode: 'min' } })
  const directory = join(runDir, 'checkpoints')
  expect(openCheckpoints(runDir).setAside(2)).toEqual([3, 4])
  expect(openCheckpoints(runDir).setAside(2)).toEqual([])
  expect([readLink(directory, 'latest'), readLink(directory, 'best')]).toEqual(['step_2', 'step_2'])
  await add(runDir, 3)
  await add(runDir, 4)
  expect(openCheckpoints(runDir).setAside(3)).toEqual([4])
  const reader = openCheckpoints(runDir)
  expect(stepsIn(runDir)).toEqual([1, 2, 3])
  const superseded = reader.list({ superseded: true })
  expect(superseded.map(({ step }) => step)).toEqual([3, 4, 4])
  for (const entry of superseded) {
    expect(reader.verify(entry)).toEqual([])
    expect((await reader.load(entry)).json('model.json')).toEqual({ layers: entry.step })
  }
  expect(reader.problems).toEqual([])
})

test('a run directory, its checkpoints and a copy of them elsewhere can be opened; a wrong path is told', async () => {
  const runDir = await saved([1, 2])
  const elsewhere = join(temporaryDirectory(), 'kept')
  cpSync(join(runDir, 'checkpoints'), elsewhere, { recursive: true, verbatimSymlinks: true })
  for (const path of [runDir, join(runDir, 'checkpoints'), elsewhere]) {
    expect(openCheckpoints(path).latest()?.step).toBe(2)
  }
  const empty = temporaryDirectory()
  expect(openCheckpoints(empty).list()).toEqual([])
  expect(openCheckpoints(empty).latest()).toBe(null)
  expect(openCheckpoints(runDir).at(9)).toBe(null)
  expect(() => openCheckpoints(join(empty, 'typo'))).toThrow(
    /typo is no directory: give the directory of a run/,
  )
})

test('what other machines left is removed once nothing in it has changed for long, and not before', async () => {
  const runDir = await saved([1, 2])
  const directory = join(runDir, 'checkpoints')
  const name = (step: number, kind: string) => `.step_${step}.4194305-3f-00000000-0000000${step}.${kind}`
  for (const step of [5, 6]) {
    mkdirSync(join(directory, name(step, 'tmp')))
    writeFileSync(join(directory, name(step, 'tmp'), 'model.safetensors'), 'half')
  }
  renameSync(join(directory, 'step_2'), join(directory, name(2, 'old')))
  mkdirSync(join(directory, name(9, 'gone')))
  const longAgo = Date.now() / 1000 - 3600
  for (const path of [name(5, 'tmp'), join(name(5, 'tmp'), 'model.safetensors')]) {
    utimesSync(join(directory, path), longAgo, longAgo)
  }
  // It counts while its place is empty, as its writer may be at it.
  expect(stepsIn(runDir)).toEqual([1, 2])
  expect(openCheckpoints(runDir).latest()?.step).toBe(2)
  await add(runDir, 3)
  const hidden = () => readdirSync(directory).filter((each) => each.startsWith('.'))
  expect(hidden()).toEqual([name(2, 'old'), name(6, 'tmp')])
  for (const path of ['', ...readdirSync(join(directory, name(2, 'old')))]) {
    utimesSync(join(directory, name(2, 'old'), path), longAgo, longAgo)
  }
  await add(runDir, 4)
  expect(hidden()).toEqual([name(6, 'tmp')])
  expect(stepsIn(runDir)).toEqual([1, 2, 3, 4])
})
