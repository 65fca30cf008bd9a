import { expect, test } from 'vitest'
import { runDoctor } from '../../src/doctor/index.js'
import { KEYS } from '../support/s3-rows.js'
import { scriptedS3 } from '../support/s3-script.js'
import { runDirectory } from './support/sink-run.js'

async function look(env: NodeJS.ProcessEnv) {
  const checks = await runDoctor({ dir: runDirectory(), cwd: runDirectory(), env, timeoutMs: 1000 })
  return new Map(checks.filter(({ name }) => name.startsWith('S3')).map((check) => [check.name, check]))
}

test('nothing is said of S3 where nothing names it', async () => {
  expect(await look({})).toEqual(new Map())
})

test('the server of the environment is reached, and credentials are named and not shown', async () => {
  const server = await scriptedS3(() => ({ status: 403, code: 'AccessDenied' }))
  const found = await look({ AWS_ENDPOINT_URL_S3: server.url, ...KEYS })
  expect(found.get('S3 server')).toMatchObject({ status: 'ok' })
  expect(found.get('S3 credentials')).toMatchObject({ status: 'ok', found: 'AWS_ACCESS_KEY_ID is set' })
  expect(JSON.stringify([...found])).not.toContain(KEYS.AWS_SECRET_ACCESS_KEY)
})

test('a server that is not there fails the check, and missing credentials are a warning', async () => {
  const env = { AWS_ENDPOINT_URL: 'http://127.0.0.1:1', AWS_SHARED_CREDENTIALS_FILE: '/does/not/exist' }
  const found = await look(env)
  expect(found.get('S3 server')).toMatchObject({ status: 'failed' })
  expect(found.get('S3 credentials')).toMatchObject({
    status: 'warning',
    fix: expect.stringContaining('AWS_PROFILE'),
  })
})

test('an endpoint that is no address is told', async () => {
  expect((await look({ AWS_ENDPOINT_URL: 'nowhere' })).get('S3 server')).toMatchObject({ status: 'failed' })
})
