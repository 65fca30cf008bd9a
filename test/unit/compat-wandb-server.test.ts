/** `offstep/wandb` and its server: names, a server that is away, and resumed runs. */
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest'
import wandb, { type InitOptions, type Run } from '../../dist/src/compat/wandb/index.js'
import { temporaryDirectory } from '../support/directory.js'
import { startWandbServer, TEST_KEY, type WandbServer } from '../support/wandb-server/server.js'

let server: WandbServer
let dir: string
beforeEach(async () => {
  dir = temporaryDirectory()
  server = await startWandbServer()
  onTestFinished(() => server.stop())
  vi.stubEnv('NETRC', join(dir, 'no-netrc'))
  vi.stubEnv('WANDB_BASE_URL', server.url)
  vi.stubEnv('WANDB_API_KEY', TEST_KEY)
  vi.stubEnv('WANDB_SILENT', 'true')
})
afterEach(() => {
  vi.unstubAllEnvs()
})

const started = (options: InitOptions = {}): Promise<Run> =>
  wandb.init({ dir, project: 'served', offstep: { git: false, recover: false }, ...options })

test('init() resolves when the server has named the run', async () => {
  const run = await started()
  expect(run.url()).toBe(`${server.url}/test-entity/served/runs/${run.id}`)
  expect(run).toMatchObject({ entity: 'test-entity', project: 'served' })
  wandb.log({ value: 1 })
  await wandb.finish()
  expect(server.run(run.id).history).toMatchObject([{ _step: 0, value: 1 }])
  expect(server.errors).toEqual([])
})

test('without a key init() resolves all the same, and the rows wait for one in the journal', async () => {
  vi.stubEnv('WANDB_API_KEY', '')
  const run = await started({ settings: { finish_timeout: 1 } })
  wandb.log({ value: 1 })
  expect(run.url()).toBe('')
  await wandb.finish()
  expect(run.offstep.status()).toMatchObject({ journaled: 1, sinks: { wandb: { pending: 1 } } })
  expect(run.offstep.status().sinks.wandb!.lastError).toContain('set WANDB_API_KEY')
})

test('a resumed run goes on behind its last step', async () => {
  await started({ id: 'again' })
  for (let row = 0; row < 3; row++) wandb.log({ row })
  await wandb.finish()
  const run = await started({ id: 'again', resume: 'allow' })
  expect(run.step).toBe(3)
  wandb.log({ row: 3 })
  await wandb.finish()
  expect(server.run('again').history.map(({ _step, row }) => [_step, row])).toEqual([
    [0, 0],
    [1, 1],
    [2, 2],
    [3, 3],
  ])
})

test('offline nobody is asked, and the run is where wandb sync looks for it', async () => {
  const run = await started({ mode: 'dryrun' })
  wandb.log({ value: 1 })
  await wandb.finish()
  expect(server.requests).toEqual([])
  const [offline] = readdirSync(join(dir, 'wandb')).filter((name) => name.startsWith('offline-run-'))
  expect(existsSync(join(dir, 'wandb', offline!, `run-${run.id}.wandb`))).toBe(true)
})

test('a disabled run takes every call and leaves nothing', async () => {
  const run = await started({ mode: 'disabled' })
  wandb.log({ value: 1 })
  wandb.config.lr = 1
  await wandb.finish()
  expect([run.url(), run.id, server.requests, readdirSync(dir)]).toEqual(['', 'disabled', [], []])
})
