/** `offstep/wandb`: what becomes of each call. Read from the JSON lines that a run writes beside its W&B sink. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, dirname, join, relative } from 'node:path'
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import wandb, {
  AlertLevel,
  Artifact,
  Histogram,
  Image,
  type Run,
  Table,
} from '../../dist/src/compat/wandb/index.js'
import { temporaryDirectory } from '../support/directory.js'

type Row = { [name: string]: unknown }

let dir: string
beforeEach(() => {
  dir = temporaryDirectory()
  vi.stubEnv('WANDB_MODE', 'offline')
  vi.stubEnv('WANDB_SILENT', 'true')
})
afterEach(() => {
  vi.unstubAllEnvs()
})

const started = (options: object = {}): Promise<Run> =>
  wandb.init({ dir, offstep: { sinks: ['jsonl'], git: false, recover: false }, ...options })

async function rowsOf(run: Run): Promise<Row[]> {
  await run.finish()
  const lines = readFileSync(join(run.dir, 'metrics.jsonl'), 'utf8').trim().split('\n')
  return lines.map((line) => {
    const { timestamp, elapsed, producer, sequence, ...row } = JSON.parse(line) as Row
    return row
  })
}

/** What was said of the run, by kind. */
const updates = (rows: readonly Row[], kind: string): unknown[] =>
  rows.flatMap((row) => Object.values(row)).filter((value) => (value as Row).type === kind)

function warnings(): Error[] {
  const told: Error[] = []
  const listen = (warning: Error) => void told.push(warning)
  process.on('warning', listen)
  onTestFinished(() => void process.off('warning', listen))
  return told
}

describe('log()', () => {
  test('values are those at the call, and the object is left as it was', async () => {
    const run = await started()
    const row = { value: 1, _step: 77 }
    wandb.log(row)
    row.value = 999
    expect(row).toEqual({ value: 999, _step: 77 })
    expect(await rowsOf(run)).toEqual([{ step: 0, value: 1 }])
  })

  test('objects and short arrays are taken apart, longer ones counted, strings and dates are texts', async () => {
    const run = await started()
    const long = Array.from({ length: 33 }, (_, index) => index)
    wandb.log({ a: { b: 1, c: { d: 2 } }, list: [1, 2], map: new Map([['k', 3]]), yes: true, none: null })
    wandb.log({ long, typed: new Float32Array(40), grid: [long, long] })
    wandb.log({ text: 'words', when: new Date(0), names: long.map(String) })
    const rows = await rowsOf(run)
    expect(rows[0]).toEqual({ step: 0, 'a.b': 1, 'a.c.d': 2, 'list.0': 1, 'list.1': 2, 'map.k': 3, yes: 1 })
    const kinds = rows
      .slice(1)
      .map(({ step, ...media }) => [step, Object.keys(media)[0], Object.values(media)[0]])
    expect(kinds).toMatchObject([
      [1, 'long', { type: 'histogram', finite: 33, counts: { length: 64 } }],
      [1, 'typed', { type: 'histogram', finite: 40 }],
      [1, 'grid', { type: 'histogram', finite: 66 }],
      [2, 'text', { type: 'text', text: 'words' }],
      [2, 'when', { type: 'text', text: '1970-01-01T00:00:00.000Z' }],
      [2, 'names', { type: 'text', text: JSON.stringify(long.map(String)) }],
    ])
  })

  test('media are logged beside the numbers of their row', async () => {
    const run = await started()
    const pixels = { data: new Uint8Array(12), width: 2, height: 2, channels: 3 } as const
    const table = new Table({ columns: ['name', 'score'], data: [['a', 1]] })
    table.addData('b', 2)
    const counted = new Histogram(null, {
      npHistogram: [
        [3, 4],
        [0, 1, 2],
      ],
    })
    wandb.log({
      loss: 1,
      image: new Image(pixels, { caption: 'grey' }),
      table,
      counted,
      samples: [new Image(pixels)],
    })
    const rows = await rowsOf(run)
    expect(rows).toMatchObject([
      { step: 0, loss: 1 },
      { step: 0, image: { type: 'image', caption: 'grey', width: 2 } },
      {
        step: 0,
        table: {
          columns: ['name', 'score'],
          rows: [
            ['a', 1],
            ['b', 2],
          ],
        },
      },
      { step: 0, counted: { counts: [3, 4], edges: [0, 1, 2] } },
      { step: 0, 'samples.0': { type: 'image' } },
    ])
  })

  test('nothing that is logged throws: what cannot be read is told, and other rows are not lost', async () => {
    const told = warnings()
    const run = await started()
    const circle: Row = { inside: 1 }
    circle.self = circle
    wandb.log({ circle })
    wandb.log({
      get broken(): number {
        throw new Error('a getter')
      },
    })
    wandb.log(null as unknown as Row)
    wandb.log({ image: new Image('/nowhere.png') })
    wandb.log({ value: 1 }, Number.NaN)
    expect(await rowsOf(run)).toEqual([
      { step: 0, 'circle.inside': 1 },
      { step: 3, value: 1 },
    ])
    const messages = told.map(({ message }) => message)
    expect(messages).toContainEqual(expect.stringContaining('"circle.self" contains itself'))
    expect(messages).toContainEqual(expect.stringContaining('wandb.log() failed: Error: a getter'))
    expect(messages).toContainEqual(expect.stringContaining('takes an object of names and values'))
    expect(messages).toContainEqual(expect.stringContaining('a step must be a finite number'))
  })

  test('steps count up, go on behind a given one, and wait where a row is not committed', async () => {
    const run = await started()
    wandb.log({ a: 1 })
    wandb.log({ a: 2 }, 10)
    wandb.log({ a: 3 }, undefined, false)
    wandb.log({ b: 4 })
    wandb.log({ a: 5 }, 3)
    wandb.log({ a: 6 })
    expect(run.step).toBe(13)
    expect((await rowsOf(run)).map(({ step }) => step)).toEqual([0, 10, 11, 11, 3, 12])
  })

  test('before init() it says what W&B says, and does not throw', async () => {
    const told = warnings()
    wandb.log({ value: 1 })
    await wandb.finish()
    await new Promise(setImmediate)
    expect(told.map(({ message }) => message)).toEqual([
      'Cannot log before calling wandb.init()',
      'Cannot finish before calling wandb.init()',
    ])
  })

  test('works from the call of init() on, before it resolves, and as a function of its own', async () => {
    const { init, log } = wandb
    const starting = init({ dir, offstep: { sinks: ['jsonl'], git: false, recover: false } })
    log({ value: 1 })
    expect(await rowsOf(await starting)).toEqual([{ step: 0, value: 1 }])
  })
})

describe('what is said of the run', () => {
  test('config and summary are told as they are set, and can be read', async () => {
    const run = await started({ config: { lr: 0.1, activation: Math.tanh } })
    expect(wandb.config).toMatchObject({ lr: 0.1 })
    wandb.config.lr = 0.2
    wandb.config.update({ layers: 3 }, { allow_val_change: true })
    wandb.summary.best = Number.NaN
    delete wandb.summary.best
    expect({ ...wandb.config }).toMatchObject({ lr: 0.2, layers: 3 })
    const rows = await rowsOf(run)
    expect(updates(rows, 'config')).toMatchObject([{ values: { lr: 0.2 } }, { values: { layers: 3 } }])
    expect(updates(rows, 'summary')).toMatchObject([{ values: { best: 'NaN' } }, { removed: ['best'] }])
  })

  test('metrics are defined and alerts sent by the names of either language', async () => {
    const run = await started()
    wandb.define_metric('val/*', { step_metric: 'epoch', summary: 'min, max' })
    run.defineMetric('val/*', { stepMetric: 'epoch', summary: ['min', 'max'] })
    wandb.defineMetric('loss', 'epoch')
    wandb.alert({ title: 'low', level: AlertLevel.WARN, wait_duration: 2 })
    const rows = await rowsOf(run)
    const metrics = updates(rows, 'metric')
    expect(metrics[0]).toMatchObject({ stepMetric: 'epoch', summary: ['min', 'max'] })
    expect(metrics[1]).toEqual(metrics[0])
    expect(metrics[2]).toMatchObject({ stepMetric: 'epoch' })
    expect(updates(rows, 'alert')).toMatchObject([{ title: 'low', level: 'warn', waitMs: 2000 }])
  })

  test('an artifact has the files that were added, by their paths in it', () => {
    writeFileSync(join(dir, 'a.txt'), 'a')
    const artifact = new Artifact('data', 'dataset', { metadata: { rows: 1 } })
    artifact.add_file(join(dir, 'a.txt'))
    artifact.addFile(join(dir, 'a.txt'), 'other/name.txt')
    artifact.addFile(new Uint8Array([1]), 'bytes')
    artifact.addDir(dir, 'all')
    expect(artifact.sources).toEqual({
      'a.txt': join(dir, 'a.txt'),
      'other/name.txt': join(dir, 'a.txt'),
      bytes: new Uint8Array([1]),
      'all/a.txt': join(dir, 'a.txt'),
    })
  })

  test('an artifact is logged by its path, or as it was put together', async () => {
    const run = await started()
    writeFileSync(join(dir, 'a.txt'), 'a')
    const artifact = new Artifact('data', 'dataset', { metadata: { rows: 1 } })
    artifact.addFile(join(dir, 'a.txt'), 'in/b.txt')
    expect(wandb.log_artifact(artifact, { aliases: ['best'] })).toBe(artifact)
    wandb.logArtifact(join(dir, 'a.txt'))
    const [first, second] = (await rowsOf(run)).map(({ step, ...artifacts }) => Object.entries(artifacts)[0])
    expect(first).toMatchObject([
      'data',
      { metadata: { rows: 1 }, aliases: ['best'], entries: [{ path: 'in/b.txt' }] },
    ])
    expect(second).toMatchObject([`run-${run.id}-a.txt`, { entries: [{ path: 'a.txt' }] }])
  })

  test('a saved file keeps a relative path, and an absolute one its name', async () => {
    const run = await started()
    const file = join(dir, 'deep', 'model.json')
    mkdirSync(join(dir, 'deep'))
    writeFileSync(file, '{}')
    wandb.save(file)
    wandb.save(file, { base_path: dir })
    wandb.save(relative(process.cwd(), file), { base_path: dirname(dirname(dir)) })
    const names = (await rowsOf(run)).map(({ step, ...file }) => Object.keys(file)[0])
    expect(names).toEqual([
      'model.json',
      'deep/model.json',
      `${basename(dirname(dir))}/${basename(dir)}/deep/model.json`,
    ])
  })

  test('names that no directory can have are W&B names all the same', async () => {
    const run = await started({ project: 'a/b', name: 'lr 1/2', tags: 'alone', resume: 'perhaps' })
    expect(run).toMatchObject({ name: 'lr 1/2', project: 'a/b' })
    await run.finish()
    const file = JSON.parse(readFileSync(join(run.dir, 'run.json'), 'utf8')) as Row
    expect(file).toMatchObject({ project: 'a-b', name: 'lr 1-2', status: 'completed' })
  })

  test('finish() with a code marks the run as failed, and the module is free for another', async () => {
    const run = await started()
    wandb.log({ value: 1 })
    await wandb.finish(3)
    expect([wandb.run, wandb.runPromise]).toEqual([null, null])
    const file = JSON.parse(readFileSync(join(run.dir, 'run.json'), 'utf8')) as Row
    expect(file).toMatchObject({ status: 'failed', exitCode: 3 })
  })
})
