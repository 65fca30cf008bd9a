/** Artifacts of real runs, read back while they live. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, test } from 'vitest'
import { findArtifact, listArtifacts, takeArtifact, verifyArtifact } from '../../dist/src/artifact/index.js'
import { init } from '../../dist/src/index.js'
import { verifyRun } from '../../dist/src/runs.js'
import { temporaryDirectory } from '../support/directory.js'

test('a live run has its artifacts, with what they copied and what they only name', async () => {
  const data = temporaryDirectory()
  mkdirSync(join(data, 'sub'))
  writeFileSync(join(data, 'sub/x.bin'), 'large')
  const run = init({ dir: temporaryDirectory(), git: false, handleSignals: false, sinks: [] })
  const far = { reference: new URL('s3://bucket/key.bin'), bytes: 7, digest: 'etag' }
  run.artifact(far, { name: 'far' })
  run.artifact({ a: Buffer.from('a'), data: { reference: pathToFileURL(data) }, far }, { name: 'mixed' })
  run.artifact({ reference: 'key.bin' }, { name: 'wrong' })
  run.artifact({ a: Buffer.from('b') }, { name: 'mixed', aliases: ['best'] })
  await run.flush({ level: 'journaled' })
  const dir = run.dir
  expect(listArtifacts(dir).map(({ name, versions }) => [name, versions.length])).toEqual([
    ['far', 1],
    ['mixed', 2],
  ])
  const [entry] = findArtifact(dir, 'far').entries
  expect(entry).toMatchObject({ path: 'key.bin', reference: 's3://bucket/key.bin', bytes: 7, digest: 'etag' })
  const mixed = findArtifact(dir, 'mixed:v0')
  expect(mixed).toMatchObject({ bytes: 13, aliases: [] })
  expect(verifyArtifact(dir, mixed)).toEqual([])
  const { files, references } = takeArtifact(dir, mixed, join(temporaryDirectory(), 'out'))
  expect(files.map((file) => readFileSync(file, 'utf8'))).toEqual(['a'])
  expect(references.map(({ reference }) => reference)).toEqual([
    pathToFileURL(join(data, 'sub/x.bin')).href,
    's3://bucket/key.bin',
  ])
  expect(await run.finish()).toMatchObject({ dropped: { total: 1, 'invalid-media': 1 } })
  expect((await verifyRun(dir)).media).toMatchObject({ result: 'ok' })
})
