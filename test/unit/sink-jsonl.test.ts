import { spawnSync } from 'node:child_process'
import { appendFileSync, readFileSync, rmSync, symlinkSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createSink } from '../../src/sinks/jsonl/sink.js'
import { BatchBuilder, START_TIME } from './support/batches.js'
import { compile } from './support/compiled.js'
import { COMPLETED, deliver, deliverThroughCrashes, runDirectory, sinkContext } from './support/sink-run.js'

const text = (dir: string) => readFileSync(join(dir, 'metrics.jsonl'), 'utf8')
const objects = (dir: string) =>
  text(dir)
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line))

describe('what a row looks like', () => {
  test('a row is one flat object with its step, both clocks, producer, sequence and metrics', async () => {
    const dir = runDirectory()
    const row = {
      step: 10,
      time: START_TIME + 12_500,
      producer: 3,
      sequence: 17,
      metrics: { 'train/loss': 1.5, lr: 3e-4 },
    }
    await deliver(createSink(), sinkContext(dir), [[row]])
    expect(text(dir)).toBe(
      '{"step":10,"timestamp":1732000012.5,"elapsed":12.5,"producer":3,"sequence":17,"train/loss":1.5,"lr":0.0003}\n',
    )
  })

  test('NaN and infinities are strings', async () => {
    const dir = runDirectory()
    await deliver(createSink(), sinkContext(dir), [
      [{ metrics: { a: Number.NaN, b: Infinity, c: -Infinity } }],
    ])
    expect(objects(dir)[0]).toMatchObject({ a: 'NaN', b: 'Infinity', c: '-Infinity' })
  })

  test('bigints keep all of their digits, beyond the range of a double too', async () => {
    const dir = runDirectory()
    const huge = 10n ** 400n + 7n
    await deliver(createSink(), sinkContext(dir), [[{ metrics: { tokens: 9007199254740993n, huge } }]])
    expect(text(dir)).toContain(`"tokens":9007199254740993,"huge":${huge}}`)
  })

  test('minus zero stays minus zero', async () => {
    const dir = runDirectory()
    await deliver(createSink(), sinkContext(dir), [[{ metrics: { a: -0 } }]])
    expect(objects(dir)[0].a).toBe(-0)
  })

  test.each([
    ['step', 'metrics/step'],
    ['timestamp', 'metrics/timestamp'],
    ['elapsed', 'metrics/elapsed'],
    ['producer', 'metrics/producer'],
    ['sequence', 'metrics/sequence'],
  ])('a metric called %s does not hide the field of that name', async (name, field) => {
    const dir = runDirectory()
    await deliver(createSink(), sinkContext(dir), [[{ step: 5, metrics: { [name]: 1.25 } }]])
    expect(objects(dir)[0]).toMatchObject({ step: 5, [field]: 1.25 })
  })

  test('every finite double and every name reads back as it was logged', async () => {
    const names = fc.string({ unit: 'binary', minLength: 1 }).map((name) => `m/${name}`)
    const property = fc.asyncProperty(
      fc.dictionary(names, fc.double({ noNaN: true, noDefaultInfinity: true })),
      async (metrics) => {
        const dir = runDirectory()
        await deliver(createSink(), sinkContext(dir), [[{ metrics }]])
        const { step, timestamp, elapsed, producer, sequence, ...found } = objects(dir)[0]
        expect({ ...found }).toStrictEqual({ ...metrics })
      },
    )
    await fc.assert(property, { numRuns: 200 })
  })

  test('names that appear in a later batch of the same reader get their own keys', async () => {
    const dir = runDirectory()
    await deliver(createSink(), sinkContext(dir), [
      [{ metrics: { a: 1 } }],
      [{ metrics: { 'b "quoted"\n': 2, a: 3 } }],
    ])
    expect(objects(dir)[1]).toMatchObject({ 'b "quoted"\n': 2, a: 3 })
  })

  test('a batch of several chunks with wide characters is written whole', async () => {
    const dir = runDirectory()
    const wide = '損失🙂'.repeat(50)
    const rows = Array.from({ length: 5000 }, (_, value) => ({ metrics: { [wide]: value } }))
    await deliver(createSink(), sinkContext(dir), [rows])
    expect(objects(dir).map((row) => row[wide])).toEqual(rows.map((_, index) => index))
  })
})

describe('exactly once', () => {
  const life = fc.record({
    batchSizes: fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 1, maxLength: 4 }),
    uncommitted: fc.boolean(),
  })

  test('the file is the same wherever the delivery was cut and taken up again', async () => {
    const rows = Array.from({ length: 20 }, (_, i) => ({ metrics: { a: i / 3, [`b${i % 4}`]: i } }))
    const whole = runDirectory()
    await deliver(createSink(), sinkContext(whole), [rows])
    const property = fc.asyncProperty(fc.array(life, { maxLength: 4 }), fc.string(), async (lives, torn) => {
      const dir = runDirectory()
      const tear = () => appendFileSync(join(dir, 'metrics.jsonl'), torn)
      await deliverThroughCrashes(createSink, sinkContext(dir), rows, lives, tear)
      expect(text(dir)).toBe(text(whole))
    })
    await fc.assert(property, { numRuns: 100 })
  })

  test('a sink that is opened again learns the names anew', async () => {
    const dir = runDirectory()
    const sink = createSink()
    const state = await deliver(sink, sinkContext(dir), [[{ metrics: { a: 1 } }]])
    await deliver(sink, sinkContext(dir), [[{ metrics: { b: 2 } }]], state)
    expect(objects(dir)).toMatchObject([{ a: 1 }, { b: 2 }])
  })

  test('without a state, what the file held is gone', async () => {
    const dir = runDirectory()
    await deliver(createSink(), sinkContext(dir), [[{ metrics: { a: 1 } }]])
    await deliver(createSink(), sinkContext(dir), [[{ metrics: { a: 2 } }]])
    expect(objects(dir).map((row) => row.a)).toEqual([2])
  })

  test('a file that was cut is written again from the journal', async () => {
    const dir = runDirectory()
    const state = await deliver(createSink(), sinkContext(dir), [[{ metrics: { a: 1 } }]])
    truncateSync(join(dir, 'metrics.jsonl'), 10)
    await expect(createSink().open(sinkContext(dir), state)).rejects.toMatchObject({
      action: 'rebuild',
      code: 'FILE_TOO_SHORT',
    })
  })

  test('a file that was removed is written again from the journal', async () => {
    const dir = runDirectory()
    const state = await deliver(createSink(), sinkContext(dir), [[{ metrics: { a: 1 } }]])
    rmSync(join(dir, 'metrics.jsonl'))
    await expect(createSink().open(sinkContext(dir), state)).rejects.toMatchObject({
      action: 'rebuild',
      code: 'FILE_MISSING',
    })
  })

  test.each([
    ['removed', (path: string) => rmSync(path)],
    ['cut', (path: string) => truncateSync(path, 10)],
  ])('a file that is %s while it is open is written again from the journal', async (_, damage) => {
    const dir = runDirectory()
    const builder = new BatchBuilder()
    const sink = createSink()
    await sink.open(sinkContext(dir), null)
    await sink.write(builder.batch({ metrics: { a: 1 } }))
    damage(join(dir, 'metrics.jsonl'))
    await expect(sink.write(builder.batch({ metrics: { a: 2 } }))).rejects.toMatchObject({
      action: 'rebuild',
    })
    await sink.close(COMPLETED)
  })

  test('a state that makes no sense is answered with a rebuild', async () => {
    await expect(createSink().open(sinkContext(runDirectory()), { length: -1 })).rejects.toMatchObject({
      action: 'rebuild',
    })
  })
})

describe('errors of the file system', () => {
  let compiled: string
  beforeAll(() => {
    compiled = compile('src/sinks/jsonl/sink.ts', 'test/unit/support/batches.ts')
  })
  afterAll(() => rmSync(compiled, { recursive: true }))

  test('an error of the disk is passed on as it is, to be tried again later', async () => {
    const dir = runDirectory()
    symlinkSync('/dev/full', join(dir, 'metrics.jsonl'))
    const sink = createSink()
    await sink.open(sinkContext(dir), null)
    const batch = new BatchBuilder().batch({ metrics: { a: 1 } })
    await expect(sink.write(batch)).rejects.toMatchObject({ code: 'ENOSPC' })
    await sink.close(COMPLETED)
  })

  test('a batch that is cut short by a full disk leaves nothing, and a smaller one still goes in', () => {
    const dir = runDirectory()
    // The limit on the size of files gives a short write and then EFBIG, as a full disk gives ENOSPC.
    const program = `
      import { createSink } from './src/sinks/jsonl/sink.js'
      import { BatchBuilder } from './test/unit/support/batches.js'
      import { readFileSync } from 'node:fs'
      const builder = new BatchBuilder()
      const file = () => readFileSync(${JSON.stringify(join(dir, 'metrics.jsonl'))}, 'utf8')
      const sink = createSink()
      await sink.open({ runDir: ${JSON.stringify(dir)}, startTime: 0 }, null)
      await sink.write(builder.batch({ metrics: { a: 1 } }))
      const before = file()
      const code = await sink.write(builder.batch(...Array(1000).fill({ metrics: { a: 2 } }))).catch((e) => e.code)
      const kept = file() === before
      await sink.write(builder.batch({ metrics: { a: 3 } }))
      console.log(JSON.stringify({ code, kept, values: file().trim().split('\\n').map((l) => JSON.parse(l).a) }))`
    const child = spawnSync(
      'sh',
      ['-c', 'ulimit -f 8; exec "$0" --input-type=module -e "$1"', process.execPath, program],
      {
        cwd: compiled,
        encoding: 'utf8',
      },
    )
    expect(JSON.parse(child.stdout || child.stderr)).toEqual({ code: 'EFBIG', kept: true, values: [1, 3] })
  })
})
