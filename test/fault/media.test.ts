/** Media calls on their way from the training thread to the journal: each is a record once, or counted as dropped. */
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { expect, test } from 'vitest'
import { advice } from '../../dist/src/cli/verify/advice.js'
import { init, type RunOptions } from '../../dist/src/index.js'
import type { LiveRun } from '../../dist/src/run/live-run.js'
import { recoverRun, verifyRun } from '../../dist/src/runs.js'
import { temporaryDirectory } from '../support/directory.js'
import { type FoundMedia, mediaIn } from '../support/media-records.js'
import { startProgram } from '../support/program.js'
import { until } from '../support/until.js'

const start = (
  sinks: readonly ('jsonl' | 'csv' | 'console')[] = ['jsonl', 'csv'],
  options: RunOptions = {},
): LiveRun =>
  init({ dir: temporaryDirectory(), git: false, handleSignals: false, sinks, ...options }) as LiveRun

function expectFilesWhole(runDir: string, found: readonly FoundMedia[]): void {
  for (const { record } of found) {
    if (record.file === undefined) continue
    const bytes = readFileSync(join(runDir, record.file.path))
    expect(bytes.length).toBe(record.file.bytes)
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(record.file.sha256)
  }
}

const jsonl = (runDir: string): Record<string, unknown>[] =>
  readFileSync(join(runDir, 'metrics.jsonl'), 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line))

test('each kind is a record, with the step and time of its call, and a line of metrics.jsonl', async () => {
  const run = start()
  const before = Date.now()
  run.log({ loss: 1 }, 6)
  run.histogram('weights', new Float32Array([1, 2, 3, Number.NaN]), 7, { bins: 2 })
  run.histogram('counted', { edges: [0, 1, 2], counts: [3, 4] }, 7)
  run.image('picture', { data: new Uint8Array(12), width: 2, height: 2, channels: 3 }, 7, {
    caption: 'black',
  })
  run.audio('sound', { data: new Float32Array(100), sampleRate: 8000 }, 7)
  run.text('note', '**bold**', 7)
  run.table(
    'cases',
    {
      columns: ['a', 'b'],
      rows: [
        [1, 'x'],
        [null, true],
      ],
    },
    7,
  )
  run.prCurve('pr', { labels: [1, 0, 1], predictions: [0.9, 0.2, 0.4] }, 7)
  run.graph({ class_name: 'Sequential', config: { name: 'net', layers: [] } })
  run.hparams({ lr: 0.01, optimizer: { name: 'adam', schedule: () => 1 } })
  run.customScalars({ categories: [{ title: 'losses', charts: [{ title: 'all', tags: ['.*loss'] }] }] })
  run.mesh(
    'points',
    {
      vertices: [
        [0, 0, 0],
        [1, 1, 1],
      ],
    },
    7,
  )
  run.text('long', 'x'.repeat(100_000))
  const after = Date.now()
  const result = await run.finish()
  expect(result).toMatchObject({ accepted: 13, journaled: 13, inRing: 0, reached: true })
  expect(result.dropped).toEqual({ total: 0 })
  expect(result.sinks.csv).toMatchObject({ delivered: 1, notApplicable: 12 })
  expect(result.sinks.jsonl).toMatchObject({ delivered: 13, notApplicable: 0 })
  const found = mediaIn(run.dir)
  expect(found.map(({ record }) => record.kind)).toEqual([
    'histogram',
    'histogram',
    'image',
    'audio',
    'text',
    'table',
    'pr-curve',
    'graph',
    'hparams',
    'custom-scalars',
    'mesh',
    'text',
  ])
  expect(found.map(({ sequence }) => sequence)).toEqual(found.map((_, index) => index))
  expect(found.every(({ time }) => time >= before && time <= after)).toBe(true)
  expect(found.map(({ step }) => step)).toEqual([7, 7, 7, 7, 7, 7, 7, 0, 0, 0, 7, 6])
  expectFilesWhole(run.dir, found)
  expect(found[2]!.record).toMatchObject({
    name: 'picture',
    producer: 0,
    value: { format: 'png', width: 2, height: 2, caption: 'black' },
  })
  expect(found[11]!.record.file!.path).toMatch(/^media\/text\/long\/6-[0-9a-f]{12}\.json$/)
  const lines = jsonl(run.dir)
  expect(lines[1]).toMatchObject({ step: 7, weights: { type: 'histogram', counts: [1, 2], nan: 1 } })
  expect(lines.find((line) => 'picture' in line)?.picture).toMatchObject({
    type: 'image',
    bytes: expect.any(Number),
  })
})

test('hyper-parameters that are logged at once take the place of the config in TensorBoard', async () => {
  const config = { lr: 1, batchSize: 32 }
  const run = init({
    dir: temporaryDirectory(),
    git: false,
    handleSignals: false,
    config,
    sinks: ['tensorboard'],
  })
  run.hparams({ lr: 2 })
  for (let step = 0; step < 1000; step++) run.log({ loss: step }, step)
  const result = await run.finish()
  expect(result.sinks.tensorboard).toMatchObject({ delivered: 1001, notApplicable: 0 })
  const { state } = JSON.parse(readFileSync(join(run.dir, 'cursors', 'tensorboard.json'), 'utf8'))
  expect(state.directories[0].hparams).toBe('logged')
})

test('what makes no media is dropped, counted and told of once, and nothing throws', async () => {
  const run = start()
  const wrong = [
    () => run.histogram('empty', []),
    () => run.histogram('nan', [Number.NaN, Number.NaN]),
    () => run.histogram('no bins', [1, 2], 0, { bins: 0 }),
    () => run.histogram('none', null as never),
    () => run.histogram('text', 'abc' as never),
    () => run.image('size', { data: new Uint8Array(5), width: 2, height: 2, channels: 3 }),
    () => run.image('no image', new Uint8Array(10)),
    () => run.image('none', undefined as never),
    () => run.table('none', undefined as never),
    () => run.table('function', { columns: ['a'], rows: [[(() => 1) as never]] }),
    () => run.mesh('none', undefined as never),
    () => run.prCurve('none', undefined as never),
    () => run.graph(undefined as never),
    () => run.hparams(null as never),
    () => run.text('', 'no name'),
    () => run.text('number', 5 as never),
    () => run.customScalars(undefined as never),
  ]
  for (const call of wrong) call()
  run.histogram('constant', [5, 5, 5])
  run.text('step', 'x', Number.NaN)
  const result = await run.finish()
  expect(result).toMatchObject({ accepted: wrong.length + 2, journaled: 1, inRing: 0, reached: true })
  expect(result.dropped).toEqual({
    total: wrong.length + 1,
    'invalid-media': wrong.length,
    'invalid-step': 1,
  })
  run.text('late', 'x')
  expect(run.status().dropped.closed).toBe(1)
})

test('a buffer that is handed over is empty for its caller, and any other is left alone', async () => {
  const run = start()
  const given = Float32Array.from({ length: 1000 }, (_, i) => i)
  const kept = Float32Array.from(given)
  const part = new Float32Array(given.buffer.slice(0), 0, 500)
  run.histogram('given', given, 0, { transfer: true })
  run.histogram('kept', kept, 0)
  run.histogram('part', part, 0, { transfer: true })
  expect([given.length, kept.length, part.length]).toEqual([0, 1000, 500])
  kept.fill(0)
  await run.finish()
  expect(mediaIn(run.dir).map(({ record }) => record.value)).toMatchObject([
    { finite: 1000, max: 999 },
    { finite: 1000, max: 999 },
    { finite: 500, max: 499 },
  ])
})

test('memory that calls use again after one another holds what each of them was given', async () => {
  const run = start()
  const values = new Float64Array(20_000)
  for (let step = 0; step < 120; step++) {
    run.histogram('a', values.fill(step), step)
    if (step % 3 === 0) await run.flush()
    run.histogram('b', values.fill(-step), step)
  }
  await run.finish()
  const found = mediaIn(run.dir).map(({ record, step }) => [
    record.name,
    step,
    (record.value as { max: number }).max,
  ])
  expect(found).toEqual(
    Array.from({ length: 120 }, (_, step) => [
      ['a', step, step],
      ['b', step, 0 - step],
    ]).flat(),
  )
})

test('other threads log media too, each call once and in order', async () => {
  const run = start()
  const count = 200
  const threads = [0, 1, 2].map(() => {
    const workerData = { handle: run.producer(), count }
    return new Worker(new URL('../fixtures/media/thread.mjs', import.meta.url), { workerData })
  })
  await Promise.all(threads.map((thread) => new Promise((resolve) => thread.on('exit', resolve))))
  const result = await run.finish()
  expect(result).toMatchObject({ accepted: 3 * count, journaled: 3 * count, reached: true })
  for (const producer of [1, 2, 3]) {
    const texts = mediaIn(run.dir).filter(({ record }) => record.producer === producer)
    expect(texts.map(({ record }) => record.value)).toEqual(
      Array.from({ length: count }, (_, step) => ({ text: `text ${step}` })),
    )
  }
})

test('threads of the tracker die while media are logged: each call is a record once', async () => {
  const run = start()
  let logged = 0
  const log = (count: number) => {
    for (let n = 0; n < count; n++, logged++) run.text('note', `text ${logged}`, logged)
  }
  for (let death = 0; death < 12; death++) {
    log(10)
    const before = run.status().journaled
    if (death % 3 === 2) void run.worker.terminate()
    else run.post({ type: 'kill-thread', pool: death % 3 === 0 ? 'media' : 'drain' })
    log(10)
    await until('media are journaled again', () => run.status().journaled > before)
  }
  const result = await run.finish()
  expect(result).toMatchObject({ accepted: logged, journaled: logged, inRing: 0, reached: true })
  expect(mediaIn(run.dir).map(({ record }) => record.value)).toEqual(
    Array.from({ length: logged }, (_, step) => ({ text: `text ${step}` })),
  )
})

test.for([
  ['drop', {}],
  ['block, in vain', { ring: { whenFull: 'block', maxBlockMs: 50 } }],
] as const)(
  'media wait as long as the disk does not take them, and beyond their memory they are dropped and counted (%s)',
  async ([, options]) => {
    const run = start(['jsonl', 'csv'], options)
    await run.flush()
    writeFileSync(join(run.dir, 'media'), 'in the way')
    const shared = new Uint8Array(new SharedArrayBuffer(64 * 2 ** 20))
    const image = { data: shared, width: 4096, height: 4096, channels: 4 } as const
    for (let step = 0; step < 5; step++) run.image('large', image, step, { transfer: true })
    run.text('behind', 'x')
    await until('the fifth is dropped', () => run.status().dropped['media-backlog'] === 1)
    expect(run.status()).toMatchObject({ accepted: 6, journaled: 0, inRing: 5 })
    rmSync(join(run.dir, 'media'))
    const result = await run.finish({ timeoutMs: 60_000 })
    expect(result).toMatchObject({ accepted: 6, journaled: 5, inRing: 0, reached: true })
    expectFilesWhole(run.dir, mediaIn(run.dir))
  },
)

test('where a log call may wait (block), media wait for memory too, and all of them are records', async () => {
  const run = start([], { ring: { whenFull: 'block', maxBlockMs: 60_000 } })
  const values = new Float32Array(new SharedArrayBuffer(64 * 2 ** 20)).fill(1)
  for (let step = 0; step < 7; step++) run.histogram('weights', values, step, { transfer: true })
  const result = await run.finish({ timeoutMs: 60_000 })
  expect(result).toMatchObject({ accepted: 7, journaled: 7, dropped: { total: 0 }, reached: true })
  expect(mediaIn(run.dir)).toHaveLength(7)
})

test('a call that is larger than the memory for media is taken where it is the only one', async () => {
  const run = start([])
  const values = new Float32Array(new SharedArrayBuffer(257 * 2 ** 20))
  run.histogram('large', values, 0, { transfer: true })
  const result = await run.finish({ timeoutMs: 60_000 })
  expect(result).toMatchObject({ accepted: 1, journaled: 1, dropped: { total: 0 }, reached: true })
})

test('a run that ends before its media are worked up counts them, and is on time', async () => {
  const run = start()
  await run.flush()
  writeFileSync(join(run.dir, 'media'), 'in the way')
  run.image('picture', { data: new Uint8Array(12), width: 2, height: 2, channels: 3 })
  run.log({ loss: 1 })
  const result = await run.finish({ timeoutMs: 300 })
  expect(result).toMatchObject({ accepted: 2, journaled: 1, inRing: 0 })
  expect(result.dropped).toEqual({ total: 1, 'media-backlog': 1 })
})

test('whenever kill -9 comes, what is journaled has its file whole, and recovery delivers it', async () => {
  for (let round = 0; round < 8; round++) {
    const dir = temporaryDirectory()
    const program = startProgram('media/exit.mjs', { dir, args: ['forever'] })
    const runDir = join(dir, 'default', 'child')
    await until('media are delivered', () => existsSync(join(runDir, 'media', 'image', 'picture')))
    await new Promise((resolve) => setTimeout(resolve, round * 7))
    program.kill('SIGKILL')
    await program.ended
    await recoverRun(runDir)
    const found = mediaIn(runDir)
    expect(found.map(({ sequence }) => sequence)).toEqual(found.map((_, index) => index))
    expectFilesWhole(runDir, found)
    expect(jsonl(runDir).map(({ sequence }) => sequence)).toEqual(found.map((_, index) => index))
  }
})

test.for(['exit', 'throw', 'end'])(
  'a program that ends at once (%s) keeps what it had logged',
  async (way) => {
    const dir = temporaryDirectory()
    const program = startProgram('media/exit.mjs', { dir, args: [way] })
    await program.ended
    const runDir = join(dir, 'default', 'child')
    const found = mediaIn(runDir)
    expect(found.map(({ record, step }) => `${record.kind} ${step}`)).toEqual(
      Array.from({ length: 10 }, (_, step) => [`image ${step}`, `histogram ${step}`]).flat(),
    )
    expectFilesWhole(runDir, found)
    expect(existsSync(join(runDir, 'media', 'image', 'picture'))).toBe(true)
  },
)

test('verify finds media files that are gone or not what was written, and says that only a copy brings them back', async () => {
  const run = start()
  for (let step = 0; step < 3; step++) {
    run.image('picture', { data: new Uint8Array(12).fill(step), width: 2, height: 2, channels: 3 }, step)
  }
  run.text('note', 'x')
  await run.finish()
  const [gone, changed] = mediaIn(run.dir).map(({ record }) => record.file?.path)
  expect(await verifyRun(run.dir)).toMatchObject({
    sound: true,
    media: { result: 'ok', records: 4, files: 3, missing: [], damaged: [] },
  })
  rmSync(join(run.dir, gone!))
  const bytes = readFileSync(join(run.dir, changed!))
  bytes[bytes.length - 1]! ^= 1
  writeFileSync(join(run.dir, changed!), bytes)
  const report = await verifyRun(run.dir)
  expect(report).toMatchObject({
    sound: false,
    media: { result: 'missing', missing: [gone], damaged: [changed] },
  })
  expect(advice(report, 'x', false)).toContain('from a copy')
})
