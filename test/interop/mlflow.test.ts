/**
 * Whole runs to a real MLflow server, with a proxy in between that does what networks do. What the server has in the end
 * is what the run's own metrics.jsonl says, point by point.
 *
 * OFFSTEP_MLFLOW_PYTHON: an interpreter with another MLflow. OFFSTEP_MLFLOW2_PYTHON: one with MLflow 2, tried beside it.
 * OFFSTEP_MLFLOW_METRICS: how many values are sent over the faults.
 */
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { MlflowProcess } from '../../bench/mlflow-server.js'
import { init, type Run } from '../../dist/src/index.js'
import { recoverRun } from '../../dist/src/runs.js'
import { plainPath } from '../../dist/src/sinks/mlflow/artifacts/stored-path.js'
import { temporaryDirectory } from '../support/directory.js'
import { FaultyProxy, PROXY_FAULTS, type ProxyFault } from '../support/mlflow-proxy.js'
import { type HistoryPoint, MlflowReader } from '../support/mlflow-reader.js'
import { startProgram } from '../support/program.js'
import { countFromEnv, seededRandom } from '../support/random.js'
import { until } from '../support/until.js'
import { PYTHON } from './support/python.js'

const METRICS = countFromEnv('OFFSTEP_MLFLOW_METRICS', 20_000)
/** How long the server is stopped. */
const AWAY_SECONDS = countFromEnv('OFFSTEP_MLFLOW_AWAY_SECONDS', 1)
const PER_ROW = 10
/** A server on a busy machine takes some hundred values a second. */
const FINISH_MS = 600_000 + METRICS * 20
const TEST_MS = FINISH_MS + 300_000
const FAULTS_OF_ALL = 0.15

const { OFFSTEP_MLFLOW_PYTHON: given = PYTHON, OFFSTEP_MLFLOW2_PYTHON: old } = process.env
const SERVERS = [['the newest MLflow', given], ...(old === undefined ? [] : [['MLflow 2', old]])] as const

describe.for(SERVERS)('%s', ([, python]) => {
  let server: MlflowProcess
  let reader: MlflowReader
  let remove: () => void
  let made = 0
  const experiment = () => `experiment ${made}`

  beforeAll(async () => {
    const directory = temporaryDirectory((action) => {
      remove = action
    })
    server = await MlflowProcess.start(python!, directory)
    reader = new MlflowReader(server.url)
  })
  afterAll(async () => {
    await server?.stop()
    remove()
  })

  async function throughProxy(faultAt: (request: number) => ProxyFault | null = () => null) {
    const proxy = await FaultyProxy.start(server.port, faultAt)
    onTestFinished(() => proxy.stop())
    return proxy
  }

  function startRun(url: string, options: object = {}): Run {
    return init({
      project: `experiment ${++made}`,
      dir: temporaryDirectory(),
      git: false,
      handleSignals: false,
      recover: false,
      config: { lr: 0.1, opt: { name: 'adam' } },
      ring: { whenFull: 'block', maxBlockMs: 60_000 },
      sinks: ['jsonl', { type: 'mlflow', trackingUri: url, silent: true, timeoutMs: 5000 }],
      ...options,
    })
  }

  const runIdOf = (run: Pick<Run, 'url'>): string => run.url!.split('/').at(-1)!

  async function expectWhole(runDir: string, runId: string, named = (name: string) => name): Promise<void> {
    for (const [name, points] of loggedPoints(runDir)) {
      expect([name, await reader.history(runId, named(name))]).toEqual([name, points])
    }
  }

  test('a run arrives whole over a network that fails', { timeout: TEST_MS }, async () => {
    const seed = countFromEnv('OFFSTEP_SEED', 4711)
    const random = seededRandom(seed)
    const proxy = await throughProxy(() =>
      random() < FAULTS_OF_ALL ? PROXY_FAULTS[Math.floor(random() * PROXY_FAULTS.length)]! : null,
    )
    const run = startRun(proxy.url)
    for (let step = 0; step < METRICS / PER_ROW; step++) {
      run.log(tenValues(step), step)
      if (step % 500 === 0) await new Promise((resolve) => setImmediate(resolve))
    }
    const { reached, sinks } = await run.finish({ status: 'completed', timeoutMs: FINISH_MS })
    expect({ seed, reached, dead: sinks.mlflow!.deadLettered }).toEqual({ seed, reached: true, dead: 0 })
    expect([...proxy.counts.values()].reduce((sum, count) => sum + count, 0)).toBeGreaterThan(0)
    const runId = runIdOf(run)
    await expectWhole(run.dir, runId)
    expect(await reader.run(runId)).toMatchObject({
      status: 'FINISHED',
      params: { lr: '0.1', 'opt.name': 'adam' },
    })
    expect(await reader.runs(experiment())).toEqual([runId])
  })

  test('a run goes on while the server is away, and arrives when it is back', {
    timeout: TEST_MS,
  }, async () => {
    const proxy = await throughProxy()
    const run = startRun(proxy.url)
    const log = (from: number, to: number) => {
      for (let step = from; step < to; step++) run.log({ loss: step / 7 }, step)
    }
    log(0, 200)
    await run.flush({ level: 'delivered', timeoutMs: FINISH_MS })
    await server.stop()
    const refused = proxy.nextRefusal()
    log(200, 400)
    await refused
    let step = 400
    for (const end = Date.now() + AWAY_SECONDS * 1000; Date.now() < end; step += 20) {
      log(step, step + 20)
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
    await server.start()
    expect(await run.finish({ status: 'completed', timeoutMs: FINISH_MS })).toMatchObject({ reached: true })
    await expectWhole(run.dir, runIdOf(run))
  })

  test('a run that is killed is recovered, KILLED, with each point once', { timeout: TEST_MS }, async () => {
    const dir = temporaryDirectory()
    const env = { MLFLOW_TRACKING_URI: server.url, MLFLOW_EXPERIMENT_NAME: `experiment ${++made}` }
    const program = startProgram('mlflow/endless-run.mjs', { dir, args: [dir], env })
    await until('rows are delivered', () => program.told('delivered') || !program.running, {
      timeoutMs: FINISH_MS,
    })
    program.kill('SIGKILL')
    await program.ended
    const runDir = program.stdout.split('\n')[0]!
    const report = await recoverRun(runDir, { role: 'sync' })
    expect(report).toMatchObject({ complete: true, sinks: { mlflow: { pending: 0, deadLettered: 0 } } })
    const [runId, ...others] = await reader.runs(experiment())
    expect(others).toEqual([])
    await expectWhole(runDir, runId!)
    expect((await reader.run(runId!)).status).toBe('KILLED')
  })

  test('params that change, forbidden names, media and files', { timeout: TEST_MS }, async () => {
    const run = startRun(server.url, { notes: '# notes', tags: ['base line'] })
    run.log({ 'loss (val) %': 1, 'Verlust/Prüfung 損失': 2, '../up': 3, '🙂': 4, 'a:b': 5 }, 0)
    await run.flush({ level: 'delivered', timeoutMs: FINISH_MS })
    run.updateConfig({ lr: 0.5, added: [1, 2] })
    run.text('note', 'The loss **fell**.', 3)
    run.log({ half: 1 }, 2.5)
    const file = join(temporaryDirectory(), 'weights 100%.bin')
    const content = Buffer.alloc(300_000, 'weights')
    mkdirSync(join(file, '..'), { recursive: true })
    writeFileSync(file, content)
    run.saveFile(file)
    // What would be a directory and a file.
    run.saveFile(file, { as: 'one' })
    run.saveFile(file, { as: 'one/two' })
    // Half a character, which costs a request all that is behind it.
    run.updateSummary({ half: 'a\uD800b', after: 'there' })
    const { sinks } = await run.finish({ status: 'failed', timeoutMs: FINISH_MS })
    expect(sinks.mlflow).toMatchObject({ pending: 0, deadLettered: 0 })
    const runId = runIdOf(run)
    const { status, tags, params, metrics, artifactUri } = await reader.run(runId)
    expect(status).toBe('FAILED')
    expect(params).toMatchObject({ lr: '0.1', added: '[1,2]' })
    expect(tags).toMatchObject({
      'offstep.param.lr': '0.5',
      'mlflow.note.content': '# notes',
      'base line': 'true',
      'mlflow.source.type': 'LOCAL',
    })
    const recorded = new Map(metrics.map((name) => [tags[`offstep.name.${name}`] ?? name, name]))
    await expectWhole(run.dir, runId, (name) => recorded.get(name)!)
    expect(await reader.history(runId, 'offstep/step')).toMatchObject([{ step: 2, value: 2.5 }])
    expect(tags).toMatchObject({ 'offstep.summary.half': 'a\uFFFDb', 'offstep.summary.after': 'there' })
    const there = async (path: string) =>
      createHash('sha256')
        .update(await reader.artifact(artifactUri, path))
        .digest('hex')
    const sha256 = createHash('sha256').update(content).digest('hex')
    expect(await there('weights 100_-5f2ac468.bin')).toBe(sha256)
    // One of both has its name, and the other a plain one.
    expect(await Promise.any([there('one'), there('one/two')])).toBe(sha256)
    expect(await Promise.any(['one', 'one/two'].map((path) => there(plainPath(path))))).toBe(sha256)
  })
})

const tenValues = (step: number): { [name: string]: number } => ({
  loss: Math.exp(-step / 1000),
  nan: step % 3 === 0 ? Number.NaN : step,
  up: step % 5 === 0 ? Number.POSITIVE_INFINITY : -step,
  down: step % 7 === 0 ? Number.NEGATIVE_INFINITY : 1e-300 * step,
  ...Object.fromEntries(
    Array.from({ length: 6 }, (_, index) => [`layers/${index}/norm`, step / (index + 3)]),
  ),
})

/** What a reader must find, by the run's metrics.jsonl, as MLflow keeps it and in its order. */
function loggedPoints(runDir: string): Map<string, HistoryPoint[]> {
  const found = new Map<string, Map<string, HistoryPoint>>()
  for (const line of readFileSync(join(runDir, 'metrics.jsonl'), 'utf8').split('\n').filter(Boolean)) {
    const { step, timestamp, elapsed, producer, sequence, ...values } = JSON.parse(line)
    for (const [name, value] of Object.entries(values)) {
      if (typeof value === 'object') continue
      const point = {
        timestamp: Math.round(timestamp * 1000),
        step: Math.floor(step),
        value: stored(Number(value)),
      }
      const points = found.get(name) ?? new Map<string, HistoryPoint>()
      found.set(name, points.set(JSON.stringify(Object.values(point).map(String)), point))
    }
  }
  return new Map(Array.from(found, ([name, points]) => [name, [...points.values()].sort(inTheirOrder)]))
}

const stored = (value: number): number =>
  Number.isNaN(value) ? value : Math.max(-Number.MAX_VALUE, Math.min(Number.MAX_VALUE, value)) + 0

/** NaN is kept as 0. */
const inTheirOrder = (a: HistoryPoint, b: HistoryPoint): number =>
  a.timestamp - b.timestamp || a.step - b.step || (a.value || 0) - (b.value || 0)
