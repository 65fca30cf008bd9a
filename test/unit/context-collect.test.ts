import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { hashConfig } from '../../src/daemon/context/config-hash.js'
import { type ContextInput, collectContext } from '../../src/daemon/context/index.js'

let cwd: string
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'offstep-context-'))
})
afterEach(() => rmSync(cwd, { recursive: true }))

function input(changes: Partial<ContextInput> = {}): ContextInput {
  const env = { PATH: join(cwd, 'none') }
  return { cwd, argv: ['node'], execArgv: [], pid: 1, env, config: { lr: 1n }, git: true, ...changes }
}

test('collects every part, as JSON', async () => {
  const context = await collectContext(input())
  expect(context).toMatchObject({ config: { lr: 1 }, configSha256: hashConfig({ lr: 1 }), git: null })
  for (const part of ['command', 'software', 'hardware'] as const) expect(context[part]).not.toBeNull()
  expect(JSON.parse(JSON.stringify(context))).toEqual(context)
})

test('a part that throws is null, and the others are there', async () => {
  const cyclic: { self?: unknown } = {}
  cyclic.self = cyclic
  const context = await collectContext(input({ config: cyclic }))
  expect(context).toMatchObject({ config: null, configSha256: null, command: { pid: 1 } })
})

test('a part that hangs is null at the deadline, and the others are there', async () => {
  writeFileSync(join(cwd, 'nvidia-smi'), '#!/bin/sh\nexec sleep 60\n')
  chmodSync(join(cwd, 'nvidia-smi'), 0o755)
  const context = await collectContext(input({ env: { PATH: `${cwd}:/bin:/usr/bin` }, timeoutMs: 200 }))
  expect(context.hardware).toBeNull()
  expect(context).toMatchObject({ command: { pid: 1 }, config: { lr: 1 } })
})

test('leaves the repository alone where git is switched off', async () => {
  const context = await collectContext(input({ cwd: process.cwd(), git: false }))
  expect(context.git).toBeNull()
})
