/** Alerts of real runs: each is told once, to everybody, whatever dies or does not answer meanwhile. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { init, type RunOptions, resume } from '../../dist/src/index.js'
import { recoverRun } from '../../dist/src/recovery/recover-run.js'
import type { LiveRun } from '../../dist/src/run/live-run.js'
import { verifyRun } from '../../dist/src/runs.js'
import { temporaryDirectory } from '../support/directory.js'
import { mediaIn } from '../support/media-records.js'
import { startProgram } from '../support/program.js'
import { until } from '../support/until.js'
import { startWandbServer, TEST_KEY, type WandbServer } from '../support/wandb-server/server.js'
import { startWebhookServer } from '../support/webhook-server.js'

const start = (options: RunOptions = {}): LiveRun =>
  init({
    dir: temporaryDirectory(),
    git: false,
    handleSignals: false,
    recover: false,
    sinks: ['jsonl'],
    monitor: { system: false },
    ...options,
  }) as LiveRun

const log = (run: { dir: string }): string[] =>
  (existsSync(join(run.dir, 'training.log')) ? readFileSync(join(run.dir, 'training.log'), 'utf8') : '')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => (JSON.parse(line) as { msg: string }).msg)

const alertsIn = (run: { dir: string }): string[] => log(run).filter((line) => line.startsWith('ALERT'))

/** None where the run is not there yet. */
function alertsAt(server: WandbServer, id: string) {
  try {
    return server.run(id).alerts
  } catch {
    return []
  }
}

/** All that a run keeps, in one text. */
const everythingIn = (dir: string): string =>
  readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'latin1'))
    .join('\n')

test('an alert is a record, a line of the log, a call of onAlert and a message, each once; and asks to stop', async () => {
  const server = await startWebhookServer()
  const heard: string[] = []
  const run = start({
    alerts: [{ when: 'nan', stop: true }, { when: 'finished' }],
    alertTargets: [{ type: 'webhook', url: server.url }],
    onAlert: ({ title }) => heard.push(title),
  })
  run.log({ loss: 1 }, 0)
  run.log({ loss: Number.NaN }, 1)
  await until('the loop is asked to stop', () => run.stopRequested)
  await until('onAlert was called', () => heard.length === 1)
  await until('the record is there', () => mediaIn(run.dir).length === 1)
  run.log({ loss: Number.NaN }, 2)
  const { sinks } = await run.finish({ status: 'failed' })
  const ended = 'run: the run has failed'
  await until('onAlert was called again', () => heard.length === 2)
  expect(heard).toEqual(['loss is NaN', ended])
  expect(server.posted.map(({ body }) => body.title)).toEqual(['loss is NaN', ended])
  expect(mediaIn(run.dir).map(({ step, record }) => [step, record.kind, record.value])).toMatchObject([
    [1, 'alert', { title: 'loss is NaN', level: 'error', waitMs: 600_000, rule: { index: 0 } }],
  ])
  expect(alertsIn(run)).toEqual([
    'ALERT (error) loss is NaN: loss is NaN at step 1.',
    expect.stringMatching(/^ALERT \(error\) run: the run has failed: It ended at /),
  ])
  expect(sinks['alert-webhook']).toMatchObject({ delivered: 4, pending: 0 })
  expect(everythingIn(run.dir)).not.toContain('S3CR3T')
  expect(await verifyRun(run.dir)).toMatchObject({ sound: true })
})

test('W&B gets the alerts of rules, from the journal', async () => {
  const server = await startWandbServer()
  onTestFinished(() => server.stop())
  const run = start({
    sinks: [{ type: 'wandb', baseUrl: server.url, apiKey: TEST_KEY }],
    captureConsole: false,
    alerts: [{ when: 'threshold', metric: 'loss', above: 1, coolDownMs: 0, level: 'info' }],
  })
  for (const [step, loss] of [2, 0, 3].entries()) run.log({ loss }, step)
  await until('W&B has both', () => alertsAt(server, run.id).length === 2)
  await run.finish()
  expect(alertsAt(server, run.id).map(({ title, text, severity }) => [title, text, severity])).toEqual([
    ['loss is above 1', 'loss is 2, above 1.', 'INFO'],
    ['loss is above 1', 'loss is 3, above 1.', 'INFO'],
  ])
})

test('run.alert() goes to the targets too, with no rule at all', async () => {
  const server = await startWebhookServer()
  const run = start({ alertTargets: [{ type: 'webhook', url: server.url }] })
  run.alert({ title: 'look', text: 'at this', level: 'warn' })
  run.alert({ title: 'look', text: 'again' })
  await run.finish()
  expect(server.posted.map(({ body }) => [body.rule, body.title, body.text])).toEqual([
    ['alert', 'look', 'at this'],
  ])
  expect(alertsIn(run)).toEqual(['ALERT (warn) look: at this'])
})

test('a webhook that answers 500 is tried again, told of in one sentence, and holds up nobody', async () => {
  const server = await startWebhookServer()
  server.status = 500
  const run = start({
    alerts: [{ when: 'nan' }],
    alertTargets: ['terminal', { type: 'webhook', url: server.url }],
  })
  run.log({ loss: Number.NaN }, 0)
  await until('it was tried again', () => server.posted.length >= 3)
  for (let step = 1; step < 100; step++) run.log({ loss: 1 }, step)
  await until('others have everything', () => run.status().sinks.jsonl!.delivered >= 100)
  expect(run.status().sinks['alert-webhook']).toMatchObject({ delivered: 0 })
  expect(run.status().sinks['alert-webhook']!.lastError).toContain('answers 500')
  server.status = 200
  expect(await run.finish()).toMatchObject({ reached: true })
  expect(new Set(server.keys).size).toBe(1)
  expect(log(run).filter((line) => line.includes('answers 500'))).toHaveLength(1)
})

test('what onAlert throws is no affair of the training', async () => {
  const heard: string[] = []
  const run = start({
    alerts: [{ when: 'threshold', metric: 'loss', above: 1, coolDownMs: 0 }],
    onAlert: ({ id }) => {
      heard.push(id)
      throw new Error('mine')
    },
  })
  for (const loss of [2, 0, 2]) run.log({ loss })
  await until('both were heard', () => heard.length === 2)
  await run.finish()
  expect(heard.map((id) => id.replace(/^.*?\//, ''))).toEqual(['0/0', '0/1'])
})

test('a rule on a metric that never comes is one sentence at the end, with the name that was meant', async () => {
  const run = start({ alerts: [{ when: 'threshold', metric: 'val_los', below: 1 }, { when: 'nan' }] })
  run.log({ val_loss: 1 })
  await run.finish()
  expect(log(run).filter((line) => line.includes('alerts['))).toEqual([
    'alerts: alerts[0] ("threshold") looks at "val_los", which was never logged (did you mean "val_loss"?)',
  ])
})

test('a thread that dies with an alert in hand repeats none and loses none', async () => {
  const server = await startWebhookServer()
  const heard: string[] = []
  const run = start({
    alerts: [{ when: 'threshold', metric: 'loss', above: 1, coolDownMs: 0 }],
    alertTargets: [{ type: 'webhook', url: server.url }],
    onAlert: ({ id }) => heard.push(id),
  })
  const expected: number[] = []
  for (let round = 0; round < 12; round++) {
    run.log({ loss: 2 }, round)
    run.log({ loss: 0 }, round)
    expected.push(round)
    run.post({ type: 'kill-thread', pool: round % 2 === 0 ? 'deliver' : 'custom' })
    await run.flush()
  }
  await until('all are records', () => mediaIn(run.dir).length === expected.length)
  await until('all were heard', () => heard.length === expected.length)
  await run.finish()
  const numbers = (ids: readonly string[]): number[] => ids.map((id) => Number(id.split('/').at(-1)))
  expect(numbers(heard)).toEqual(expected)
  // A message may come twice, with the key that it had, and none is missing.
  expect([...new Set(numbers(server.keys))]).toEqual(expected)
  expect(mediaIn(run.dir).map(({ record }) => record.kind === 'alert' && record.value!.rule!.id)).toEqual(
    heard,
  )
})

test('a daemon that dies takes no alert with it', async () => {
  const run = start({ alerts: [{ when: 'nan' }] })
  run.log({ loss: 1 })
  await run.flush()
  const dead = run.worker
  run.log({ loss: Number.NaN })
  await dead.terminate()
  await until('there is another daemon', () => run.worker !== dead)
  await until('the alert is a record', () => mediaIn(run.dir).length > 0)
  await run.finish()
  expect(mediaIn(run.dir)).toHaveLength(1)
  expect(alertsIn(run)).toHaveLength(1)
})

test('a disk with too little room, silence and a failing sink are alerts of the daemon, once each', async () => {
  const server = await startWebhookServer()
  server.status = 401
  const run = start({
    alerts: [
      { when: 'disk-low', freeBytes: 2 ** 50, title: 'disk' },
      { when: 'heartbeat', afterMs: 1000, title: 'silence' },
      { when: 'sink-failing', title: 'sink' },
    ],
    alertTargets: [{ type: 'webhook', url: server.url }],
  })
  run.log({ loss: 1 })
  await until('all three are in the log', () => alertsIn(run).length === 3)
  await run.finish({ timeoutMs: 3000 })
  expect(
    alertsIn(run)
      .map((line) => line.split(/[:)] ?/)[1])
      .sort(),
  ).toEqual(['disk', 'silence', 'sink'])
  expect(alertsIn(run).join()).toContain('alert-webhook: the webhook of "webhook" (127.0.0.1')
  expect(mediaIn(run.dir)).toHaveLength(3)
})

test('a process that is killed before the webhook answers: whoever recovers the run sends its alerts, and that it died', async () => {
  const server = await startWebhookServer()
  server.status = 503
  const dir = temporaryDirectory()
  const env = { OFFSTEP_ALERT_WEBHOOK: server.url }
  const program = startProgram('alerts/diverging.mjs', { dir, env })
  await program.waitFor('diverged')
  await until('it was tried', () => server.posted.length >= 1)
  program.kill('SIGKILL')
  await program.ended
  const tried = server.posted.length
  server.status = 200
  const runDir = join(dir, 'default', 'child')
  expect(everythingIn(runDir)).not.toContain('S3CR3T')
  const without = await recoverRun(runDir)
  expect(without.failed['alert-webhook']?.message).toContain('OFFSTEP_ALERT_WEBHOOK is not set')
  process.env.OFFSTEP_ALERT_WEBHOOK = server.url
  try {
    for (let times = 0; times < 2; times++) expect(await recoverRun(runDir)).toMatchObject({ complete: true })
  } finally {
    delete process.env.OFFSTEP_ALERT_WEBHOOK
  }
  expect(server.posted.slice(tried).map(({ body }) => body.title)).toEqual([
    'loss is NaN',
    'run: the run has crashed',
  ])
  expect(alertsIn({ dir: runDir }).some((line) => line.includes('has crashed'))).toBe(true)
})

test('a process that is killed between the answer and the commit: the alert comes again, with the same key', async () => {
  const server = await startWebhookServer()
  const dir = temporaryDirectory()
  const env = { OFFSTEP_ALERT_WEBHOOK: server.url }
  const program = startProgram('alerts/diverging.mjs', { dir, env })
  // Before the answer is on its way: the process never hears that the server has it.
  server.onRequest = () => program.kill('SIGKILL')
  await program.ended
  server.onRequest = () => {}
  process.env.OFFSTEP_ALERT_WEBHOOK = server.url
  try {
    await recoverRun(join(dir, 'default', 'child'))
  } finally {
    delete process.env.OFFSTEP_ALERT_WEBHOOK
  }
  const [first, again, crashed] = server.keys
  expect(again).toBe(first)
  expect(crashed).toMatch(/crashed/)
  expect(server.keys).toHaveLength(3)
})

test('an alert that is found while the run ends is told, and that it could not be recorded is said', async () => {
  const run = start({ alerts: [{ when: 'nan' }] })
  run.log({ loss: Number.NaN }, 0)
  await run.finish()
  expect(alertsIn(run)).toHaveLength(1)
  const records = mediaIn(run.dir).length
  expect(log(run).filter((line) => line.includes('too soon to record 1 alert '))).toHaveLength(1 - records)
})

test('an alert that was told as the run ended is not told again by the run that goes on: it gets its record', async () => {
  const first = start({ alerts: [{ when: 'threshold', metric: 'a', above: 3, coolDownMs: 0 }] })
  for (let step = 0; step < 6; step++) first.log({ a: step }, step)
  await first.finish()
  expect(alertsIn(first)).toEqual([expect.stringContaining('a is above 3')])
  const heard: number[] = []
  const run = await resume({
    run: first.dir,
    handleSignals: false,
    onAlert: ({ step }) => void heard.push(step ?? -1),
  })
  run.log({ a: 1 }, 6)
  await run.flush({ level: 'delivered', timeoutMs: 10_000 })
  run.log({ a: 9 }, 7)
  await until('the second one is heard', () => heard.length > 0)
  await run.finish()
  expect(heard).toEqual([7])
  expect(alertsIn(run)).toHaveLength(2)
  expect(mediaIn(run.dir).length).toBeGreaterThanOrEqual(1)
})

test('a run that is resumed keeps its rules and repeats no alert', async () => {
  const server = await startWebhookServer()
  const dir = temporaryDirectory()
  process.env.OFFSTEP_ALERT_WEBHOOK = server.url
  onTestFinished(() => {
    delete process.env.OFFSTEP_ALERT_WEBHOOK
  })
  const program = startProgram('alerts/diverging.mjs', { dir })
  await program.waitFor('diverged')
  const runDir = join(dir, 'default', 'child')
  const cursor = join(runDir, 'cursors', 'alert-webhook.json')
  const isTold = () => existsSync(cursor) && JSON.parse(readFileSync(cursor, 'utf8')).counts.delivered > 5
  await until('it is told, and committed', isTold)
  program.kill('SIGKILL')
  await program.ended
  await recoverRun(runDir)
  const heard: string[] = []
  const run = await resume({ run: runDir, handleSignals: false, onAlert: ({ title }) => heard.push(title) })
  run.log({ loss: 1 })
  run.log({ loss: Number.NaN })
  await run.finish()
  const [nan, crashed, ...more] = server.posted.map(({ body }) => body.title)
  expect([nan, crashed]).toEqual(['loss is NaN', 'run: the run has crashed'])
  // The second NaN is within the cool-down of the first.
  expect(more).toEqual([])
  expect(run.status().sinks['alert-webhook']).toMatchObject({ pending: 0 })
  expect(heard).toEqual([])
})
