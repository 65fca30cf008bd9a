/** What MLflow is told of a run beside its rows. */
import { createHash } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import type { MediaKind, MediaRecord } from '../../src/record/media.js'
import { type MlflowRun, opened, prepared, rowsOf } from '../support/mlflow-run.js'
import { START_TIME } from './support/batches.js'
import { COMPLETED } from './support/sink-run.js'

const record = (kind: MediaKind, name: string, value: object, file?: object): { media: MediaRecord } => ({
  media: { kind, name, producer: 0, value, ...(file && { file }) } as unknown as MediaRecord,
})
const config = (values: object) => record('config', 'config', { values })

/** A file of the run directory, as a record names it. */
function fileIn({ context }: MlflowRun, content: Buffer, path = `artifacts/files/${content.length}`) {
  mkdirSync(dirname(join(context.runDir, path)), { recursive: true })
  writeFileSync(join(context.runDir, path), content)
  return { path, bytes: content.length, sha256: createHash('sha256').update(content).digest('hex') }
}

const filesOf = ({ server, stored }: MlflowRun) => {
  const root = `${stored.experimentId}/${stored.id}/artifacts/`
  return new Map([...server.files].map(([path, content]) => [path.replace(root, ''), content]))
}

test('the run has its name, its source, its notes and its tags', async () => {
  const run = await opened({
    runFile: {
      notes: '# first',
      tags: ['base line', 'odd(tag)'],
      jobType: 'train',
      git: { commit: 'abc', branch: 'main', dirty: false, remote: 'https://example.org/x.git' },
      command: { argv: ['node', 'train.js', '--fast'], user: 'ada' },
    },
    options: { tags: { team: 'nlp' } },
  })
  expect(run.stored).toMatchObject({ name: 'baseline', startTime: START_TIME, status: 'RUNNING' })
  expect(Object.fromEntries(run.stored.tags)).toMatchObject({
    'mlflow.runName': 'baseline',
    'mlflow.note.content': '# first',
    'mlflow.user': 'ada',
    'mlflow.source.name': 'train.js',
    'mlflow.source.type': 'LOCAL',
    'mlflow.source.git.commit': 'abc',
    'mlflow.source.git.branch': 'main',
    'mlflow.source.git.repoURL': 'https://example.org/x.git',
    'offstep.command': 'node train.js --fast',
    'offstep.job_type': 'train',
    'offstep.run_id': run.context.runId,
    'base line': 'true',
    team: 'nlp',
  })
  expect([...run.stored.tags.values()]).toContain('odd(tag)')
  expect(run.urls).toEqual([`${run.server.url}/#/experiments/1/runs/${run.stored.id}`])
})

test('what run.json learns while the run lives is there at its end', async () => {
  const run = await opened({ runFile: {} })
  const file = { format: 1, id: 'a', project: 'p', name: 'n', status: 'running', startTime: '2024-01-01' }
  writeFileSync(join(run.context.runDir, 'run.json'), JSON.stringify({ ...file, git: { commit: 'late' } }))
  await run.sink.close(COMPLETED)
  expect(run.stored.tags.get('mlflow.source.git.commit')).toBe('late')
})

test('the config is params with dots; more than a request takes go in several', async () => {
  const many = Object.fromEntries(Array.from({ length: 250 }, (_, index) => [`p${index}`, index]))
  const run = await opened({
    runFile: { config: { lr: 0.1, opt: { name: 'adam', betas: [0.9, 1] }, none: null, empty: {}, many } },
  })
  const params = Object.fromEntries(run.stored.params)
  expect(params).toMatchObject({
    lr: '0.1',
    'opt.name': 'adam',
    'opt.betas': '[0.9,1]',
    none: 'null',
    empty: '{}',
    'many.p249': '249',
  })
  expect(run.stored.params.size).toBe(255)
})

test.for([
  ['3.17.2', 6000],
  ['2.7.1', 500],
  ['1.20.0', 250],
  ['', 250],
] as const)(
  'a param is cut where version "%s" would cut it, and that is said once',
  async ([version, length]) => {
    const run = await opened({ version, runFile: { config: { a: 'x'.repeat(7000), b: 'y'.repeat(7000) } } })
    expect(run.stored.params.get('a')).toBe('x'.repeat(length))
    const said = `the param "a" is cut at MLflow, which takes ${length} characters: run.json has all of it`
    expect(run.warnings[0]).toBe(said)
  },
)

test('a param that changes keeps its first value, and its newest one is a tag', async () => {
  const run = await opened({ runFile: { config: { lr: 0.1 } } })
  await run.write(config({ lr: 0.2, wd: 1 }), config({ lr: 0.3 }))
  expect(Object.fromEntries(run.stored.params)).toEqual({ lr: '0.1', wd: '1' })
  expect(run.stored.tags.get('offstep.param.lr')).toBe('0.3')
  expect(run.warnings).toContain(
    'the param "lr" has changed, which MLflow\'s params cannot: its newest value is the tag "offstep.param.lr"',
  )
  // run.json may be older than what was told: it must not take the tag back.
  await run.crash()
  expect(run.stored.tags.get('offstep.param.lr')).toBe('0.3')
  await run.write(config({ lr: 0.1 }))
  expect(run.stored.tags.get('offstep.param.lr')).toBe('0.1')
})

test('a param that somebody else has set meanwhile costs itself, and no row', async () => {
  const run = await opened()
  run.stored.params.set('lr', '9')
  const { rejected } = await run.write(config({ lr: 0.1, other: 2 }), ...rowsOf(1, 2, () => ({ loss: 1 })))
  expect(rejected).toEqual([])
  expect(Object.fromEntries(run.stored.params)).toEqual({ lr: '9', other: '2' })
  expect(run.warnings.join()).toContain('MLflow has refused "lr" of the params')
  expect(run.stored.points.size).toBe(1)
})

test('values of the summary are tags, and go when they are taken out', async () => {
  const run = await opened()
  const summary = (values: object, removed: string[] = []) =>
    record('summary', 'summary', { values, removed })
  await run.write(summary({ best: 0.5, note: 'kept' }), summary({ best: 0.7 }))
  expect(run.stored.tags.get('offstep.summary.best')).toBe('0.7')
  await run.write(summary({}, ['best', 'never']))
  expect(run.stored.tags.has('offstep.summary.best')).toBe(false)
  expect(run.stored.tags.get('offstep.summary.note')).toBe('kept')
  await run.write(summary({ best: 0.7 }))
  expect(run.stored.tags.get('offstep.summary.best')).toBe('0.7')
})

test("samples of the machine have MLflow's names, units and steps, also after a crash", async () => {
  const run = await opened()
  const sample = (cpu: number) =>
    record('system', 'system', { values: { 'cpu.total_percent': cpu, 'network.recv': 5e6, 'gpu.0.gpu': 7 } })
  await run.write({ ...sample(10), step: 100, time: 1000 })
  await run.write({ ...sample(20), step: 200, time: 2000 })
  await run.crash()
  await run.write({ ...sample(30), step: 300, time: 3000 })
  const cpu = [...run.stored.points.values()].filter(({ key }) => key === 'system/cpu_utilization_percentage')
  expect(cpu.map(({ step, value, timestamp }) => [step, value, timestamp])).toEqual([
    [0, 10, 1000],
    [1, 20, 2000],
    [2, 30, 3000],
  ])
  expect([...run.stored.points.keys()]).toEqual(
    expect.arrayContaining([
      'system/network_receive_megabytes|1000|0|5',
      'system/gpu_0_utilization_percentage|1000|0|7',
    ]),
  )
})

test('media and saved files are files of the run', async () => {
  const run = await opened()
  const picture = fileIn(run, Buffer.from('a picture'), 'media/images/p.png')
  const saved = fileIn(run, Buffer.from('weights'))
  const result = await run.write(
    { ...record('image', 'samples/one', { format: 'png', width: 1, height: 1 }, picture), step: 3 },
    { ...record('table', 'confusion', { columns: ['case'], rows: [['cat']] }), step: 4 },
    { ...record('text', 'note', { text: '# hi' }), step: 4 },
    record('file', 'model/weights 1.bin', { source: '/x' }, saved),
    record('alert', 'alert', { title: 't', text: 't', level: 'info', waitMs: 0 }),
  )
  expect(result).toMatchObject({ notApplicable: 1, rejected: [] })
  const files = filesOf(run)
  expect(files.get(`media/image/samples/one_3_${picture.sha256.slice(0, 20)}.png`)).toEqual(
    Buffer.from('a picture'),
  )
  expect(files.get('model/weights 1.bin')).toEqual(Buffer.from('weights'))
  const table = [...files].find(([path]) => path.startsWith('media/table/confusion_4_'))![1]
  expect(JSON.parse(`${table}`)).toEqual({ columns: ['case'], data: [['cat']] })
  expect([...files.values()].map(String)).toContain('# hi')
})

test('each version of an artifact has a directory of its own, also after a crash', async () => {
  const run = await opened()
  const version = (content: string) => {
    const entries = [
      { path: 'a/w.bin', file: fileIn(run, Buffer.from(content)), md5: 'x' },
      { path: 'far', reference: 's3://bucket/far', bytes: null, sha256: null, digest: 'd' },
    ]
    return record('artifact', 'net', { type: 'model', metadata: { epoch: 1 }, aliases: ['best'], entries })
  }
  await run.write(version('one'))
  await run.crash()
  await run.write(version('three'))
  const files = filesOf(run)
  expect(String(files.get('artifacts/model/net/v0/files/a/w.bin'))).toBe('one')
  expect(String(files.get('artifacts/model/net/v1/files/a/w.bin'))).toBe('three')
  expect(JSON.parse(String(files.get('artifacts/model/net/v1/artifact.json')))).toMatchObject({
    name: 'net',
    version: 1,
    metadata: { epoch: 1 },
    entries: [
      { path: 'a/w.bin', bytes: 5 },
      { path: 'far', reference: 's3://bucket/far' },
    ],
  })
})

test('a file that is gone is a dead letter, and a damaged picture too', async () => {
  const run = await opened()
  const file = { path: 'artifacts/files/none', bytes: 3, sha256: '00' }
  const damaged = { ...fileIn(run, Buffer.from('abc')), sha256: '00' }
  const { rejected } = await run.write(
    record('file', 'x', { source: '/x' }, file),
    record('image', 'y', { format: 'png', width: 1, height: 1 }, damaged),
  )
  expect(rejected).toHaveLength(2)
  expect(rejected!.every(({ cause }) => cause === 'media-file')).toBe(true)
})

test('a large file goes up in parts, where the server takes them, and at once elsewhere', async () => {
  const env = { MLFLOW_MULTIPART_UPLOAD_MINIMUM_FILE_SIZE: '1000', MLFLOW_MULTIPART_UPLOAD_CHUNK_SIZE: '400' }
  const content = Buffer.from(Array.from({ length: 1100 }, (_, index) => index % 251))
  for (const multipart of [true, false]) {
    const run = await opened({ multipart, env: { ...env, MLFLOW_TRACKING_TOKEN: 'geheim' } })
    await run.write(record('file', 'deep/w.bin', { source: '/x' }, fileIn(run, content)))
    expect(filesOf(run).get('deep/w.bin')).toEqual(content)
    const parts = run.server.requests.filter(({ path }) => path.startsWith('/part/'))
    expect(parts.map(({ body }) => body.length)).toEqual(multipart ? [400, 400, 300] : [])
  }
})

test('parts that fail leave nothing begun behind, and the file comes again', async () => {
  const env = { MLFLOW_MULTIPART_UPLOAD_MINIMUM_FILE_SIZE: '10', MLFLOW_MULTIPART_UPLOAD_CHUNK_SIZE: '10' }
  const run = await opened({ multipart: true, env, faults: [{ on: '/part/2', status: 500 }] })
  const row = record('file', 'w.bin', { source: '/x' }, fileIn(run, Buffer.from('x'.repeat(25))))
  await expect(run.write({ ...row, sequence: 0 })).rejects.toMatchObject({ action: 'retry' })
  expect(run.server.uploads.size).toBe(0)
  await run.write({ ...row, sequence: 0 })
  expect(filesOf(run).get('w.bin')).toEqual(Buffer.from('x'.repeat(25)))
})

test('where the server takes no files, they are left out, and that is said', async () => {
  const run = await opened({ artifactRoot: 's3://bucket' })
  const saved = fileIn(run, Buffer.from('weights'))
  const result = await run.write(
    record('file', 'w.bin', { source: '/x' }, saved),
    ...rowsOf(1, 3, () => ({ loss: 1 })),
  )
  expect(result).toMatchObject({ notApplicable: 1, rejected: [] })
  expect(run.warnings.join()).toContain('(its artifacts are at s3:): start it with --serve-artifacts')
  expect(run.stored.points.size).toBe(2)
})

test('runs of a group are below one run, whoever comes first', async () => {
  const runFile = { group: "sweep 'one'" }
  const one = await prepared({ runFile })
  const two = await prepared({ runFile, on: one.server })
  await Promise.all([one.open(), two.open()])
  const runs = [...one.server.runs.values()].filter(({ deleted }) => !deleted)
  const [parent] = runs.filter(({ tags }) => tags.has('offstep.group_key'))
  expect(parent).toMatchObject({ name: "sweep 'one'", status: 'FINISHED' })
  const children = runs.filter(({ tags }) => tags.has('mlflow.parentRunId'))
  expect(children).toHaveLength(2)
  expect(runs).toHaveLength(3)
  for (const { tags } of children) expect(tags.get('mlflow.parentRunId')).toBe(parent!.id)
})

test('a parent that is given counts', async () => {
  const parent = await opened()
  const child = await opened({
    on: parent.server,
    options: { trackingUri: parent.server.url, parentRun: 'run0' },
  })
  expect(child.server.runs.get('run1')!.tags.get('mlflow.parentRunId')).toBe('run0')
})

test('a run that is named is gone on with: its name and source stay, samples count on', async () => {
  const first = await opened({ runFile: { config: { lr: 1 } } })
  await first.write({ ...record('system', 'system', { values: { cpu: 1 } }), time: 500 })
  await first.sink.close(COMPLETED)
  first.stored.tags.set('mlflow.source.name', 'theirs.py')
  const env = { MLFLOW_RUN_ID: 'run0', MLFLOW_TRACKING_URI: first.server.url }
  const second = await opened({
    on: first.server,
    options: { trackingUri: undefined },
    env,
    runFile: { config: { lr: 2 } },
  })
  expect(second.server.runs.size).toBe(1)
  expect(second.stored.status).toBe('RUNNING')
  await second.write({ ...record('system', 'system', { values: { cpu: 2 } }), time: 900 })
  second.state = null
  await second.crash()
  await second.write({ ...record('system', 'system', { values: { cpu: 2 } }), time: 900 })
  const steps = [...second.stored.points.values()].map(({ step, value }) => [step, value])
  expect(steps).toEqual([
    [0, 1],
    [1, 2],
  ])
  expect(second.stored.tags.get('mlflow.source.name')).toBe('theirs.py')
  expect(second.stored.params.get('lr')).toBe('1')
  expect(second.stored.tags.get('offstep.param.lr')).toBe('2')
})

test('a recovery with other variables goes on at the same server, experiment and run', async () => {
  const run = await prepared({ env: { MLFLOW_EXPERIMENT_NAME: 'first' } })
  run.server.fail({ on: 'runs/create', status: 500 })
  await expect(run.open()).rejects.toMatchObject({ action: 'retry' })
  const { createSink } = await import('../../src/sinks/mlflow/sink.js')
  run.sink = createSink({
    env: { MLFLOW_EXPERIMENT_NAME: 'second', MLFLOW_RUN_ID: 'x', HOME: run.context.runDir },
  })
  await run.open()
  expect(run.server.experiments.get(run.stored.experimentId)).toMatchObject({ name: 'first' })
  expect(run.server.runs.size).toBe(1)
})

test('a run that goes on from an earlier step says so', async () => {
  const run = await opened()
  await run.write(record('resume', 'resume', { rewoundTo: 40, attempt: 2 }))
  expect(run.stored.tags.get('offstep.rewound_to')).toBe('40')
  expect(run.sink.afterRewind).toBe('continue')
})

test('offline, nothing is asked of a server, and an upload goes where the run was to go', async () => {
  const run = await prepared({ options: { mode: 'offline' }, env: { MLFLOW_EXPERIMENT_NAME: 'later' } })
  await run.open()
  const result = await run.write(...rowsOf(0, 5, () => ({ loss: 1 })))
  expect(result.notApplicable).toBe(5)
  expect(run.server.requests).toEqual([])
  const upload = { ...run.context, options: { ...run.context.options, mode: 'online' }, live: false }
  const { createSink } = await import('../../src/sinks/mlflow/sink.js')
  const sink = createSink({ env: { HOME: run.context.runDir } })
  await sink.open(upload, null)
  await sink.close(COMPLETED)
  expect(run.server.experiments.get(run.stored.experimentId)).toMatchObject({ name: 'later' })
  expect(run.stored.status).toBe('FINISHED')
})
