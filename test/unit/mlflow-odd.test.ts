/** What real servers do with odd texts, paths and values, and with a proxy before them. */
import { createHash } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import type { MediaRecord } from '../../src/record/media.js'
import { createSink } from '../../src/sinks/mlflow/sink.js'
import { type MlflowRun, opened, type Parts, prepared, rowsOf } from '../support/mlflow-run.js'
import { newRun } from '../support/mlflow-script-run.js'
import type { RowLiteral } from './support/batches.js'
import { COMPLETED } from './support/sink-run.js'

const record = (kind: string, name: string, value: object, file?: object): RowLiteral => ({
  media: { kind, name, producer: 0, value, ...(file && { file }) } as MediaRecord,
})

function fileRow(run: MlflowRun, name: string, text = name): RowLiteral {
  const path = 'artifacts/files/saved'
  const target = join(run.context.runDir, path)
  mkdirSync(dirname(target), { recursive: true })
  writeFileSync(target, text)
  const sha256 = createHash('sha256').update(text).digest('hex')
  return record('file', name, { source: '/x' }, { path, bytes: Buffer.byteLength(text), sha256 })
}

const pathsOf = ({ server, stored }: MlflowRun): string[] =>
  [...server.files.keys()].map((path) => path.replace(`${stored.experimentId}/${stored.id}/artifacts/`, ''))

test('half a character and a NUL cost no more than themselves, and are no change when they come again', async () => {
  const odd = 'a\uD800b\0'
  const run = await opened({
    runFile: { config: { odd, after: 1 }, notes: odd, tags: [odd], name: odd },
    context: { runName: odd },
  })
  await run.write(record('summary', 'summary', { values: { [odd]: odd }, removed: [] }))
  const told = run.server.requests.length
  await run.crash()
  for (const { body } of run.server.requests) expect(`${body}`).not.toMatch(/\\ud8|\\u0000/i)
  expect(Object.fromEntries(run.stored.params)).toEqual({ odd: 'a\uFFFDb\uFFFD', after: '1' })
  expect(run.stored.tags.get('mlflow.note.content')).toBe('a\uFFFDb\uFFFD')
  expect(run.stored.name).toBe('a\uFFFDb\uFFFD')
  expect(run.server.requests.slice(told).map(({ path }) => path)).toEqual(['/api/2.0/mlflow/runs/get'])
  expect(run.warnings).toEqual([])
})

test('a name in the options goes with the password of the environment', async () => {
  const authorization = `Basic ${Buffer.from('ada:pw').toString('base64')}`
  const env = { MLFLOW_TRACKING_PASSWORD: 'pw', MLFLOW_TRACKING_TOKEN: 't' }
  const run = await opened({ authorization, env, options: { username: 'ada' } })
  expect(run.server.runs.size).toBe(1)
})

test('paths that servers decode twice, refuse or cannot hold are changed, no two to one', async () => {
  const run = await opened()
  const long = `${'ü'.repeat(150)}.bin`
  const names = ['w%41.bin', 'wA.bin', 'a#b', 'a_b', `deep/${long}`, 'plain name.txt']
  for (const [sequence, name] of names.entries()) await run.write({ ...fileRow(run, name), sequence })
  const paths = pathsOf(run)
  expect(new Set(paths).size).toBe(names.length)
  expect(paths).toEqual(expect.arrayContaining(['wA.bin', 'a_b', 'plain name.txt']))
  for (const path of paths) {
    expect(path).not.toMatch(/[%#]/)
    for (const part of path.split('/')) expect(Buffer.byteLength(part)).toBeLessThanOrEqual(200)
  }
  expect(paths.filter((path) => /^deep\/ü+-[0-9a-f]{8}\.bin$/.test(path))).toHaveLength(1)
})

test('the manifest of an artifact says where a file is whose path was changed', async () => {
  const run = await opened()
  const { media } = fileRow(run, 'x')
  const entries = [{ path: 'h#h', file: (media as { file: object }).file, md5: 'x' }]
  await run.write(record('artifact', 'net', { type: 'model', metadata: {}, aliases: [], entries }))
  const [path] = pathsOf(run).filter((name) => name.includes('/files/'))
  const manifest = [...run.server.files].find(([name]) => name.endsWith('artifact.json'))![1]
  const [entry] = JSON.parse(`${manifest}`).entries
  expect(entry.path).toBe('h#h')
  expect(path).toBe(`artifacts/model/net/v0/files/${entry.stored}`)
})

const failing = (count: number, on: string) => Array.from({ length: count }, () => ({ on, status: 500 }))

async function writtenInTheEnd(run: MlflowRun, ...rows: RowLiteral[]) {
  const same = rows.map((one, sequence) => ({ sequence, ...one }))
  for (let tries = 0; tries < 20; tries++) {
    const result = await run.write(...same).catch(({ action }: { action: string }) => {
      expect(action).toBe('retry')
      return null
    })
    if (result !== null) return result
  }
  return expect.unreachable()
}

test('a path that the server cannot keep holds nothing up: its file is there under another one, and that is said', async () => {
  const run = await opened({ faults: failing(100, '/out') })
  const { rejected } = await writtenInTheEnd(
    run,
    fileRow(run, 'deep/out'),
    ...rowsOf(1, 2, () => ({ loss: 1 })),
  )
  expect(rejected).toEqual([])
  const [path] = pathsOf(run)
  expect(path).toMatch(/^other-paths\/[0-9a-f]{8}-out$/)
  expect(run.warnings).toEqual([`the MLflow server cannot keep a file as "deep/out": it is "${path}" there`])
  expect(run.stored.points.size).toBe(1)
})

test('a server that is in trouble for a while gets the file where it belongs', async () => {
  const run = await opened({ faults: [...failing(5, '/out'), ...failing(3, '-out')] })
  await writtenInTheEnd(run, fileRow(run, 'deep/out'))
  expect(pathsOf(run)).toEqual(['deep/out'])
})

test.for([
  [403, 'Invalid Host header - possible DNS rebinding attack detected', /start it with --allowed-hosts/],
  [301, '', /sends us to https:\/\/secure\.example: check MLFLOW_TRACKING_URI/],
] as const)('a %i "%s" says what to do', async ([status, body, fix]) => {
  const headers = { location: 'https://secure.example/x?token=geheim' }
  const run = await prepared({ faults: [{ on: '/get-by-name', status, body, headers }] })
  const error = await run.open().catch((thrown: Error) => thrown)
  expect(error).toMatchObject({ action: 'pause', message: expect.stringMatching(fix) })
  expect((error as Error).message).not.toContain('geheim')
})

test.for([
  [503, 'Endpoint disabled due to the mlflow server running in `--no-serve-artifacts` mode', 'pause'],
  [403, 'Permission denied', 'pause'],
  [502, 'Bad Gateway', 'retry'],
] as const)('an upload that is answered with %i "%s" waits: %s', async ([status, body, action]) => {
  const run = await opened({ faults: [{ on: '/w.bin', status, body }] })
  await expect(run.write(fileRow(run, 'w.bin'))).rejects.toMatchObject({ action })
})

test('a file that a proxy takes for too large is a dead letter that says what to do', async () => {
  const run = await opened({ faults: [{ on: '/w.bin', status: 413, body: '<html>nginx' }] })
  const { rejected } = await run.write(fileRow(run, 'w.bin'))
  expect(rejected).toMatchObject([{ reason: expect.stringContaining('client_max_body_size') }])
})

test('a version that is not told yet is asked for again, and not taken for none', async () => {
  const run = await prepared({
    faults: [{ on: '/version', status: 503 }],
    runFile: { config: { long: 'x'.repeat(5000) } },
  })
  await expect(run.open()).rejects.toMatchObject({ action: 'retry' })
  await run.open()
  expect(run.stored.params.get('long')).toHaveLength(5000)
  expect(run.server.runs.size).toBe(1)
})

test('a value that the database has no room for costs itself, and a failed database nothing', async () => {
  const refusal = (text: string): Parts['faults'] => {
    const body = JSON.stringify({ error_code: 'BAD_REQUEST', message: text })
    return [{ on: '/log-batch', status: 400, body }]
  }
  const config = record('config', 'config', { values: { note: 'x' } })
  const run = await opened()
  run.server.fail(...refusal('(pymysql.err.DataError) (1406, "Data too long for column \'value\'")')!)
  await run.write(config)
  expect(run.warnings.join()).toContain('has refused')
  run.server.fail(...refusal('(sqlite3.OperationalError) database is locked')!)
  await expect(run.write(...rowsOf(1, 2, () => ({ loss: 2 })))).rejects.toMatchObject({ action: 'retry' })
})

test('a point that the database takes for another one again and again is a dead letter, and the others arrive', async () => {
  const run = await opened()
  const body = JSON.stringify({
    error_code: 'BAD_REQUEST',
    message: '(pymysql.err.IntegrityError) (1062, "Duplicate entry")',
  })
  run.server.failWhile(({ body: sent }) => `${sent}`.includes('"Loss"'), { status: 400, body })
  const rows = rowsOf(0, 2, (step) => (step === 0 ? { Loss: 1 } : { loss: 1 }))
  const { rejected } = await writtenInTheEnd(run, ...rows)
  expect(rejected).toMatchObject([{ row: 0, cause: 'MLFLOW_INTEGRITY' }])
  expect([...run.stored.points.values()].map(({ key }) => key)).toEqual(['loss'])
})

test('a run that took the younger of two parents is below the older one when it ends', async () => {
  const runFile = { group: 'sweep' }
  const one = await opened({ runFile })
  const { runs } = one.server
  const young = [...runs.values()].find(({ tags }) => tags.has('offstep.group_key'))!
  const old = newRun('older', young.experimentId, 'sweep', young.startTime - 5, 'mlflow-artifacts:/x')
  for (const [key, value] of young.tags) old.tags.set(key, value)
  runs.set(old.id, old)
  const two = await opened({ on: one.server, runFile, options: { trackingUri: one.server.url } })
  const parents = () => [...runs.values()].flatMap(({ tags }) => tags.get('mlflow.parentRunId') ?? [])
  expect(parents()).toEqual([young.id, old.id])
  await one.sink.close(COMPLETED)
  await two.sink.close(COMPLETED)
  expect(parents()).toEqual([old.id, old.id])
  expect([young.deleted, old.deleted]).toEqual([true, false])
})

test('a wrong experiment or run can be mended in a run that has begun with it', async () => {
  const id = await prepared({ env: { MLFLOW_EXPERIMENT_ID: '77' } })
  await expect(id.open()).rejects.toMatchObject({ code: 'MLFLOW_EXPERIMENT' })
  const again = (env: object) => createSink({ env: { HOME: id.context.runDir, ...env } })
  // A project alone is nobody's word for another experiment.
  await expect(again({}).open(id.context, null)).rejects.toMatchObject({ code: 'MLFLOW_EXPERIMENT' })
  const sink = again({ MLFLOW_EXPERIMENT_ID: '0' })
  await sink.open(id.context, null)
  expect(id.stored.experimentId).toBe('0')
  await sink.close(COMPLETED)

  const first = await opened()
  const { url } = first.server
  const named = await prepared({
    on: first.server,
    options: { trackingUri: url },
    env: { MLFLOW_RUN_ID: 'gone' },
  })
  await expect(named.open()).rejects.toMatchObject({ code: 'MLFLOW_NO_RUN' })
  const right = createSink({ env: { HOME: named.context.runDir, MLFLOW_RUN_ID: first.stored.id } })
  await right.open(named.context, null)
  expect(first.server.runs.size).toBe(1)
  await right.close(COMPLETED)
})
