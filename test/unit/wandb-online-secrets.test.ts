/** The key is in no file of a run, whether the server takes it or not, and wherever it comes from. */
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, onTestFinished, test, vi } from 'vitest'
import { init, type Run } from '../../dist/src/index.js'
import { temporaryDirectory } from '../support/directory.js'
import { startWandbServer } from '../support/wandb-server/server.js'

const SECRET = 'geheimnis'.repeat(5)
/** JSON has another form for it. */
const KEY = `"${SECRET}`
/** As a server or a proxy may repeat what it was sent. */
const ECHOED = [KEY, Buffer.from(`api:${KEY}`).toString('base64'), Buffer.from(KEY).toString('base64')]
const FORMS = [...ECHOED, SECRET]
const ECHO = JSON.stringify({ errors: [{ message: `permission denied: ${ECHOED.join(' ')}` }] })

afterEach(() => {
  vi.unstubAllEnvs()
})

function filesOf(directory: string): string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .map((name) => join(directory, name))
    .filter((file) => statSync(file).isFile())
}

/** Where the key is given; what the sink's options are then. */
const PLACES: { readonly [place: string]: (dir: string) => object } = {
  option: () => ({ apiKey: KEY }),
  environment: () => {
    vi.stubEnv('WANDB_API_KEY', KEY)
    return {}
  },
  netrc: (dir) => {
    const file = join(dir, 'netrc')
    writeFileSync(file, `machine 127.0.0.1\n  login user\n  password ${KEY}\n`)
    vi.stubEnv('NETRC', file)
    return {}
  },
}

const ANSWERS = ['accepted', 'refused', 'repeated by an error', 'in a GraphQL error'] as const

async function serverThat(answer: (typeof ANSWERS)[number]) {
  const server = await startWandbServer({ keys: answer === 'refused' ? [] : [KEY] })
  onTestFinished(() => server.stop())
  if (answer === 'repeated by an error') server.script(() => ({ kind: 'status', status: 403, body: ECHO }))
  if (answer === 'in a GraphQL error') server.script(() => ({ kind: 'body', body: ECHO }))
  return server
}

async function trained(run: Run): Promise<void> {
  for (let step = 0; step < 20; step++) run.log({ value: step }, step)
  run.updateConfig({ lr: 0.1 })
  run.updateSummary({ best: 1 })
  run.alert({ title: 'Loss', text: 'is high' })
  run.text('sample', 'words', 3)
  await run.finish({ timeoutMs: 10_000 })
}

const CASES = Object.keys(PLACES).flatMap((place) => ANSWERS.map((answer) => [place, answer] as const))

test.for(CASES)('a key from the %s that is %s', async ([place, answer]) => {
  const server = await serverThat(answer)
  const dir = temporaryDirectory()
  vi.stubEnv('WANDB_API_KEY', '')
  vi.stubEnv('NETRC', join(dir, 'no-netrc'))
  const options = PLACES[place]!(temporaryDirectory())
  const run = init({
    project: 'secret',
    dir,
    git: false,
    handleSignals: false,
    recover: false,
    sinks: ['jsonl', 'csv', 'tensorboard', { type: 'wandb', baseUrl: server.url, silent: true, ...options }],
  })
  await trained(run)
  // Else the key has not been where it could have been kept.
  expect(server.requests.length).toBeGreaterThan(0)
  if (answer === 'accepted') expect(server.run(run.id).complete).toBe(true)
  else expect(run.status().sinks.wandb!.lastError).not.toBeNull()
  const files = filesOf(run.dir)
  expect(files.map((file) => file.slice(run.dir.length + 1))).toEqual(
    expect.arrayContaining([
      'run.json',
      expect.stringMatching(/^journal/),
      expect.stringMatching(/^cursors/),
    ]),
  )
  const texts = [...files.map((file) => readFileSync(file, 'latin1')), JSON.stringify(run.status())]
  for (const text of texts) for (const form of FORMS) expect(text).not.toContain(form)
})
