/** `login()` of `offstep/wandb`: alone, since what it is given holds for all runs of the process. */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import wandb from '../../dist/src/compat/wandb/index.js'
import { temporaryDirectory } from '../support/directory.js'
import { startWandbServer, TEST_KEY } from '../support/wandb-server/server.js'

test('login() gives the key that there is, and runs use the one it was given, which is in no file', async () => {
  const dir = temporaryDirectory()
  const server = await startWandbServer()
  onTestFinished(() => server.stop())
  onTestFinished(() => void vi.unstubAllEnvs())
  for (const name of ['WANDB_API_KEY', 'WANDB_BASE_URL']) vi.stubEnv(name, '')
  vi.stubEnv('NETRC', join(dir, 'no-netrc'))
  vi.stubEnv('WANDB_SILENT', 'true')
  await expect(wandb.login({ host: server.url })).rejects.toThrow('set WANDB_API_KEY, or run `wandb login`')
  expect(await wandb.login({ key: TEST_KEY, host: server.url })).toBe(TEST_KEY)
  const run = await wandb.init({ dir, project: 'served', offstep: { git: false, recover: false } })
  wandb.log({ value: 1 })
  await wandb.finish()
  expect(server.run(run.id).history).toHaveLength(1)
  expect(JSON.stringify(run.settings)).not.toContain(TEST_KEY)
  const names = readdirSync(run.dir, { recursive: true, encoding: 'utf8' })
  const files = names.map((name) => join(run.dir, name)).filter((file) => statSync(file).isFile())
  expect(files.length).toBeGreaterThan(0)
  for (const file of files) expect(readFileSync(file, 'latin1'), file).not.toContain(TEST_KEY)
})
