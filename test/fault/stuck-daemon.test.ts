import { spawnSync } from 'node:child_process'
import { openSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { init } from '../../dist/src/index.js'
import { temporaryDirectory } from '../support/directory.js'
import { expectJournal, runFile } from '../support/run-files.js'

test("a tracker's thread that hangs in a file call does not hold up finish(), and costs no record", async () => {
  const dir = temporaryDirectory()
  // To open a pipe for reading takes as long as it takes until someone writes.
  const pipe = join(dir, 'pipe')
  spawnSync('mkfifo', [pipe])
  process.env.STUCK_AT = pipe
  const workerUrl = new URL('../fixtures/exit/stuck-daemon.mjs', import.meta.url)
  const run = init({ dir, git: false, handleSignals: false, sinks: ['jsonl'], workerUrl })
  for (let step = 0; step < 100; step++) run.log({ value: step }, step)
  const result = await run.finish({ timeoutMs: 100 })
  expect(result).toMatchObject({ accepted: 100, journaled: 100, inRing: 0, reached: false })
  expectJournal(run.dir, 100)
  expect(runFile(run.dir).status).toBe('completed')
  openSync(pipe, 'w')
})
