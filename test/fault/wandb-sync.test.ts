/** `offstep sync` as a child process, of runs that were offline at W&B, against the scripted server. */
import { cpSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { makeRun, offstep, startOffstep } from '../support/command-line.js'
import { temporaryDirectory } from '../support/directory.js'
import { startProgram } from '../support/program.js'
import { countFromEnv, seededRandom } from '../support/random.js'
import { runFile } from '../support/run-files.js'
import { until } from '../support/until.js'
import { startWandbServer, TEST_KEY, type WandbServer } from '../support/wandb-server/server.js'

const KILLS = countFromEnv('OFFSTEP_WANDB_SYNC_KILLS', 6)
const SEED = countFromEnv('OFFSTEP_SYNC_SEED', Date.now() % 1_000_000)
/** docs/decisions/016-wandb-steps.md */
const OPEN_LINES = 64
const OFFLINE = { type: 'wandb', mode: 'offline' }

async function started() {
  const server = await startWandbServer()
  onTestFinished(() => server.close())
  const dir = temporaryDirectory()
  const env = {
    WANDB_BASE_URL: server.url,
    WANDB_API_KEY: TEST_KEY,
    NO_PROXY: '127.0.0.1',
    // What a cluster without a way out has in every shell.
    WANDB_MODE: 'offline',
  }
  const sync = (args: readonly (string | number)[] = [], more: Record<string, string> = {}) =>
    offstep(['sync', ...args], { dir, env: { ...env, ...more } })
  return { server, dir, env, sync }
}

type Started = Awaited<ReturnType<typeof started>>

/** Rows 0 .. count - 1, as W&B must have them. */
function expectRows(server: WandbServer, count: number, id = 'r'): void {
  expect(server.errors).toEqual([])
  const { history } = server.run(id)
  expect(history.map(({ _step, value }) => [_step, value])).toEqual(
    Array.from({ length: count }, (_, row) => [row, row]),
  )
}

/** What fixtures/wandb/everything.mjs has told. */
function expectEverything(server: WandbServer, steps: number): void {
  expectRows(server, steps)
  const { history, files, config, summary, console, alerts } = server.run('r')
  const pictures = history.flatMap(({ picture }) => (picture as { path: string } | undefined)?.path ?? [])
  expect(pictures).toHaveLength(steps / 10)
  expect(new Set(pictures.map((path) => files.get(path)!.toString('hex'))).size).toBe(steps / 10)
  expect(files.get('notes.txt')?.toString()).toBe('kept')
  expect(config).toMatchObject({ lr: { value: 0.1 }, layers: { value: [1, 2] } })
  expect(summary).toMatchObject({ value: steps - 1, loss: { min: 11 - steps }, note: 'best so far' })
  expect(console.map((line) => line!.slice(27))).toEqual(['first line'])
  expect(alerts.map(({ title }) => title)).toContain('done')
  const { artifacts } = server.backend
  expect(artifacts.committed.map(({ collection }) => collection)).toEqual(['model'])
  expect(artifacts.committed[0]!.files.size).toBe(1)
}

const logOf = (runDir: string): string[] =>
  readdirSync(join(runDir, 'wandb'), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.wandb/.test(name))
    .sort()

describe('a run that was offline', () => {
  test('is uploaded whole by `offstep sync`, which tells its address; the next time nothing is sent', async () => {
    const { server, dir, sync } = await started()
    await makeRun(dir, { id: 'r', rows: 500, end: 'completed', sinks: [OFFLINE] })
    const { code, stdout, stderr } = await sync()
    expect({ code, stderr }).toMatchObject({ code: 0 })
    expect(stdout).toContain(`View r at ${server.url}/test-entity/default/runs/r\n`)
    expect(stdout).toMatch(/wandb-upload +500 +0 +0/)
    expectRows(server, 500)
    expect(server.run('r')).toMatchObject({
      complete: true,
      exitCode: 0,
      summary: { _step: 499, value: 499 },
    })

    const before = server.requests.length
    expect((await sync()).stdout).toContain('Nothing is pending')
    expect(await sync(['r'])).toMatchObject({ code: 0 })
    expect(await sync(['--all', '--sink', 'wandb'])).toMatchObject({ code: 0 })
    expect(server.requests.length).toBe(before)
  })

  test('whose process died is completed, uploaded, and left out by `wandb sync` from then on', async () => {
    const { server, dir, sync } = await started()
    const run = await makeRun(dir, { id: 'r', rows: 300, end: 'kill', sinks: [OFFLINE] })
    expect(await sync()).toMatchObject({ code: 0 })
    expectRows(server, 300)
    expect(server.run('r')).toMatchObject({ complete: true, exitCode: 1 })
    expect(runFile(run.dir)).toMatchObject({ status: 'crashed', delivered: true })
    expect(runFile(run.dir).sinks.map(({ name }) => name)).not.toContain('wandb-upload')
    expect(logOf(run.dir)).toEqual([
      expect.stringMatching(/run-r\.wandb$/),
      expect.stringMatching(/run-r\.wandb\.synced$/),
    ])
  })

  test('whose journal is damaged is not left out by `wandb sync`, whose log has more', async () => {
    const { dir, sync } = await started()
    const run = await makeRun(dir, { id: 'r', rows: 300, end: 'completed', sinks: [OFFLINE] })
    const journal = join(run.dir, 'journal')
    for (const name of readdirSync(journal)) writeFileSync(join(journal, name), Buffer.alloc(100, 7))
    await sync()
    expect(logOf(run.dir)).toEqual([expect.stringMatching(/run-r\.wandb$/)])
  })

  test('is uploaded with its pictures, files, artifacts, console, alerts and parameters', async () => {
    const { server, dir, sync } = await started()
    const program = startProgram('wandb/everything.mjs', { args: [100], dir })
    expect(await program.ended).toMatchObject({ code: 0 })
    expect(await sync()).toMatchObject({ code: 0 })
    expectEverything(server, 100)
    expect(await offstep(['verify', 'r'], { dir })).toMatchObject({ code: 0 })
  })

  test('keeps the names that it has begun with, whatever the environment says now', async () => {
    const { server, dir, sync } = await started()
    const sink = { ...OFFLINE, id: 'chosen', project: 'p', entity: 'a-team', tags: ['one'], group: 'g' }
    await makeRun(dir, { id: 'r', rows: 10, end: 'completed', sinks: [sink] })
    const now = { WANDB_PROJECT: 'q', WANDB_RUN_ID: 'other', WANDB_TAGS: 'two', WANDB_RESUME: 'must' }
    expect(await sync(['r'], now)).toMatchObject({ code: 0 })
    expectRows(server, 10, 'chosen')
    const { project, entity, fields } = server.run('chosen')
    expect({ project, entity, fields }).toMatchObject({
      project: 'p',
      entity: 'a-team',
      fields: { tags: ['one'], groupName: 'g' },
    })
  })

  test('that was copied and went on is uploaded with what is new alone', async () => {
    const { server, dir, sync } = await started()
    const elsewhere = temporaryDirectory()
    const program = startProgram('wandb/two-parts.mjs', { args: [200], dir: elsewhere })
    const copy = () => {
      cpSync(elsewhere, dir, { recursive: true })
      // The copy is nobody's.
      rmSync(join(dir, 'default', 'r', 'lock'), { recursive: true, force: true })
    }
    await program.waitFor('logged')
    copy()
    expect(await sync()).toMatchObject({ code: 0 })
    expectRows(server, 200)
    const sent = server.requestsOf('file_stream').length

    program.kill('SIGUSR2')
    await program.ended
    copy()
    server.run('r').reopen()
    expect(await sync()).toMatchObject({ code: 0 })
    expectRows(server, 400)
    expect(server.run('r')).toMatchObject({ complete: true, exitCode: 0 })
    const offsets = server
      .requestsOf('file_stream')
      .slice(sent)
      .flatMap(({ files }) => files?.['wandb-history.jsonl']?.[0] ?? [])
    // The lines that were open for late rows come again, at the same numbers.
    expect(Math.min(...offsets)).toBeGreaterThanOrEqual(200 - OPEN_LINES)
  })

  test('is uploaded by --watch, once', async () => {
    const { server, dir, env } = await started()
    await makeRun(dir, { id: 'r', rows: 20, end: 'completed', sinks: [OFFLINE] })
    const program = startOffstep(['sync', '--watch', '--interval', 0.05], { dir, env })
    await until('the upload is told', () => program.stdout.includes('done default/r') || !program.running)
    const before = server.requests.length
    await makeRun(dir, { id: 'other', rows: 20, end: 'completed', sinks: [OFFLINE] })
    await until('the other is told', () => program.stdout.includes('done default/other') || !program.running)
    program.kill('SIGINT')
    expect(await program.ended).toMatchObject({ code: 130 })
    expectRows(server, 20)
    expectRows(server, 20, 'other')
    expect(server.requests.slice(before).filter(({ run }) => run === 'r')).toEqual([])
  })

  test('is left offline with --no-upload, or where other sinks are asked for', async () => {
    const { server, dir, sync } = await started()
    await makeRun(dir, { id: 'r', rows: 10, end: 'kill', sinks: [OFFLINE] })
    expect(await sync(['--no-upload'])).toMatchObject({ code: 0 })
    expect(await sync(['--all', '--sink', 'csv'])).toMatchObject({ code: 0 })
    expect(server.requests).toEqual([])
  })

  test('is left offline by the next run, which completes it', async () => {
    const { server, dir, env } = await started()
    const killed = await makeRun(dir, { id: 'r', rows: 10, end: 'kill', sinks: [OFFLINE] })
    const program = startProgram('wandb/next-run.mjs', { dir, env: { ...env, WANDB_MODE: '' } })
    await program.ended
    expect(runFile(killed.dir)).toMatchObject({ status: 'crashed', delivered: true })
    expect(server.requests).toEqual([])
  })
})

describe('a run that had no sink "wandb"', () => {
  test('is uploaded with --sink wandb, also where WANDB_MODE says offline', async () => {
    const { server, dir, sync } = await started()
    await makeRun(dir, { id: 'r', rows: 50, end: 'completed', sinks: ['jsonl'] })
    expect(await sync(['r', '--sink', 'wandb'])).toMatchObject({ code: 0 })
    expectRows(server, 50)
    const before = server.requestsOf('file_stream').length
    expect(await sync(['r', '--sink', 'wandb'])).toMatchObject({ code: 0 })
    expect(server.requestsOf('file_stream').length).toBe(before)
  })
})

describe('what stands in the way', () => {
  const problems = [
    { what: 'no key', env: { WANDB_API_KEY: '' }, says: /there is no W&B API key for 127\.0\.0\.1/ },
    { what: 'a wrong key', env: { WANDB_API_KEY: 'f'.repeat(40) }, says: /W&B does not accept the API key/ },
  ]
  test.for(problems)('$what is one sentence that names it, and exit code 1', async ({ env, says }) => {
    const { server, dir, sync } = await started()
    await makeRun(dir, { id: 'r', rows: 20, end: 'completed', sinks: [OFFLINE] })
    const refused = await sync(['r'], env)
    expect(refused.code).toBe(1)
    // A narrow screen breaks the sentence.
    expect(refused.stdout.replace(/\s+/g, ' ')).toMatch(says)
    expect(refused.stdout + refused.stderr).not.toContain('ffffffff')
    expect(refused.stdout).toContain('run offstep sync again')
    expect(await sync(['r'])).toMatchObject({ code: 0 })
    expectRows(server, 20)
  })

  test('a run that continues another, and that `wandb sync` has uploaded, is not there twice', async () => {
    const { server, dir, sync } = await started()
    const sink = { ...OFFLINE, id: 'older', resume: 'allow' }
    const run = await makeRun(dir, { id: 'r', rows: 20, end: 'completed', sinks: [sink] })
    const [log] = logOf(run.dir)
    writeFileSync(join(run.dir, 'wandb', `${log}.synced`), '')
    expect((await sync()).stdout).toContain('Nothing is pending')
    const named = await sync(['r'])
    expect(named.code).toBe(1)
    expect(named.stdout.replace(/\s+/g, ' ')).toContain('behind those of the run "older" already')
    expect(server.requestsOf('file_stream')).toEqual([])
  })

  test('a server that is down leaves the upload for later, where it goes on', async () => {
    const { server, dir, sync } = await started()
    await makeRun(dir, { id: 'r', rows: 20, end: 'completed', sinks: [OFFLINE] })
    await server.stop()
    const down = await sync(['--retries', 0])
    expect(down.code).toBe(1)
    expect(down.stdout).toMatch(/wandb-upload +0 +0 +20/)
    await server.start()
    expect(await sync()).toMatchObject({ code: 0 })
    expectRows(server, 20)
  })
})

describe('kill -9 of the upload', () => {
  /** Kills `offstep sync` at one of its next requests, again and again; then lets it do its work. */
  async function syncThroughKills({ server, dir, env, sync }: Started, furthest: number): Promise<void> {
    const random = seededRandom(SEED)
    let completed = false
    for (let kill = 0; kill < KILLS; kill++) {
      const program = startOffstep(['sync'], { dir, env })
      let left = 1 + Math.floor(random() * furthest)
      server.onRequest = () => {
        if (--left <= 0) program.kill('SIGKILL')
      }
      await program.ended
      server.onRequest = () => {}
      if (server.backend.runs.length === 0) continue
      // The answer to what completed the run may not have come: it is sent again.
      completed ||= server.run('r').complete
      server.run('r').reopen()
    }
    expect(await sync()).toMatchObject({ code: 0 })
    expect(completed || server.run('r').complete).toBe(true)
  }

  test(`at any request, again and again, and W&B has each row once (seed ${SEED})`, async () => {
    const setup = await started()
    await makeRun(setup.dir, { id: 'r', rows: 30_000, end: 'kill', sinks: [OFFLINE] })
    await syncThroughKills(setup, 5)
    expectRows(setup.server, 30_000)
  })

  test(`at any request, and W&B has each file and artifact too (seed ${SEED})`, async () => {
    const setup = await started()
    const program = startProgram('wandb/everything.mjs', { args: [60, 'kill'], dir: setup.dir })
    expect(await program.ended).toMatchObject({ signal: 'SIGKILL' })
    await syncThroughKills(setup, 15)
    expectEverything(setup.server, 60)
  })
})
