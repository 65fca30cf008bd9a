/** What a person can get wrong: one sentence each, which says how to mend it. Secrets are in none. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { resolveOptions } from '../../dist/src/options/validate.js'
import { opened, type Parts, prepared, rowsOf } from '../support/mlflow-run.js'

async function complaint(parts: Parts) {
  const run = await prepared(parts)
  return run.open().then(
    () => expect.unreachable(),
    ({ action, message }) => ({ action, message }) as { action: string; message: string },
  )
}

test('a port where nobody listens', async () => {
  const run = await prepared()
  await run.server.stop()
  await expect(run.open()).rejects.toMatchObject({
    action: 'retry',
    message: expect.stringMatching(
      /^the MLflow server 127\.0\.0\.1:\d+ cannot be reached; ECONNREFUSED: check MLFLOW_TRACKING_URI and the network$/,
    ),
  })
})

const EXAMPLE = 'give one such as http://127.0.0.1:5000 (MLFLOW_TRACKING_URI)'
const FILES =
  'start `mlflow server --backend-store-uri` with it, and give the address of that (MLFLOW_TRACKING_URI)'

test.for([
  ['', `there is no address of an MLflow tracking server: ${EXAMPLE}`],
  [
    'file:///tmp/mlruns',
    `the tracking URI is of the kind "file:", which only MLflow itself can write: ${FILES}`,
  ],
  [
    'sqlite:///x.db',
    `the tracking URI is of the kind "sqlite:", which only MLflow itself can write: ${FILES}`,
  ],
  [
    'postgresql://u:geheim@h/d',
    `the tracking URI is of the kind "postgresql:", which only MLflow itself can write: ${FILES}`,
  ],
  ['./mlruns', `the tracking URI is a directory, which only MLflow itself can write: ${FILES}`],
  ['databricks', `the tracking URI is Databricks', which offstep has no client for: ${EXAMPLE}`],
  ['databricks://profile', `the tracking URI is Databricks', which offstep has no client for: ${EXAMPLE}`],
  ['http://a b', `the tracking URI is no web address: ${EXAMPLE}`],
  [
    'http://ada:geheim@host:5000',
    'the tracking URI holds a user name: set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD instead',
  ],
] as const)('the tracking URI "%s"', async ([uri, message]) => {
  const env = { MLFLOW_TRACKING_URI: uri }
  expect(await complaint({ options: { trackingUri: undefined }, env })).toEqual({ action: 'pause', message })
})

test('credentials that are refused, in whatever form the server repeats them', async () => {
  for (const env of [
    { MLFLOW_TRACKING_TOKEN: 'very-secret/+"' },
    { MLFLOW_TRACKING_USERNAME: 'ada', MLFLOW_TRACKING_PASSWORD: 'very-secret/+"' },
  ]) {
    const { action, message } = await complaint({ authorization: 'other', env })
    expect(action).toBe('pause')
    expect(message).toMatch(
      /^MLflow does not accept the credentials: set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN \(/,
    )
    expect(message).not.toContain('very-secret')
    expect(message).not.toContain(Buffer.from('ada:very-secret/+"').toString('base64'))
  }
})

const basic = `Basic ${Buffer.from('ada:pw').toString('base64')}`
const pair = { MLFLOW_TRACKING_USERNAME: 'ada', MLFLOW_TRACKING_PASSWORD: 'pw' }

test.for([
  ['variables', basic, pair, {}],
  ['a token', 'Bearer t', { MLFLOW_TRACKING_TOKEN: 't' }, {}],
  ['both, of which the name counts', basic, { ...pair, MLFLOW_TRACKING_TOKEN: 't' }, {}],
  ['options', 'Bearer mine', pair, { token: 'mine' }],
] as const)('credentials from %s', async ([, authorization, env, options]) => {
  const run = await prepared({ authorization, env })
  Object.assign(run.context.options, options)
  await run.open()
  await run.write(...rowsOf(0, 2, () => ({ loss: 1 })))
  expect(run.stored.points.size).toBe(2)
  const written = readdirSync(run.context.runDir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'))
  expect(JSON.stringify([written, run.state])).not.toMatch(/"pw"|mine|YWRhOnB3/)
})

test("credentials from MLflow's file", async () => {
  const run = await prepared({ authorization: basic })
  const { mkdirSync } = await import('node:fs')
  mkdirSync(join(run.context.runDir, '.mlflow'))
  const text = '[mlflow]\nmlflow_tracking_username = ada\nmlflow_tracking_password = pw\n'
  writeFileSync(join(run.context.runDir, '.mlflow', 'credentials'), text)
  await run.open()
  expect(run.server.runs.size).toBe(1)
})

test('an experiment id that there is none of', async () => {
  expect(await complaint({ env: { MLFLOW_EXPERIMENT_ID: '77' } })).toEqual({
    action: 'pause',
    message:
      'MLflow has no experiment with the id "77": check MLFLOW_EXPERIMENT_ID, or give a name, which is made where it is missing',
  })
})

test('an experiment that was deleted', async () => {
  const run = await prepared({ options: {}, env: { MLFLOW_EXPERIMENT_NAME: 'old' } })
  run.server.experiments.set('1', { id: '1', name: 'old', deleted: true })
  await expect(run.open()).rejects.toMatchObject({
    action: 'pause',
    message:
      'the experiment "old" was deleted at MLflow: restore it (`mlflow experiments restore`), or give another one (MLFLOW_EXPERIMENT_NAME)',
  })
})

test('a run that there is none of, and a parent', async () => {
  expect(await complaint({ env: { MLFLOW_RUN_ID: 'none' } })).toEqual({
    action: 'pause',
    message: 'MLflow has no run "none": check MLFLOW_RUN_ID and MLFLOW_TRACKING_URI',
  })
  const run = await prepared()
  Object.assign(run.context.options, { parentRun: 'none' })
  await expect(run.open()).rejects.toMatchObject({
    message: expect.stringMatching(/^the option parentRun names no run: /),
  })
  expect(await complaint({ env: { MLFLOW_RUN_ID: 'a/b' } })).toEqual({
    action: 'pause',
    message: '"a/b" cannot be the id of a run (MLFLOW_RUN_ID): give one that MLflow shows',
  })
})

test('a run that is deleted while it lives', async () => {
  const run = await opened()
  run.stored.deleted = true
  await expect(run.write(...rowsOf(0, 2, () => ({ loss: 1 })))).rejects.toMatchObject({
    action: 'pause',
    message: expect.stringMatching(/^the run was deleted at MLflow: restore it there \(/),
  })
})

test("a server that is not MLflow's", async () => {
  const faults = [{ on: 'experiments/get-by-name', status: 404, body: '<html>Not Found</html>' }]
  const { action, message } = await complaint({ faults })
  expect(action).toBe('pause')
  expect(message).toMatch(/^this does not seem to be MLflow's API: check MLFLOW_TRACKING_URI \(/)
})

test('an option that there is none of, and a certificate that cannot be read', async () => {
  const run = await prepared()
  Object.assign(run.context.options, { uri: 'x' })
  await expect(run.open()).rejects.toMatchObject({
    action: 'pause',
    message: expect.stringContaining('the sink "mlflow" has no such option'),
  })
  expect(await complaint({ env: { MLFLOW_TRACKING_SERVER_CERT_PATH: '/no/such.pem' } })).toEqual({
    action: 'pause',
    message:
      '/no/such.pem cannot be read (ENOENT): give the path of a certificate (MLFLOW_TRACKING_SERVER_CERT_PATH)',
  })
})

test('a run that is offline leaves MLflow alone, unless that is disabled', () => {
  const modeOf = (sink: object) =>
    resolveOptions({ mode: 'offline', sinks: [sink] }, {}).sinks[0]!.options.mode
  expect(modeOf({ type: 'mlflow' })).toBe('offline')
  expect(modeOf({ type: 'mlflow', mode: 'online' })).toBe('offline')
  expect(modeOf({ type: 'mlflow', mode: 'disabled' })).toBe('disabled')
})
