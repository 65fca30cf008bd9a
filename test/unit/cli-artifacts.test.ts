/** `offstep artifacts`: what a run has, and its files in a directory. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { init } from '../../dist/src/index.js'
import { queryRuns } from '../../src/query/query-runs.js'
import { StoredRun } from '../../src/store/runs/stored-run.js'
import { offstep } from '../support/command-line.js'
import { temporaryDirectory } from '../support/directory.js'
import { storeRun } from '../support/stored-runs.js'

/** A run `r` with two versions of a model and a reference. */
async function withArtifacts(): Promise<{ dir: string; runDir: string }> {
  const dir = temporaryDirectory()
  const run = init({ dir, id: 'r', git: false, recover: false, plots: false, sinks: ['jsonl'] })
  for (const [content, aliases] of [
    ['first', ['best']],
    ['second!', []],
  ] as const) {
    const file = join(dir, content, 'weights.bin')
    mkdirSync(join(dir, content))
    writeFileSync(file, content)
    run.artifact(file, { name: 'model', type: 'model', aliases: [...aliases] })
  }
  run.artifact({ reference: 's3://bucket/data' }, { name: 'data', type: 'dataset' })
  await run.finish()
  return { dir, runDir: run.dir }
}

const lines = (text: string): string[][] =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => line.trim().split(/ {2,}/))

test('lists each version with its aliases, type, files, size and step', async () => {
  const { dir, runDir } = await withArtifacts()
  const { code, stdout } = await offstep(['artifacts', 'r'], { dir })
  expect(code).toBe(0)
  expect(lines(stdout).map((cells) => cells.slice(0, 5))).toEqual([
    ['artifact', 'aliases', 'type', 'files', 'size'],
    ['model:v0', 'best', 'model', '1', '5 bytes'],
    ['model:v1', 'latest', 'model', '1', '7 bytes'],
    ['data:v0', 'latest', 'dataset', '1', '0 bytes'],
  ])
  const json = JSON.parse((await offstep(['artifacts', 'r', '--json'], { dir })).stdout)
  expect(json).toMatchObject([{ name: 'model', version: 0 }, { version: 1 }, { name: 'data', entries: [{}] }])
  const shown = lines((await offstep(['show', 'r'], { dir })).stdout)
  expect(shown).toContainEqual(['model:v1', '1 file, 7 bytes', 'latest'])
  const sql = 'select name, version, aliases, files, bytes::int from artifacts order by name, version'
  expect((await queryRuns([new StoredRun(runDir)], sql)).rows).toEqual([
    ['data', 0, ['latest'], 1, 0],
    ['model', 0, ['best'], 1, 5],
    ['model', 1, ['latest'], 1, 7],
  ])
})

test('--get takes the files of a version out; references are told', async () => {
  const { dir } = await withArtifacts()
  const out = join(dir, 'out')
  const { code, stdout } = await offstep(['artifacts', 'r', '--get', 'model:best', '--out', out], { dir })
  expect([code, stdout]).toEqual([0, `${join(out, 'weights.bin')}\n`])
  expect(readFileSync(join(out, 'weights.bin'), 'utf8')).toBe('first')
  const data = await offstep(['artifacts', 'r', '--get', 'data', '--out', out, '--json'], { dir })
  expect(JSON.parse(data.stdout)).toMatchObject({
    name: 'data',
    files: [],
    references: [{ reference: 's3://bucket/data' }],
  })
})

test('a version that is not there, or is damaged, is told; exit code 1', async () => {
  const { dir, runDir } = await withArtifacts()
  const get = (version: string) =>
    offstep(['artifacts', 'r', '--get', version, '--out', join(dir, 'out')], { dir })
  expect(await get('model:v9')).toMatchObject({ code: 1, stderr: expect.stringContaining('give v0 to v1') })
  expect(await get('mode')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('the run has model, data'),
  })
  const files = join(runDir, 'artifacts/files')
  for (const name of readdirSync(files)) writeFileSync(join(files, name), 'other')
  expect(await get('model:best')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('holds other bytes'),
  })
  expect(existsSync(join(dir, 'out', 'weights.bin'))).toBe(false)
})

test('--get and --out belong together; a run without artifacts says so', async () => {
  const dir = temporaryDirectory()
  storeRun(dir, { id: 'r' }, { 0: { loss: 1 } })
  for (const [args, words] of [
    [['--get', 'm'], 'give --out'],
    [['--out', 'x'], 'give --get'],
  ] as const) {
    const result = await offstep(['artifacts', 'r', ...args], { dir })
    expect(result).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining(words) })
  }
  const none = await offstep(['artifacts', 'r'], { dir })
  expect(none).toMatchObject({ code: 0, stdout: '', stderr: expect.stringContaining('no artifacts') })
})

test('the tab key knows the command, the runs and the versions', async () => {
  const { dir } = await withArtifacts()
  const words = async (...args: string[]) => {
    const { stdout } = await offstep(['complete', '--', ...args], { dir })
    return lines(stdout).map(([cell]) => cell!.split('\t')[0])
  }
  expect(await words('check')).toContain('checkpoints')
  expect(await words('artifacts', '')).toContain('r')
  expect(await words('artifacts', 'r', '--get', 'mo')).toEqual(
    expect.arrayContaining(['model:v0', 'model:v1']),
  )
})
