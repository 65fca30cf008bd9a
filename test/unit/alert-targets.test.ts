/** What targets get over the wire, and what their answers mean for the alerts. Real servers on loopback. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { parseRule } from '../../src/alerts/options/rules.js'
import type { AlertRule, ResolvedTarget } from '../../src/alerts/types.js'
import { createSink } from '../../src/sinks/alerts/target-sink.js'
import type { SinkError } from '../../src/sinks/errors.js'
import type { Sink, SinkState } from '../../src/sinks/sink.js'
import { startSmtpServer } from '../support/smtp-server.js'
import { startWebhookServer } from '../support/webhook-server.js'
import { BatchBuilder, type RowLiteral, START_TIME } from './support/batches.js'
import { COMPLETED, committedState, runDirectory, sinkContext } from './support/sink-run.js'

const NAN_ROW: RowLiteral = { metrics: { loss: Number.NaN }, step: 7 }
const RULES: AlertRule[] = [{ when: 'nan', coolDownMs: 0 }]

interface Opened {
  readonly sink: Sink
  readonly warnings: string[]
  readonly runDir: string
  write(...rows: RowLiteral[]): Promise<{ rejected?: readonly object[] | undefined; state: SinkState }>
}

async function opened(
  target: Partial<ResolvedTarget>,
  url: string | undefined,
  { rules = RULES, runDir = runDirectory(), state = null as SinkState | null, headers = {} } = {},
): Promise<Opened> {
  const sink = createSink()
  const warnings: string[] = []
  const options = {
    rules: rules.map((rule) => parseRule(rule, () => {})),
    target: { type: 'webhook', name: 'hook', env: 'OFFSTEP_TEST_TARGET', ...target },
    ...(url !== undefined && { secrets: { url, headers } }),
  }
  const warn = (_: string, message: string) => void warnings.push(message)
  await sink.open(sinkContext(runDir, { options, warn }), state)
  onTestFinished(() => sink.close({ status: 'running', endTime: 0 }))
  const builder = new BatchBuilder()
  return { sink, warnings, runDir, write: (...rows) => sink.write(builder.batchOf(rows)) }
}

const errorOf = async (work: Promise<unknown>): Promise<SinkError> => {
  try {
    await work
  } catch (error) {
    expect(String(error)).not.toContain('S3CR3T')
    return error as SinkError
  }
  throw new Error('it did not fail')
}

test('a webhook gets all there is of an alert, with a key that names it, and the login and headers of the user', async () => {
  const server = await startWebhookServer()
  const url = server.url.replace('://', '://me:S3CR3T@')
  const run = await opened({}, url, { headers: { 'x-token': 't' } })
  await run.write(NAN_ROW)
  expect(server.posted).toMatchObject([
    {
      path: '/services/S3CR3T-PATH?v=1',
      headers: {
        'content-type': 'application/json',
        'x-token': 't',
        authorization: `Basic ${Buffer.from('me:S3CR3T').toString('base64')}`,
      },
      body: {
        id: 'baseline_20241119_070640_0123abcd/0/0',
        rule: 'nan',
        title: 'loss is NaN',
        text: 'loss is NaN at step 7.',
        level: 'error',
        metric: 'loss',
        step: 7,
        time: new Date(START_TIME).toISOString(),
        run: { id: 'baseline_20241119_070640_0123abcd', name: 'baseline', project: 'tinystories' },
      },
    },
  ])
  expect(server.keys).toEqual(['baseline_20241119_070640_0123abcd/0/0'])
})

test('Slack gets its own three characters escaped, and Discord may ping nobody', async () => {
  const server = await startWebhookServer()
  const rules = [{ when: 'nan' as const, title: '<!channel> & @everyone\nnow' }]
  await (await opened({ type: 'slack' }, server.url, { rules })).write(NAN_ROW)
  await (await opened({ type: 'discord' }, server.url, { rules })).write(NAN_ROW)
  const [slack, discord] = server.posted.map(({ body }) => body)
  expect(slack!.text).toMatch(
    /^\*ERROR: &lt;!channel&gt; &amp; @everyone now\*\nloss is NaN at step 7\.\nrun /,
  )
  expect(discord).toMatchObject({ allowed_mentions: { parse: [] } })
  expect(discord!.content).toMatch(/^\*\*ERROR: <!channel> & @everyone now\*\*/)
})

test('a template is filled, a string that is one name with the value itself', async () => {
  const server = await startWebhookServer()
  const template = {
    summary: '{{title}} in {{ run.name }}: {{nothing}}',
    at: ['{{step}}'],
    value: '{{value}}',
  }
  await (await opened({ template }, server.url)).write(NAN_ROW)
  expect(server.posted[0]!.body).toEqual({
    summary: 'loss is NaN in baseline: {{nothing}}',
    at: [7],
    value: null,
  })
})

test.each([
  [500, 'retry', 0],
  [503, 'retry', 0],
  [429, 'retry', 2000],
  [404, 'pause', undefined],
  [403, 'pause', undefined],
  [302, 'pause', undefined],
])('an answer of %d means: %s', async (status, action, waitMs) => {
  const server = await startWebhookServer()
  server.script.push({
    status,
    headers: status === 429 ? { 'retry-after': '2' } : { location: '/elsewhere' },
  })
  const run = await opened({}, server.url)
  const error = await errorOf(run.write(NAN_ROW))
  expect(error).toMatchObject({ action, ...(waitMs !== undefined && { retryAfterMs: waitMs }) })
  expect(error.message).toContain(`the webhook of "hook" (127.0.0.1`)
  expect(error.message).toContain(`answers ${status}`)
})

test('an answer of 400 is about the alert: its row is a dead letter, and the next alert is sent', async () => {
  const server = await startWebhookServer()
  server.script.push(400)
  const run = await opened({}, server.url)
  const result = await run.write({ metrics: { loss: 1 } }, NAN_ROW)
  expect(result.rejected).toMatchObject([{ row: 1, cause: 'HTTP_400' }])
  await run.write({ metrics: { loss: 1 } })
  await run.write(NAN_ROW)
  expect(server.posted).toHaveLength(2)
  expect(run.warnings).toHaveLength(1)
})

test('a server that is not there, or drops the connection, is tried again later', async () => {
  const server = await startWebhookServer()
  server.script.push('drop')
  const run = await opened({}, server.url)
  expect(await errorOf(run.write(NAN_ROW))).toMatchObject({ action: 'retry' })
  const { url } = server
  await server.close()
  const other = await opened({}, url)
  expect(await errorOf(other.write(NAN_ROW))).toMatchObject({ action: 'retry', code: 'ECONNREFUSED' })
  await server.listen()
})

test('a batch with two alerts is split, so that each is committed alone', async () => {
  const server = await startWebhookServer()
  const run = await opened({}, server.url)
  const rows = [NAN_ROW, { metrics: { loss: 1 } }, NAN_ROW]
  expect(await errorOf(run.write(...rows))).toMatchObject({ action: 'split' })
  expect(server.posted).toEqual([])
})

test('what was sent is not sent again where only the commit failed, and is after a crash, with the same key', async () => {
  const server = await startWebhookServer()
  const run = await opened({}, server.url)
  await run.write(NAN_ROW)
  const options = {
    rules: RULES.map((rule) => parseRule(rule, () => {})),
    target: { type: 'webhook', name: 'hook', env: 'X' },
    secrets: { url: server.url },
  }
  await run.sink.open(sinkContext(run.runDir, { options }), null)
  await run.write(NAN_ROW)
  expect(server.keys).toHaveLength(1)
  await (await opened({}, server.url)).write(NAN_ROW)
  expect(new Set(server.keys).size).toBe(1)
  expect(server.keys).toHaveLength(2)
})

test('the end of a run is told once, however often the sink is closed, and only where a rule is about its status', async () => {
  const server = await startWebhookServer()
  const rules: AlertRule[] = [{ when: 'heartbeat' }, { when: 'finished', statuses: ['completed', 'crashed'] }]
  const runDir = runDirectory()
  for (const status of ['completed', 'completed', 'killed', 'crashed'] as const) {
    const run = await opened({}, server.url, { rules, runDir })
    await run.sink.close({ ...COMPLETED, status })
  }
  expect(server.posted.map(({ body }) => [body.title, body.level])).toEqual([
    ['baseline: the run has completed', 'info'],
    ['baseline: the run has crashed', 'error'],
  ])
  expect(JSON.parse(readFileSync(join(runDir, 'alerts', 'alert-hook.json'), 'utf8'))).toMatchObject({
    status: 'crashed',
  })
})

test('a rule goes to the targets that it names', async () => {
  const server = await startWebhookServer()
  const rules: AlertRule[] = [
    { when: 'nan', targets: ['other'] },
    { when: 'threshold', metric: 'loss', above: 1, targets: ['hook'] },
  ]
  const run = await opened({}, server.url, { rules })
  await run.write(NAN_ROW, { metrics: { loss: 2 } })
  expect(server.posted.map(({ body }) => body.rule)).toEqual(['threshold'])
})

test('without an address (run.json has none) it waits for the variable that is named', async () => {
  const error = await errorOf(opened({}, undefined))
  expect(error).toMatchObject({ action: 'pause', code: 'ALERT_ADDRESS' })
  expect(error.message).toContain('OFFSTEP_TEST_TARGET is not set')
})

test('state is plain JSON from which the next process goes on', async () => {
  const server = await startWebhookServer()
  const { state } = await (await opened({}, server.url)).write(NAN_ROW)
  const next = await opened({}, server.url, { state: committedState(state) })
  await next.write(NAN_ROW)
  expect(server.posted).toHaveLength(1)
})

const EMAIL = { type: 'email', name: 'mail', to: ['you@example.org', 'me@example.org'] } as const

test('a mail goes to each recipient, with the login of its URL, and an id that is the same when it is sent again', async () => {
  const server = await startSmtpServer()
  server.require('bot@example.org', 'S3CR3T')
  for (let times = 0; times < 2; times++) await (await opened(EMAIL, server.url)).write(NAN_ROW)
  const [mail, again] = server.mails
  expect(mail).toMatchObject({ from: 'bot@example.org', to: EMAIL.to })
  expect(mail!.data).toContain('Subject: [offstep] loss is NaN (baseline)')
  expect(mail!.data).toContain('loss is NaN at step 7.')
  const idOf = (data: string) => /^Message-ID: (.*)$/im.exec(data)?.[1]
  expect(idOf(mail!.data)).toMatch(/^<[0-9a-f]{32}@offstep>$/)
  expect(idOf(again!.data)).toBe(idOf(mail!.data))
})

test('a wrong login waits for a person, and the server may repeat it: no message does', async () => {
  const server = await startSmtpServer()
  server.require('bot', 'right')
  const url = server.url.replace('right', 'S3CR3T')
  const error = await errorOf((await opened(EMAIL, url)).write(NAN_ROW))
  expect(error).toMatchObject({ action: 'pause', code: 'EAUTH' })
})

test('a mail that the server puts off is sent again, one that nobody gets is a dead letter', async () => {
  const server = await startSmtpServer()
  server.script.push('451 later')
  const run = await opened(EMAIL, server.url)
  expect(await errorOf(run.write(NAN_ROW))).toMatchObject({ action: 'retry' })
  await run.write(NAN_ROW)
  expect(server.mails).toHaveLength(1)
  for (const address of EMAIL.to) server.unknown.add(address)
  const refused = await (await opened(EMAIL, server.url)).write(NAN_ROW)
  expect(refused.rejected).toMatchObject([{ cause: 'EENVELOPE' }])
})
