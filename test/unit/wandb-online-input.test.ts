/** What a person can get wrong: one sentence each, which says how to mend it. */
import { readFileSync, writeFileSync } from 'node:fs'
import https from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { init } from '../../dist/src/index.js'
import { temporaryDirectory } from '../support/directory.js'
import { TEST_KEY } from '../support/wandb-server/server.js'
import { ID, opened, type Parts, prepared } from './support/wandb-run.js'

const TLS = join(import.meta.dirname, '..', 'fixtures', 'wandb-tls')

/** A server whose certificate nobody has signed but itself. */
async function selfSigned(): Promise<string> {
  const [key, cert] = ['key.pem', 'certificate.pem'].map((name) => readFileSync(join(TLS, name)))
  const server = https.createServer({ key: key!, cert: cert! }, (_, response) => response.end('{}'))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  return `https://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** What the sink says when it is opened. */
async function complaint(parts: Parts): Promise<{ readonly action: string; readonly message: string }> {
  const run = await prepared(parts)
  return run.sink.open(run.context, null).then(
    () => expect.unreachable(),
    ({ action, message }) => ({ action, message }),
  )
}

test('without a key', async () => {
  const env = { WANDB_API_KEY: '', NETRC: join(temporaryDirectory(), 'none') }
  expect(await complaint({ env })).toEqual({
    action: 'pause',
    message: 'there is no W&B API key for 127.0.0.1: set WANDB_API_KEY, or run `wandb login`',
  })
})

test('a host that does not exist', async () => {
  const { action, message } = await complaint({ options: { baseUrl: 'http://no-such-host.invalid' } })
  expect(action).toBe('retry')
  expect(message).toMatch(
    /^the W&B server no-such-host\.invalid cannot be reached; its name is not known \(E\w+\): check WANDB_BASE_URL and the network$/,
  )
})

test('a port where nobody listens', async () => {
  const run = await prepared()
  await run.server.stop()
  await expect(run.sink.open(run.context, null)).rejects.toMatchObject({
    action: 'retry',
    message: expect.stringMatching(/cannot be reached; ECONNREFUSED: check WANDB_BASE_URL and the network$/),
  })
})

test.for(['http://user:geheim@bad host:80', 'geheim'])('a proxy that is no address', async (proxy) => {
  const { action, message } = await complaint({ env: { HTTPS_PROXY: proxy } })
  expect(action).toBe('pause')
  expect(message).toContain('give HTTPS_PROXY and HTTP_PROXY one such as http://proxy:3128')
  expect(message).not.toContain('geheim')
})

test('a directory for offline runs that cannot be written', async () => {
  const file = join(temporaryDirectory(), 'file')
  writeFileSync(file, '')
  const { action, message } = await complaint({ options: { mode: 'offline', dir: file } })
  expect(action).toBe('pause')
  expect(message).toMatch(/file cannot be written \(E\w+\): mend that, or give another one \(WANDB_DIR\)/)
})

test('a certificate that is not trusted', async () => {
  const { action, message } = await complaint({ options: { baseUrl: await selfSigned() } })
  expect(action).toBe('retry')
  expect(message).toMatch(
    /cannot be reached; its certificate is not trusted \(\w+\): set NODE_EXTRA_CA_CERTS to your authority's certificate$/,
  )
})

test('a key that is refused', async () => {
  expect(await complaint({ keys: ['n'.repeat(40)] })).toEqual({
    action: 'pause',
    message: expect.stringMatching(
      /^W&B does not accept the API key: set WANDB_API_KEY, or run `wandb login` \(/,
    ),
  })
})

test('a project without access, by status', async () => {
  const { action, message } = await complaint({ faults: [{ kind: 'status', status: 403 }] })
  expect(action).toBe('pause')
  expect(message).toMatch(/^the W&B API key has no access: ask for access to the entity and project \(/)
})

test('a project without access, by a GraphQL error', async () => {
  const body = JSON.stringify({ errors: [{ message: 'permission denied' }], data: null })
  const { action, message } = await complaint({ faults: [{ kind: 'body', body }] })
  expect(action).toBe('pause')
  expect(message).toBe(
    'W&B has refused UpsertBucket: "permission denied"; check WANDB_ENTITY and WANDB_PROJECT, and the API key\'s access to them',
  )
})

test('a mode that is none', async () => {
  expect(await complaint({ env: { WANDB_MODE: 'on-line' } })).toEqual({
    action: 'pause',
    message: 'WANDB_MODE is "on-line": give online, offline, disabled',
  })
})

test.for([
  ['never', /^W&B has a run "shared" in "tinystories" already: give another id, or resume: "allow"/],
  ['must', /^W&B has no run "other" in "tinystories" to resume: check WANDB_RUN_ID, or give resume: "allow"/],
] as const)('resume "%s" where it does not hold', async ([resume, message]) => {
  const { server } = await opened({ options: { id: 'shared' } })
  const id = resume === 'must' ? 'other' : 'shared'
  const said = await complaint({ on: server, options: { baseUrl: server.url, resume, id } })
  expect(said).toEqual({ action: 'pause', message: expect.stringMatching(message) })
})

test('a run whose key has no access trains on, is told once, and keeps its rows', async () => {
  const { server } = await prepared()
  server.script(() => ({ kind: 'status', status: 403 }))
  const run = init({
    project: 'refused',
    dir: temporaryDirectory(),
    git: false,
    handleSignals: false,
    recover: false,
    sinks: ['jsonl', { type: 'wandb', baseUrl: server.url, apiKey: TEST_KEY }],
  })
  for (let step = 0; step < 100; step++) run.log({ value: step }, step)
  await run.finish({ timeoutMs: 10_000 })
  const { sinks } = run.status()
  expect(sinks.jsonl).toMatchObject({ delivered: 100, pending: 0 })
  expect(sinks.wandb).toMatchObject({ delivered: 0, deadLettered: 0, pending: 100 })
  expect(sinks.wandb!.lastError).toContain('ask for access to the entity and project')
  expect(server.backend.runs.find(({ id }) => id === ID)).toBeUndefined()
})
