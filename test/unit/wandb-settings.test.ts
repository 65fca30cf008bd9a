import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { runUrl } from '../../src/sinks/wandb/online/run/run-url.js'
import { wandbConfig } from '../../src/sinks/wandb/run/config.js'
import { findApiKey, netrcPassword } from '../../src/sinks/wandb/settings/credentials.js'
import { runIdFrom } from '../../src/sinks/wandb/settings/run-id.js'
import { wandbSettings } from '../../src/sinks/wandb/settings/settings.js'
import { runDirectory } from './support/sink-run.js'

const context = (options: object = {}, runId = 'baseline_1') => ({
  project: 'own',
  runId,
  options: { ...options },
})

const ENVIRONMENT = {
  WANDB_BASE_URL: 'https://wandb.example.com:8080/',
  WANDB_ENTITY: 'team',
  WANDB_PROJECT: 'theirs',
  WANDB_MODE: 'dryrun',
  WANDB_RUN_ID: 'abcd1234',
  WANDB_RESUME: 'allow',
  WANDB_TAGS: 'one, two,,three',
  WANDB_RUN_GROUP: 'group',
  WANDB_JOB_TYPE: 'eval',
  WANDB_NOTES: 'notes',
  WANDB_NAME: 'name',
  WANDB_DIR: '/somewhere',
  WANDB_SILENT: 'true',
}

test('without options and environment a run goes to wandb.ai under its own project and id', () => {
  expect(wandbSettings(context(), {})).toMatchObject({
    mode: 'online',
    baseUrl: 'https://api.wandb.ai',
    project: 'own',
    runId: 'baseline_1',
    runIdGiven: false,
    silent: false,
  })
})

test("the variables of W&B's own clients are honoured", () => {
  expect(wandbSettings(context(), ENVIRONMENT)).toMatchObject({
    mode: 'offline',
    baseUrl: 'https://wandb.example.com:8080',
    entity: 'team',
    project: 'theirs',
    runId: 'abcd1234',
    runIdGiven: true,
    resume: 'allow',
    tags: ['one', 'two', 'three'],
    group: 'group',
    jobType: 'eval',
    notes: 'notes',
    name: 'name',
    dir: '/somewhere',
    silent: true,
  })
})

test('options come before the environment', () => {
  const options = {
    mode: 'online',
    project: 'mine',
    id: 'own-id',
    tags: [],
    name: 'n',
    baseUrl: 'http://a/b/',
  }
  expect(wandbSettings(context(options), ENVIRONMENT)).toMatchObject({
    mode: 'online',
    project: 'mine',
    runId: 'own-id',
    tags: [],
    name: 'n',
    baseUrl: 'http://a/b',
    entity: 'team',
  })
})

test('empty variables count as not set', () => {
  const empty = Object.fromEntries(Object.keys(ENVIRONMENT).map((name) => [name, ' ']))
  expect(wandbSettings(context(), empty)).toEqual(wandbSettings(context(), {}))
})

test.for([
  [{ mode: 'sometimes' }, {}, 'mode'],
  [{ enity: 'team' }, {}, 'enity: the sink "wandb" has no such option'],
  [{ entity: ' ' }, {}, 'entity: give a text that is not empty'],
  [{}, { WANDB_MODE: 'sometimes' }, 'WANDB_MODE is "sometimes": give online, offline, disabled'],
  [{}, { WANDB_RESUME: 'perhaps' }, 'WANDB_RESUME is "perhaps": give allow, must, never, auto'],
  [{ id: 'a/b' }, {}, '"a/b" cannot be a run id'],
  [{ id: 'x'.repeat(65) }, {}, 'at most 64 characters'],
  [{ baseUrl: 'wandb.example.com' }, {}, 'WANDB_BASE_URL'],
  [{ baseUrl: 'ftp://wandb.example.com' }, {}, 'WANDB_BASE_URL'],
] as const)('%j and %j pause the sink with one sentence', ([options, env, message]) => {
  expect(() => wandbSettings(context(options), env)).toThrow(
    expect.objectContaining({ action: 'pause', message: expect.stringContaining(message) }),
  )
})

test('an address that holds a password is refused, and not repeated', () => {
  try {
    wandbSettings(context({ baseUrl: 'https://me:geheim@example.com' }), {})
    expect.unreachable()
  } catch (error) {
    expect(error).toMatchObject({ action: 'pause', code: 'WANDB_BASE_URL' })
    expect((error as Error).message).not.toContain('geheim')
  }
})

test('a run id that W&B would not take is shortened, and stays another than its neighbour', () => {
  const long = `${'x'.repeat(70)}_20241119_070640`
  expect(runIdFrom('baseline_20241119_070640_0123abcd')).toBe('baseline_20241119_070640_0123abcd')
  for (const id of [long, 'a/b:c#d']) {
    expect(runIdFrom(id)).toMatch(/^[^/\\#?%:]{1,64}$/)
    expect(runIdFrom(id)).toBe(runIdFrom(id))
  }
  expect(runIdFrom(`${long}1`)).not.toBe(runIdFrom(`${long}2`))
  expect(runIdFrom('a/b')).not.toBe(runIdFrom('a:b'))
})

function netrc(text: string): NodeJS.ProcessEnv {
  const file = join(runDirectory(), 'netrc')
  writeFileSync(file, text)
  return { NETRC: file }
}

test.for([
  ['one line', 'machine a.b login user password secret', 'secret'],
  ['several lines, as wandb login writes', 'machine a.b\n  login user\n  password secret\n', 'secret'],
  ['another machine first', 'machine x password no\nmachine a.b password secret', 'secret'],
  ['comments', '# machine a.b password no\nmachine a.b password secret', 'secret'],
  ['a default', 'machine x password no default login user password any', 'any'],
  ['a login called password', 'machine a.b login password password secret', 'secret'],
  ['only others', 'machine x login user password no', undefined],
  ['no password', 'machine a.b login user', undefined],
] as const)('netrc with %s', ([, text, expected]) => {
  expect(netrcPassword('a.b', netrc(text))).toBe(expected)
})

test('a key comes from the option, then WANDB_API_KEY, then netrc; without one the fix is named', () => {
  const file = netrc('machine a.b password file')
  const env = { ...file, WANDB_API_KEY: ' variable ' }
  expect(findApiKey('option', 'a.b', env)).toBe('option')
  expect(findApiKey(undefined, 'a.b', env)).toBe('variable')
  expect(findApiKey(undefined, 'a.b', file)).toBe('file')
  const fix = { action: 'pause', message: expect.stringMatching(/set WANDB_API_KEY, or run `wandb login`/) }
  expect(() => findApiKey(undefined, 'c.d', file)).toThrow(expect.objectContaining(fix))
})

test("config is in W&B's shape, with the entry that a resume looks for", () => {
  expect(wandbConfig({ lr: 0.1, model: { layers: 2 } })).toEqual({
    lr: { value: 0.1 },
    model: { value: { layers: 2 } },
    _wandb: { value: { t: { 13: expect.stringMatching(/^\w+-\w+$/) }, m: [] } },
  })
})

test.for([
  ['https://api.wandb.ai', 'https://wandb.ai/me/a%20b/runs/1'],
  ['https://api.eu.wandb.ai', 'https://eu.wandb.ai/me/a%20b/runs/1'],
  ['https://api.example.com/wandb', 'https://api.example.com/wandb/me/a%20b/runs/1'],
  ['http://127.0.0.1:8080', 'http://127.0.0.1:8080/me/a%20b/runs/1'],
] as const)('a run of %s is seen at %s', ([baseUrl, expected]) => {
  expect(runUrl(baseUrl, { entity: 'me', project: 'a b', runId: '1' })).toBe(expected)
})
