import { createHash } from 'node:crypto'
import fs, { appendFileSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { makeMedia } from '../../src/media/make.js'
import type { MediaRequest } from '../../src/media/request.js'
import type { MediaRecordOf } from '../../src/record/media.js'
import type { ArtifactValue } from '../../src/record/updates.js'
import { patchFs } from '../support/patch-fs.js'
import { runDirectory } from './support/sink-run.js'

type Source = { readonly name: string | null; readonly path?: string; readonly bytes?: Uint8Array }

function patched(overrides: Parameters<typeof patchFs>[0]): void {
  onTestFinished(patchFs(overrides))
}

function request(kind: 'artifact' | 'file', name: string, input: unknown): MediaRequest {
  return { kind, name, step: 0, time: 0, producer: 0, input } as MediaRequest
}

/** As the pool thread does it. */
const made = (runDir: string, files: readonly Source[], about: object = {}, name = 'data') =>
  makeMedia({ runDir, request: request('artifact', name, { files, about: { name, ...about } }) })

async function artifact(runDir: string, ...files: readonly Source[]): Promise<ArtifactValue> {
  const result = await made(runDir, files)
  if (!('record' in result)) throw new Error(JSON.stringify(result))
  return (result.record as MediaRecordOf<'artifact'>).value!
}

async function refusal(runDir: string, files: readonly Source[], about?: object, name?: string) {
  const result = await made(runDir, files, about, name)
  return 'invalid' in result ? result.invalid : JSON.stringify(result)
}

/** A directory with these files; its path. */
function tree(files: { readonly [path: string]: string }): string {
  const directory = runDirectory()
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(directory, path, '..'), { recursive: true })
    writeFileSync(join(directory, path), text)
  }
  return directory
}

const stored = (runDir: string): string[] => readdirSync(join(runDir, 'artifacts/files')).sort()
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')
const md5 = (text: string) => createHash('md5').update(text).digest('base64')
const fileOf = (text: string) => ({
  path: `artifacts/files/${sha256(text)}`,
  bytes: Buffer.byteLength(text),
  sha256: sha256(text),
})

test('a directory becomes sorted entries, and the same content is stored once', async () => {
  const runDir = runDirectory()
  const directory = tree({
    'b/z.txt': 'same',
    'a.txt': 'other',
    'b/😀.txt': 'same',
    'b/\uffee.txt': '',
    'b.txt': 'same',
  })
  mkdirSync(join(directory, 'empty'))
  const value = await artifact(runDir, { name: null, path: directory })
  // U+FFEE is before U+1F600, though its UTF-16 is behind.
  const expected = {
    'a.txt': 'other',
    'b.txt': 'same',
    'b/z.txt': 'same',
    'b/\uffee.txt': '',
    'b/😀.txt': 'same',
  }
  expect(value).toEqual({
    type: 'file',
    metadata: {},
    aliases: [],
    entries: Object.entries(expected).map(([path, text]) => ({ path, file: fileOf(text), md5: md5(text) })),
  })
  expect(stored(runDir)).toEqual(['other', 'same', ''].map(sha256).sort())
  for (const text of ['other', 'same', '']) {
    expect(readFileSync(join(runDir, fileOf(text).path), 'utf8')).toBe(text)
  }
})

test('files, directories and bytes come together under the paths that they are given', async () => {
  const runDir = runDirectory()
  const directory = tree({ 'x.txt': 'x', 'sub/y.txt': 'y' })
  const value = await artifact(
    runDir,
    { name: 'data', path: directory },
    { name: 'one/file.txt', path: join(directory, 'x.txt') },
    { name: 'bytes.bin', bytes: Buffer.from('bytes') },
  )
  const paths = ['bytes.bin', 'data/sub/y.txt', 'data/x.txt', 'one/file.txt']
  expect(value.entries.map(({ path }) => path)).toEqual(paths)
})

test('a file alone keeps its name, and bytes alone have the name of the artifact', async () => {
  const runDir = runDirectory()
  const path = join(tree({ 'model.bin': 'm' }), 'model.bin')
  expect((await artifact(runDir, { name: null, path })).entries[0]!.path).toBe('model.bin')
  expect((await artifact(runDir, { name: null, bytes: Buffer.from('m') })).entries[0]!.path).toBe('data')
})

test('a link to a file of the same tree is followed', async () => {
  const runDir = runDirectory()
  const directory = tree({ 'checkpoints/7.bin': 'seven' })
  symlinkSync('checkpoints/7.bin', join(directory, 'newest.bin'))
  const { entries } = await artifact(runDir, { name: null, path: directory })
  expect(entries.map(({ path, file }) => [path, file!.sha256])).toEqual([
    ['checkpoints/7.bin', sha256('seven')],
    ['newest.bin', sha256('seven')],
  ])
})

test('a directory of 1,000 files becomes 1,000 entries, in a value that has a file of its own', async () => {
  const runDir = runDirectory()
  const files = Object.fromEntries(
    Array.from({ length: 1000 }, (_, file) => [`d${file % 9}/${file}`, `${file}`]),
  )
  const result = await made(runDir, [{ name: null, path: tree(files) }])
  const { file, value } = (result as { record: MediaRecordOf<'artifact'> }).record
  expect(value).toBeUndefined()
  const { entries } = JSON.parse(readFileSync(join(runDir, file!.path), 'utf8')) as ArtifactValue
  expect(Object.fromEntries(entries.map(({ path, file }) => [path, file!.sha256]))).toEqual(
    Object.fromEntries(Object.entries(files).map(([path, text]) => [path, sha256(text)])),
  )
  expect(stored(runDir)).toHaveLength(1000)
})

test('a file that grows while it is read is read again, until it is whole', async () => {
  const runDir = runDirectory()
  const source = join(tree({ 'log.txt': 'begin ' }), 'log.txt')
  const { writeSync } = fs
  let growths = 0
  patched({
    writeSync: (...args: Parameters<typeof writeSync>) => {
      if (growths++ < 2) appendFileSync(source, 'more ')
      return writeSync(...args)
    },
  })
  const { entries } = await artifact(runDir, { name: null, path: source })
  expect(readFileSync(source, 'utf8')).toBe('begin more more ')
  expect(readFileSync(join(runDir, entries[0]!.file!.path), 'utf8')).toBe('begin more more ')
  expect(entries[0]).toMatchObject({ file: fileOf('begin more more '), md5: md5('begin more more ') })
  expect(stored(runDir)).toEqual([sha256('begin more more ')])
})

test('a file that is written over while it is read is read again, though its size is the same', async () => {
  const runDir = runDirectory()
  const source = join(tree({ 'model.bin': 'weights 1' }), 'model.bin')
  fs.utimesSync(source, 1, 1)
  const { writeSync } = fs
  let writes = 0
  patched({
    writeSync: (...args: Parameters<typeof writeSync>) => {
      if (writes++ === 0) writeFileSync(source, 'weights 2')
      return writeSync(...args)
    },
  })
  expect((await artifact(runDir, { name: null, path: source })).entries[0]!.file).toEqual(fileOf('weights 2'))
})

test('a file that never stops growing is refused', async () => {
  const runDir = runDirectory()
  const source = join(tree({ 'log.txt': 'begin ' }), 'log.txt')
  const { writeSync } = fs
  patched({
    writeSync: (...args: Parameters<typeof writeSync>) => {
      appendFileSync(source, 'more ')
      return writeSync(...args)
    },
  })
  expect(await refusal(runDir, [{ name: null, path: source }])).toMatch(
    /changes while it is read: log it when/,
  )
  expect(stored(runDir)).toEqual([])
})

test('a file system that clones makes the copy, and what was cloned is hashed', async () => {
  const runDir = runDirectory()
  const source = join(tree({ 'model.bin': 'weights' }), 'model.bin')
  const { copyFileSync } = fs
  patched({
    // As a file system with copy-on-write has it; the source goes on at once.
    copyFileSync: (from: string, to: string) => {
      copyFileSync(from, to)
      writeFileSync(from, 'next weights')
      fs.chmodSync(to, 0o400)
    },
  })
  const { entries } = await artifact(runDir, { name: null, path: source })
  expect(entries[0]).toMatchObject({ file: fileOf('weights'), md5: md5('weights') })
  const kept = join(runDir, entries[0]!.file!.path)
  expect(readFileSync(kept, 'utf8')).toBe('weights')
  expect(fs.statSync(kept).mode & 0o700).toBe(0o600)
})

test('stored content that was damaged is put right when it is logged again', async () => {
  const runDir = runDirectory()
  const source = join(tree({ 'a.txt': 'content' }), 'a.txt')
  const sources = [
    { name: 'a', path: source },
    { name: 'b', bytes: Buffer.from('content') },
  ]
  for (const again of sources) {
    await artifact(runDir, again)
    writeFileSync(join(runDir, fileOf('content').path), 'cut')
    await artifact(runDir, again)
    expect(readFileSync(join(runDir, fileOf('content').path), 'utf8')).toBe('content')
  }
})

test('an artifact whose process ended before its record was written comes again as the same', async () => {
  const runDir = runDirectory()
  const directory = tree({ a: '1', b: '2' })
  const { renameSync } = fs
  let renames = 0
  const restore = patchFs({
    renameSync: (...args: Parameters<typeof renameSync>) => {
      if (renames++ === 1) throw new Error('the process has ended')
      renameSync(...args)
    },
  })
  await made(runDir, [{ name: null, path: directory }])
  restore()
  expect(stored(runDir)).toHaveLength(1)
  const { entries } = await artifact(runDir, { name: null, path: directory })
  expect(entries.map(({ file }) => file)).toEqual([fileOf('1'), fileOf('2')])
  expect(stored(runDir)).toEqual([sha256('1'), sha256('2')].sort())
})

test.for(['openSync', 'writeSync', 'fsyncSync', 'renameSync'] as const)(
  'a run directory whose disk is full at %s keeps the call, to be tried again',
  async (operation) => {
    const runDir = runDirectory()
    const path = join(tree({ a: '1' }), 'a')
    await artifact(runDir, { name: null, bytes: Buffer.from('first') })
    const real = fs[operation] as (...args: unknown[]) => unknown
    const restore = patchFs({
      [operation]: (...args: unknown[]) => {
        const ours = operation !== 'openSync' || String(args[0]).startsWith(runDir)
        if (!ours) return real(...args)
        throw Object.assign(new Error('ENOSPC: no space left on device'), {
          code: 'ENOSPC',
          syscall: 'write',
        })
      },
    })
    const failed = await made(runDir, [{ name: null, path }])
    restore()
    expect(failed).toMatchObject({ code: 'ENOSPC' })
    expect(stored(runDir)).toEqual([sha256('first')])
    expect((await artifact(runDir, { name: null, path })).entries[0]!.file).toEqual(fileOf('1'))
  },
)

test.for([
  ['EACCES', /cannot be read \(EACCES\): give the process the right/],
  ['EIO', /cannot be read \(EIO\): give a file on a disk that can be read/],
] as const)("a source that fails with %s is the user's, and is not tried again", async ([code, message]) => {
  const runDir = runDirectory()
  const path = join(tree({ a: '1' }), 'a')
  patched({
    readSync: () => {
      throw Object.assign(new Error(code), { code, syscall: 'read' })
    },
  })
  expect(await refusal(runDir, [{ name: null, path }])).toMatch(message)
  expect(stored(runDir)).toEqual([])
})

test('a machine that has no file descriptors left keeps the call, to be tried again', async () => {
  const runDir = runDirectory()
  const path = join(tree({ a: '1' }), 'a')
  const { openSync } = fs
  patched({
    openSync: (...args: Parameters<typeof openSync>) => {
      if (args[0] !== path) return openSync(...args)
      throw Object.assign(new Error('EMFILE'), { code: 'EMFILE', syscall: 'open' })
    },
  })
  expect(await made(runDir, [{ name: null, path }])).toMatchObject({ code: 'EMFILE' })
})

test('what is no file is refused with a sentence that names the fix', async () => {
  const runDir = runDirectory()
  const directory = tree({ 'sub/a.txt': 'a' })
  const at = (path: string) => [{ name: null, path: join(directory, path) }]
  expect(await refusal(runDir, at('nothing'))).toMatch(/there is no ".*nothing": give the path of a file/)
  expect(await refusal(runDir, at('sub/a.txt/b'))).toMatch(/there is no/)
  mkdirSync(join(directory, 'empty/deep'), { recursive: true })
  expect(await refusal(runDir, at('empty'))).toMatch(/has no files: give one that has/)
  symlinkSync('sub', join(directory, 'to-directory'))
  expect(await refusal(runDir, at('.'))).toMatch(/symbolic link to a directory: give that directory/)
  fs.unlinkSync(join(directory, 'to-directory'))
  symlinkSync('loop', join(directory, 'loop'))
  expect(await refusal(runDir, at('.'))).toMatch(/"[^"]*loop" is a symbolic link that leads nowhere/)
  fs.unlinkSync(join(directory, 'loop'))
  symlinkSync('gone', join(directory, 'broken'))
  expect(await refusal(runDir, at('.'))).toMatch(/there is no "[^"]*broken"/)
  fs.unlinkSync(join(directory, 'broken'))
  symlinkSync(join(tree({ secret: 's' }), 'secret'), join(directory, 'sub/out'))
  expect(await refusal(runDir, at('.'))).toMatch(/outside of the directory: give that file as a source/)
})

test.runIf(process.platform !== 'win32')('a socket in a directory is refused', async () => {
  const runDir = runDirectory()
  const directory = tree({ a: '1' })
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(join(directory, 'socket'), resolve))
  onTestFinished(() => void server.close())
  for (const path of [directory, join(directory, 'socket')]) {
    expect(await refusal(runDir, [{ name: null, path }])).toMatch(
      /neither a file nor a directory.*: give the path/,
    )
  }
})

test('a saved file is stored as content, under a path that leads nowhere else', async () => {
  const runDir = runDirectory()
  const path = join(tree({ 'a.txt': 'text' }), 'a.txt')
  const save = (name: string, input: object) => makeMedia({ runDir, request: request('file', name, input) })
  const record = {
    kind: 'file',
    name: 'logs/a.txt',
    producer: 0,
    value: { source: path },
    file: fileOf('text'),
  }
  expect(await save('logs/a.txt', { path })).toEqual({ record })
  expect(await save('b.txt', { bytes: Buffer.from('text') })).toMatchObject({
    record: { file: fileOf('text') },
  })
  expect(await save('../a.txt', { path })).toMatchObject({
    invalid: expect.stringMatching(/has the part "\.\."/),
  })
  const directory = join(path, '..')
  expect(await save('a', { path: directory })).toMatchObject({
    invalid: expect.stringMatching(/is a directory: give the path of a file/),
  })
  expect(await save('a', {})).toMatchObject({
    invalid: expect.stringMatching(/the file is missing: give its path/),
  })
})
