import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import {
  ArtifactError,
  findArtifact,
  listArtifacts,
  takeArtifact,
  verifyArtifact,
} from '../../src/artifact/index.js'
import { nextVersion } from '../../src/artifact/versions.js'
import { makeMedia } from '../../src/media/make.js'
import type { MediaRequest } from '../../src/media/request.js'
import type { MediaRecord } from '../../src/record/media.js'
import type { ArtifactValue } from '../../src/record/updates.js'
import { CallJournal } from '../support/wandb-journal.js'
import { runDirectory } from './support/sink-run.js'

type Source = { readonly [path: string]: string | { readonly reference: string; readonly digest?: string } }

/** A run with these calls of `run.artifact()`, in this order: `[name, sources, about]`. */
async function runOf(...calls: readonly [name: string, sources: Source, about?: object][]): Promise<string> {
  const runDir = runDirectory()
  const journal = new CallJournal(runDir)
  for (const [step, [name, sources, about = {}]] of calls.entries()) {
    const files = Object.entries(sources).map(([path, source]) =>
      typeof source === 'string'
        ? { name: path, bytes: Buffer.from(source) }
        : { name: path, reference: source },
    )
    const request = { kind: 'artifact', name, step, time: 1e12 + step, producer: 0, input: { files, about } }
    const result = await makeMedia({ runDir, request: request as MediaRequest })
    if (!('record' in result)) throw new Error(JSON.stringify(result))
    const record = result.record as MediaRecord
    journal.append([{ kind: 'record', producer: 0, step, time: 1e12 + step, record } as never])
  }
  journal.close()
  return runDir
}

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')
const pathOf = (runDir: string, text: string) => join(runDir, 'artifacts/files', sha256(text))

test('each change of content, type or metadata is a version, and a call that says the same is none', async () => {
  const runDir = await runOf(
    ['model', { w: 'one' }, { type: 'model' }],
    ['model', { w: 'one' }, { type: 'model', description: 'said later' }],
    ['data', { w: 'one' }],
    ['model', { w: 'two' }, { type: 'model' }],
    ['model', { w: 'two' }, { type: 'weights' }],
    ['model', { w: 'two' }, { type: 'weights', metadata: { a: 1, b: { c: 2, d: 3 } } }],
    ['model', { w: 'two' }, { type: 'weights', metadata: { b: { d: 3, c: 2 }, a: 1 } }],
    ['model', { v: 'two' }, { type: 'weights', metadata: { a: 1, b: { c: 2, d: 3 } } }],
    ['model', { w: 'one' }, { type: 'model' }],
  )
  const [model, data] = listArtifacts(runDir)
  expect(model!.versions.map(({ version, type, step }) => [version, type, step])).toEqual([
    [0, 'model', 0],
    [1, 'model', 3],
    [2, 'weights', 4],
    [3, 'weights', 5],
    [4, 'weights', 7],
    [5, 'model', 8],
  ])
  expect(model!.versions[0]).toMatchObject({ description: 'said later', time: 1e12, bytes: 3 })
  // What it was before is another version, with an equal digest.
  expect(model!.versions[5]!.digest).toBe(model!.versions[0]!.digest)
  expect(data!.versions).toHaveLength(1)
})

test('aliases move to the version that was given them last, and latest is the newest', async () => {
  const runDir = await runOf(
    ['model', { w: '0' }, { aliases: ['best', 'first'] }],
    ['model', { w: '1' }, { aliases: ['best'] }],
    ['model', { w: '2' }],
    ['model', { w: '2' }, { aliases: ['constructor'] }],
    ['model', { w: '0' }, { aliases: ['__proto__'] }],
  )
  const [model] = listArtifacts(runDir)
  expect(model!.versions.map(({ aliases }) => aliases)).toEqual([
    ['first'],
    ['best'],
    ['constructor'],
    ['latest', '__proto__'],
  ])
  const numbers = ['model', 'model:latest', 'model:best', 'model:v0', 'model:constructor'].map(
    (reference) => findArtifact(runDir, reference).version,
  )
  expect(numbers).toEqual([3, 3, 1, 0, 2])
})

test('what is not there is told, with what there is', async () => {
  const runDir = await runOf(['model', { w: '0' }, { aliases: ['best'] }], ['data', { w: '0' }])
  const error = (reference: string) => {
    try {
      return findArtifact(runDir, reference)
    } catch (thrown) {
      expect(thrown).toBeInstanceOf(ArtifactError)
      return (thrown as Error).message
    }
  }
  expect(error('net')).toBe('there is no artifact "net": the run has model, data')
  expect(error('model:v1')).toMatch(/no version "v1": give v0 to v0, or one of latest, best/)
  expect(error('model:v-1')).toMatch(/no version "v-1"/)
  expect(error('model:')).toMatch(/no version ""/)
})

test('a user alias cannot be the name of a version', async () => {
  await expect(runOf(['model', { w: '0' }, { aliases: ['v3'] }])).rejects.toThrow(
    /\\"v3\\".*version's own name/,
  )
})

test('a reference makes a version where its URI or its digest is another one', async () => {
  const uri = (key: string, digest?: string) => ({
    x: { reference: `s3://bucket/${key}`, ...(digest === undefined ? {} : { digest }) },
  })
  const runDir = await runOf(
    ['data', uri('a')],
    ['data', uri('a')],
    ['data', uri('b')],
    ['data', uri('b', 'etag-1')],
    ['data', uri('b', 'etag-2')],
  )
  expect(listArtifacts(runDir)[0]!.versions).toHaveLength(4)
  expect(findArtifact(runDir, 'data:v3').entries).toEqual([
    { path: 'x', reference: 's3://bucket/b', bytes: null, sha256: null, digest: 'etag-2' },
  ])
})

test('a long list of files is read from where it is, and its loss is told', async () => {
  const many = Object.fromEntries(Array.from({ length: 300 }, (_, file) => [`layer-${file}`, `w ${file}`]))
  const runDir = await runOf(['model', many], ['model', { w: 'x' }])
  expect(findArtifact(runDir, 'model:v0').entries).toHaveLength(300)
  rmSync(join(runDir, 'media'), { recursive: true })
  expect(() => listArtifacts(runDir)).toThrow(ArtifactError)
  expect(() => listArtifacts(runDir)).toThrow(/the list of files of "model": media\/.* is gone/)
})

test.each([{ link: false }, { link: true }])(
  'files are taken out with their bytes and paths, %j',
  async (how) => {
    const runDir = await runOf([
      'data',
      { 'a.txt': 'same', 'sub/b.txt': 'same', 'sub/c.txt': 'other', far: { reference: 's3://bucket/key' } },
    ])
    const directory = join(runDirectory(), 'out')
    mkdirSync(join(directory, 'sub'), { recursive: true })
    writeFileSync(join(directory, 'sub/c.txt'), 'old')
    const version = findArtifact(runDir, 'data')
    const taken = takeArtifact(runDir, version, directory, how)
    // Again, over itself.
    expect(takeArtifact(runDir, version, directory, how)).toEqual(taken)
    expect(taken.files.map((file) => [file.slice(directory.length + 1), readFileSync(file, 'utf8')])).toEqual(
      [
        ['a.txt', 'same'],
        ['sub/b.txt', 'same'],
        ['sub/c.txt', 'other'],
      ],
    )
    expect(taken.references.map(({ reference }) => reference)).toEqual(['s3://bucket/key'])
    expect(readdirSync(directory).sort()).toEqual(['a.txt', 'sub'])
    const inode = statSync(pathOf(runDir, 'other')).ino
    expect(statSync(join(directory, 'sub/c.txt')).ino === inode).toBe(how.link)
  },
)

test.each([{ link: false }, { link: true }])(
  'a damaged or missing file is found, and not taken, %j',
  async (how) => {
    const runDir = await runOf(['data', { a: 'good', b: 'bad', c: 'gone' }])
    writeFileSync(pathOf(runDir, 'bad'), 'BAD')
    rmSync(pathOf(runDir, 'gone'))
    const version = findArtifact(runDir, 'data')
    expect(verifyArtifact(runDir, version).map(({ path, problem }) => [path, problem])).toEqual([
      ['b', expect.stringMatching(/holds other bytes than were logged/)],
      ['c', expect.stringMatching(/cannot be read: there is no/)],
    ])
    const directory = runDirectory()
    expect(() => takeArtifact(runDir, version, directory, how)).toThrow(/"b" holds other bytes/)
    expect(readdirSync(directory)).toEqual(['a'])
  },
)

test('nothing of a journal that was tampered with leaves the directory', async () => {
  const runDir = await runOf(['data', { a: 'good' }])
  const version = findArtifact(runDir, 'data')
  const entries = version.entries.map((entry) => ({ ...entry, path: '../out' }))
  const directory = runDirectory()
  expect(() => takeArtifact(runDir, { ...version, entries }, directory)).toThrow(/is damaged: the path/)
  expect(readdirSync(directory)).toEqual([])
})

test('the head of a name is plain JSON that counts on after a crash', () => {
  const value = (sha: string): ArtifactValue => ({
    type: 'file',
    metadata: {},
    aliases: ['__proto__', 'best'],
    entries: [{ path: 'a', file: { path: `artifacts/files/${sha}`, bytes: 1, sha256: sha }, md5: '' }],
  })
  const first = nextVersion(null, value('a'))
  const kept = JSON.parse(JSON.stringify(first.head))
  expect(kept).toEqual(first.head)
  expect(nextVersion(kept, value('a'))).toEqual({ head: first.head, isNew: false })
  expect(nextVersion(kept, value('b')).head).toMatchObject({
    version: 1,
    aliases: [
      ['__proto__', 1],
      ['best', 1],
    ],
  })
})
