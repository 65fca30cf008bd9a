import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createSink } from '../../src/sinks/csv/sink.js'
import { BatchBuilder, type RowLiteral, START_TIME } from './support/batches.js'
import {
  COMPLETED,
  committedState,
  deliver,
  deliverThroughCrashes,
  runDirectory,
  sinkContext,
} from './support/sink-run.js'

const wide = (dir: string) => readFileSync(join(dir, 'metrics.csv'), 'utf8')
const long = (dir: string) => readFileSync(join(dir, 'metrics-overflow.csv'), 'utf8')
const lines = (text: string) => text.split('\n').slice(0, -1)

/** A reader that knows RFC 4180 and nothing of the writer. */
function parseCsv(text: string): string[][] {
  const records: string[][] = [[]]
  const field = /("(?:[^"]|"")*"|[^",\r\n]*)(,|\r?\n|$)/gy
  for (let match = field.exec(text); match !== null && match[0] !== ''; match = field.exec(text)) {
    const [, raw, end] = match
    records.at(-1)!.push(raw!.startsWith('"') ? raw!.slice(1, -1).replaceAll('""', '"') : raw!)
    if (end !== ',') records.push([])
  }
  return records.slice(0, -1)
}

const metricsOf = (text: string) => {
  const [header, ...rows] = parseCsv(text)
  return rows.map((row) => {
    const cells = row.map((cell, column) => [header![column]!, cell] as const)
    return Object.fromEntries(cells.slice(5).filter(([, cell]) => cell !== ''))
  })
}

describe('what the file looks like', () => {
  test('a row has its step, both clocks, producer, sequence and a cell per metric', async () => {
    const dir = runDirectory()
    const row = {
      step: 10,
      time: START_TIME + 12_500,
      producer: 3,
      sequence: 17,
      metrics: { 'train/loss': 1.5, lr: 3e-4 },
    }
    await deliver(createSink(), sinkContext(dir), [[row]])
    expect(wide(dir)).toBe(
      'step,timestamp,elapsed,producer,sequence,train/loss,lr\n10,1732000012.5,12.5,3,17,1.5,0.0003\n',
    )
  })

  test('NaN, infinities, minus zero and bigints are bare, exact numbers', async () => {
    const dir = runDirectory()
    const metrics = { a: Number.NaN, b: Infinity, c: -Infinity, d: -0, e: 9007199254740993n }
    await deliver(createSink(), sinkContext(dir), [[{ metrics }]])
    expect(lines(wide(dir))[1]).toMatch(/,NaN,Infinity,-Infinity,-0,9007199254740993$/)
  })

  test('names with commas, quotes, line breaks and other scripts read back by RFC 4180', async () => {
    const dir = runDirectory()
    const metrics = { 'a,b': 1, 'say "x"': 2, 'two\nlines': 3, 'verlust/損失🙂': 4, '': 5, plain: 6 }
    await deliver(createSink(), sinkContext(dir), [[{ metrics }]])
    expect(parseCsv(wide(dir))[0]!.slice(5)).toEqual(Object.keys(metrics))
  })

  test('a metric called like a fixed field has a column of its own', async () => {
    const dir = runDirectory()
    await deliver(createSink(), sinkContext(dir), [[{ step: 7, metrics: { step: 1, sequence: 2 } }]])
    expect(lines(wide(dir))[0]).toBe('step,timestamp,elapsed,producer,sequence,metrics/step,metrics/sequence')
  })

  test('every double and every name reads back as it was logged', async () => {
    const values = fc.oneof(fc.double(), fc.constantFrom(Number.NaN, -0, Infinity, -Infinity))
    const names = fc.string({ unit: 'grapheme' }).map((name) => `m${name}`)
    const property = fc.asyncProperty(
      fc.array(fc.dictionary(names, values), { minLength: 1 }),
      async (metrics) => {
        const dir = runDirectory()
        await deliver(createSink(), sinkContext(dir), [metrics.map((row) => ({ metrics: row }))])
        const numbers = metricsOf(wide(dir)).map((row) =>
          Object.entries(row).map(([name, cell]) => [name, Number(cell)]),
        )
        expect(numbers.map((row) => Object.fromEntries(row))).toEqual(metrics.map((row) => ({ ...row })))
      },
    )
    await fc.assert(property, { numRuns: 200 })
  })

  test('metrics that come in another order than the columns land in their columns', async () => {
    const dir = runDirectory()
    const rows = [
      { metrics: { a: 1, b: 2, c: 3, d: 4 } },
      { metrics: { d: 8, b: 6 } },
      { metrics: { c: 11, a: 9 } },
    ]
    await deliver(createSink(), sinkContext(dir), [rows])
    expect(lines(wide(dir)).map((line) => line.split(',').slice(5).join())).toEqual([
      'a,b,c,d',
      '1,2,3,4',
      ',6,,8',
      '9,,11,',
    ])
  })
})

describe('a row that holds a metric twice', () => {
  test('has one cell for it, with the later value', async () => {
    const dir = runDirectory()
    const metrics = [
      ['a', 1],
      ['b', 2],
      ['b', 3],
      ['a', 4],
    ] as const
    await deliver(createSink(), sinkContext(dir), [[{ metrics }]])
    expect(metricsOf(wide(dir))).toEqual([{ a: '4', b: '3' }])
  })
})

describe('new metrics', () => {
  test('the widened file is not left behind where it cannot take the place of the old one', async () => {
    const dir = runDirectory()
    const builder = new BatchBuilder()
    const sink = createSink()
    await sink.open(sinkContext(dir), null)
    await sink.write(builder.batch({ metrics: { a: 1 } }))
    rmSync(join(dir, 'metrics.csv'))
    mkdirSync(join(dir, 'metrics.csv'))
    await expect(sink.write(builder.batch({ metrics: { b: 2 } }))).rejects.toMatchObject({ code: 'EISDIR' })
    expect(readdirSync(dir)).toEqual(['metrics.csv'])
    await sink.close(COMPLETED)
  })

  test('rows written before a metric appeared have an empty cell for it', async () => {
    const dir = runDirectory()
    await deliver(createSink(), sinkContext(dir), [
      [{ metrics: { a: 1 } }, { metrics: { a: 2 } }],
      [{ metrics: { a: 3 } }, { metrics: { b: 4, a: 5, 'c,"\n': 6 } }],
    ])
    expect(metricsOf(wide(dir))).toEqual([
      { a: '1' },
      { a: '2' },
      { a: '3' },
      { a: '5', b: '4', 'c,"\n': '6' },
    ])
    expect(new Set(parseCsv(wide(dir)).map((row) => row.length))).toEqual(new Set([8]))
  })

  test('a file of several chunks is widened whole', async () => {
    const dir = runDirectory()
    const rows = Array.from({ length: 50_000 }, (_, i) => ({ metrics: { 'first\nmetric': i / 7 } }))
    await deliver(createSink(), sinkContext(dir), [rows, [{ metrics: { b: 1, c: 2 } }]])
    const found = metricsOf(wide(dir))
    expect(found.slice(0, -1)).toEqual(
      rows.map((row) => ({ 'first\nmetric': `${row.metrics['first\nmetric']}` })),
    )
    expect(found.at(-1)).toEqual({ b: '1', c: '2' })
  })

  test('a batch that fails while the file is being widened may come again', async () => {
    const dir = runDirectory()
    const builder = new BatchBuilder()
    const sink = createSink()
    await sink.open(sinkContext(dir), null)
    await sink.write(builder.batch({ metrics: { a: 1 } }))
    const before = wide(dir)
    const batch = builder.batch({ metrics: { b: 2 } })
    mkdirSync(join(dir, 'metrics.csv.tmp'))
    await expect(sink.write(batch)).rejects.toMatchObject({ code: 'EISDIR' })
    expect(wide(dir)).toBe(before)
    rmdirSync(join(dir, 'metrics.csv.tmp'))
    await sink.write(batch)
    await sink.close(COMPLETED)
    expect(metricsOf(wide(dir))).toEqual([{ a: '1' }, { b: '2' }])
  })

  test('100,000 names, a few in each batch, take seconds and not hours', { timeout: 60_000 }, async () => {
    const dir = runDirectory()
    const batches = Array.from({ length: 1000 }, (_, batch) => [
      {
        metrics: Object.fromEntries(
          Array.from({ length: 100 }, (_, i) => [`name ${batch * 100 + i}`, batch]),
        ),
      },
    ])
    await deliver(createSink(), sinkContext(dir, { options: { maxColumns: 50 } }), batches)
    expect(lines(long(dir))).toHaveLength(1 + 100_000 - 50)
  })
})

describe('the limits', () => {
  const options = { maxColumns: 2 }

  test('metrics beyond the last column go to the overflow file, a row per value', async () => {
    const dir = runDirectory()
    const rows = [
      { step: 1, metrics: { a: 1, b: 2, c: 3, 'd,e': Number.NaN } },
      { step: 2, metrics: { c: 5, a: 4 } },
    ]
    await deliver(createSink(), sinkContext(dir, { options }), [rows])
    expect(metricsOf(wide(dir))).toEqual([{ a: '1', b: '2' }, { a: '4' }])
    expect(lines(long(dir))).toEqual([
      'step,timestamp,elapsed,producer,sequence,name,value',
      '1,1732000000,0,0,0,c,3',
      '1,1732000000,0,0,0,"d,e",NaN',
      '2,1732000001,1,0,1,c,5',
    ])
  })

  test('a file that would grow too large is not widened any more', async () => {
    const dir = runDirectory()
    const context = sinkContext(dir, { options: { maxRewriteBytes: 70 } })
    await deliver(createSink(), context, [
      [{ metrics: { a: 1 } }],
      [{ metrics: { a: 2 } }],
      [{ metrics: { b: 3 } }],
    ])
    expect(lines(wide(dir))[0]).toBe('step,timestamp,elapsed,producer,sequence,a')
    expect(lines(long(dir)).slice(1)).toEqual(['2,1732000002,2,0,2,b,3'])
  })

  test('once there is an overflow, no metric gets a column, so that each is in one file only', async () => {
    const dir = runDirectory()
    const state = await deliver(createSink(), sinkContext(dir, { options }), [
      [{ metrics: { a: 1, b: 2, c: 3 } }],
    ])
    const later = [[{ metrics: { c: 4, d: 5 } }]]
    await deliver(createSink(), sinkContext(dir, { options: { maxColumns: 1000 } }), later, state)
    expect(lines(wide(dir))[0]).toBe('step,timestamp,elapsed,producer,sequence,a,b')
    expect(
      lines(long(dir))
        .slice(1)
        .map((line) => line.split(',').slice(5).join()),
    ).toEqual(['c,3', 'c,4', 'd,5'])
  })

  test('there is no overflow file before it is needed, and one warning when it is', async () => {
    const dir = runDirectory()
    const warnings: string[] = []
    const context = sinkContext(dir, { options, warn: (kind) => warnings.push(kind) })
    const state = await deliver(createSink(), context, [[{ metrics: { a: 1, b: 2 } }]])
    expect([existsSync(join(dir, 'metrics-overflow.csv')), warnings]).toEqual([false, []])
    await deliver(createSink(), context, [[{ metrics: { c: 3 } }], [{ metrics: { d: 3 } }]], state)
    expect([existsSync(join(dir, 'metrics-overflow.csv')), warnings]).toEqual([true, ['csv_overflow']])
  })

  test('a batch that the overflow file cannot take is in neither file', async () => {
    const dir = runDirectory()
    const sink = createSink()
    const builder = new BatchBuilder()
    await sink.open(sinkContext(dir, { options }), null)
    const { state } = await sink.write(builder.batch({ metrics: { a: 1, b: 2 } }))
    symlinkSync('/dev/full', join(dir, 'metrics-overflow.csv'))
    await expect(sink.write(builder.batch({ metrics: { c: 3 } }))).rejects.toMatchObject({ code: 'ENOSPC' })
    await sink.close(COMPLETED)
    expect(metricsOf(wide(dir))).toEqual([{ a: '1', b: '2' }])
    await deliver(
      createSink(),
      sinkContext(dir, { options }),
      [[{ metrics: { c: 3 } }]],
      committedState(state),
    )
    expect([metricsOf(wide(dir)).length, lines(long(dir)).length]).toEqual([2, 2])
  })

  test('options that make no sense pause the sink and are named', async () => {
    const context = sinkContext(runDirectory(), { options: { maxColumns: 'many' } })
    const error = { action: 'pause', message: expect.stringContaining('maxColumns') }
    await expect(createSink().open(context, null)).rejects.toMatchObject(error)
  })
})

describe('exactly once', () => {
  const rows: RowLiteral[] = Array.from({ length: 20 }, (_, i) => ({
    metrics: { a: i / 3, [`b${i % 4}`]: i, ...(i > 12 && { [`c"${i}`]: -i }) },
  }))
  const life = fc.record({
    batchSizes: fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 1, maxLength: 4 }),
    uncommitted: fc.boolean(),
  })

  test.each([
    ['with columns for all', {}, []],
    ['with an overflow', { maxColumns: 4 }, ['metrics-overflow.csv']],
  ])(
    'the files are the same wherever the delivery was cut and taken up again, %s',
    async (_, options, more) => {
      const contents = (dir: string) =>
        ['metrics.csv', ...more].map((name) => readFileSync(join(dir, name), 'utf8'))
      const whole = runDirectory()
      await deliver(createSink(), sinkContext(whole, { options }), [rows])
      const property = fc.asyncProperty(
        fc.array(life, { maxLength: 4 }),
        fc.string(),
        async (lives, torn) => {
          const dir = runDirectory()
          const tear = () => {
            appendFileSync(join(dir, 'metrics.csv'), torn)
            writeFileSync(join(dir, 'metrics.csv.tmp'), torn)
            appendFileSync(join(dir, 'metrics-overflow.csv'), torn)
          }
          await deliverThroughCrashes(createSink, sinkContext(dir, { options }), rows, lives, tear)
          expect(contents(dir)).toEqual(contents(whole))
          expect(existsSync(join(dir, 'metrics.csv.tmp'))).toBe(false)
          expect(existsSync(join(dir, 'metrics-overflow.csv'))).toBe(more.length > 0)
        },
      )
      await fc.assert(property, { numRuns: 100 })
    },
  )

  test('a crash after the file was widened and before the commit is answered with a rebuild', async () => {
    const dir = runDirectory()
    const state = await deliver(createSink(), sinkContext(dir), [[{ metrics: { a: 1 } }]])
    await deliver(createSink(), sinkContext(dir), [[{ metrics: { b: 2 } }]], state)
    await expect(createSink().open(sinkContext(dir), state)).rejects.toMatchObject({
      action: 'rebuild',
      code: 'HEADER_CHANGED',
    })
  })

  test.each(['metrics.csv', 'metrics-overflow.csv'])(
    '%s cut or removed is answered with a rebuild',
    async (name) => {
      const dir = runDirectory()
      const context = sinkContext(dir, { options: { maxColumns: 1 } })
      const state = await deliver(createSink(), context, [[{ metrics: { a: 1, b: 2 } }]])
      truncateSync(join(dir, name), 45)
      await expect(createSink().open(context, state)).rejects.toMatchObject({
        action: 'rebuild',
        code: 'FILE_TOO_SHORT',
      })
      rmSync(join(dir, name))
      await expect(createSink().open(context, state)).rejects.toMatchObject({
        action: 'rebuild',
        code: 'FILE_MISSING',
      })
    },
  )

  test('a sink that is opened again learns the names anew', async () => {
    const dir = runDirectory()
    const sink = createSink()
    const state = await deliver(sink, sinkContext(dir), [[{ metrics: { a: 1 } }]])
    await deliver(sink, sinkContext(dir), [[{ metrics: { b: 2 } }]], state)
    expect(metricsOf(wide(dir))).toEqual([{ a: '1' }, { b: '2' }])
  })

  test('the state of an earlier batch is not changed by a later one', async () => {
    const dir = runDirectory()
    const sink = createSink()
    const builder = new BatchBuilder()
    await sink.open(sinkContext(dir), null)
    const { state } = await sink.write(builder.batch({ metrics: { a: 1 } }))
    const copy = join(runDirectory(), 'metrics.csv')
    cpSync(join(dir, 'metrics.csv'), copy)
    await sink.write(builder.batch({ metrics: { b: 2 } }))
    await sink.close(COMPLETED)
    await createSink().open(sinkContext(join(copy, '..')), state)
  })
})
