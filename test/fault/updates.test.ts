/** Updates of a run: records as rows are, and what they mean for run.json and summary.json. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { init, type RunOptions } from '../../dist/src/index.js'
import type { LiveRun } from '../../dist/src/run/live-run.js'
import { verifyRun } from '../../dist/src/runs.js'
import { temporaryDirectory } from '../support/directory.js'
import { mediaIn } from '../support/media-records.js'
import { startProgram } from '../support/program.js'
import { until } from '../support/until.js'

const start = (options: RunOptions = {}): LiveRun =>
  init({ dir: temporaryDirectory(), git: false, handleSignals: false, ...options }) as LiveRun

const jsonIn = (runDir: string, file: string) => JSON.parse(readFileSync(join(runDir, file), 'utf8'))

const warnings = (run: LiveRun): string => readFileSync(join(run.dir, 'training.log'), 'utf8')

test('each update is a record, in order, and a line of metrics.jsonl', async () => {
  const run = start()
  run.log({ loss: 1 }, 3)
  run.updateConfig({ lr: 0.1, nested: { depth: 2 }, api_key: 'secret', nan: Number.NaN })
  run.updateSummary({ best: 0.5, gone: undefined })
  run.defineMetric('val/*', { stepMetric: 'epoch', summary: 'min', goal: 'minimize' })
  run.alert({ title: 'diverged', text: 'at step 3', level: 'error', waitMs: 5 })
  await run.finish()
  expect(mediaIn(run.dir).map(({ sequence, step, record }) => [sequence, step, record])).toEqual([
    [0, 3, update('config', 'config', { values: { lr: 0.1, nested: { depth: 2 }, nan: 'NaN' } })],
    [1, 3, update('summary', 'summary', { values: { best: 0.5 }, removed: ['gone'] })],
    [
      2,
      3,
      update('metric', 'val/*', { stepMetric: 'epoch', stepSync: true, summary: ['min'], goal: 'minimize' }),
    ],
    [3, 3, update('alert', 'alert', { title: 'diverged', text: 'at step 3', level: 'error', waitMs: 5 })],
  ])
  const lines = readFileSync(join(run.dir, 'metrics.jsonl'), 'utf8')
  expect(lines).toContain('"config":{"type":"config","values":{"lr":0.1')
  expect(lines).not.toContain('secret')
  expect(run.status().sinks.tensorboard).toMatchObject({ delivered: 1, notApplicable: 4 })
  expect(await verifyRun(run.dir)).toMatchObject({ sound: true })
})

const update = (kind: string, name: string, value: object) => ({ kind, name, producer: 0, value })

test('what is added to the config is in run.json, and changes its hash', async () => {
  const run = start({ config: { lr: 1, layers: 2 } })
  await until('run.json is there', () => existsSync(join(run.dir, 'run.json')))
  const before = jsonIn(run.dir, 'run.json')
  run.updateConfig({ lr: 0.5, warmup: 100 })
  await run.finish()
  const after = jsonIn(run.dir, 'run.json')
  expect(after.config).toEqual({ lr: 0.5, layers: 2, warmup: 100 })
  expect(after.configSha256).not.toBe(before.configSha256)
})

test('a daemon that takes the place of a dead one keeps what was added to the config', async () => {
  const run = start({ config: { lr: 1 } })
  run.updateConfig({ lr: 0.5 })
  await run.flush()
  const dead = run.worker
  await dead.terminate()
  await until('there is another daemon', () => run.worker !== dead)
  run.updateConfig({ warmup: 100 })
  await run.finish()
  expect(jsonIn(run.dir, 'run.json').config).toEqual({ lr: 0.5, warmup: 100 })
})

test('values that are set for the summary are in summary.json until they are taken out', async () => {
  const run = start()
  run.updateSummary({ best: 0.5, worst: 9, note: 'good', bad: Number.POSITIVE_INFINITY })
  run.updateSummary({ best: 0.4, worst: undefined })
  await run.finish()
  expect(jsonIn(run.dir, 'summary.json').values).toEqual({ best: 0.4, note: 'good', bad: 'Infinity' })
  expect(await verifyRun(run.dir)).toMatchObject({ sound: true })
})

test('an update that makes no sense is dropped, counted and told of, and nothing throws', async () => {
  const run = start({ sinks: ['jsonl'] })
  run.updateConfig(null as never)
  run.updateSummary([] as never)
  run.defineMetric('', {})
  run.defineMetric('loss', { summary: 'smallest' as never })
  run.alert({ title: '' })
  run.alert({ title: 'x', level: 'loud' as never })
  run.artifact(7 as never, { name: 'x' })
  run.artifact('x', undefined as never)
  run.saveFile('')
  const { dropped } = await run.finish()
  expect(dropped).toEqual({ total: 9, 'invalid-media': 9 })
  expect(warnings(run)).toContain('give a string of at least one character')
  expect(warnings(run)).toContain('its summary has \\"smallest\\"')
})

test.for(['exit', 'finish', 'end'])(
  'what the process prints is kept, whichever way the process ends (%s)',
  async (way) => {
    const dir = temporaryDirectory()
    const program = startProgram('updates/console.mjs', { dir, args: [way] })
    await program.ended
    expect(program.stdout).toContain('first 1\nhalf a line ü\n10 %\r50 %\r100 %\r\n')
    expect(program.stdout).toContain('no line break')
    expect(program.stderr).toContain('an error\n')
    const lines = mediaIn(join(dir, 'default', 'child')).flatMap(({ record }) =>
      record.kind === 'console'
        ? record.value!.lines.map(({ text }) => `${record.value!.stream}: ${text}`)
        : [],
    )
    expect(lines).toEqual([
      'stdout: first 1',
      'stderr: an error',
      'stdout: half a line ü',
      'stdout: 100 %',
      'stdout: no line break',
    ])
  },
)

test('what the machine does is a record now and then, with the step that training is at', async () => {
  const run = start({ sinks: ['jsonl'], monitor: { system: { everyMs: 100 } } })
  run.log({ loss: 1 }, 41)
  await until('there are two samples', () => run.status().journaled >= 3)
  await run.finish()
  const [first, second] = mediaIn(run.dir).map(({ step, record }) => ({ step, record }))
  expect(first).toMatchObject({ step: 41, record: { kind: 'system', name: 'system' } })
  const values = second!.record.value as { values: Record<string, number> }
  for (const name of ['cpu', 'memory_percent', 'proc.memory.rssMB', 'disk./.usagePercent']) {
    expect(values.values[name], name).toBeGreaterThan(0)
  }
  expect(values.values.memory_percent).toBeLessThanOrEqual(100)
  expect(jsonIn(run.dir, 'run.json').producers).toContainEqual({ id: 65_535, name: 'media' })
})

test('a sink that hears that the run is to be stopped sets a flag, and the event comes', async () => {
  const module = new URL('../fixtures/updates/stopping-sink.mjs', import.meta.url)
  const run = start({ sinks: [{ module, name: 'stopping' }] })
  expect(run.stopRequested).toBe(false)
  const stopped = new Promise((resolve) => run.stopSignal.addEventListener('abort', resolve))
  run.log({ loss: 1 })
  await stopped
  expect(run.stopRequested).toBe(true)
  run.log({ loss: 2 })
  expect(await run.finish()).toMatchObject({ journaled: 2 })
})
