import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { describe, expect, test } from 'vitest'
import { type ExportOptions, exportRuns } from '../../src/export/export-runs.js'
import type { StoredRun } from '../../src/store/runs/stored-run.js'
import { temporaryDirectory } from '../support/directory.js'
import { type JournalPoint, journalPoints, storedRun } from './support/stored-runs.js'

const HARD = [0.1, 1 / 3, -0, 5e-324, 1.7976931348623157e308, Number.NaN, Infinity, -Infinity, 2 ** 53]

function twoRuns(): { dir: string; runs: StoredRun[] } {
  const dir = temporaryDirectory()
  const one = storedRun(
    dir,
    'one',
    HARD.map((value, step) => [step, { loss: value, 'a,"b"\n': step }, step % 2] as const),
  )
  const two = storedRun(
    dir,
    'two',
    Array.from({ length: 3000 }, (_, step) => [step / 2, { loss: Math.sin(step), [`m${step % 3}`]: step }]),
  )
  return { dir, runs: [one, two] }
}

async function exported(
  dir: string,
  runs: readonly StoredRun[],
  options: Omit<ExportOptions, 'out'>,
): Promise<string> {
  const out = join(dir, `out.${options.format}`)
  await exportRuns(runs, { ...options, out })
  return out
}

/** What DuckDB reads. */
async function query(sql: string): Promise<unknown[][]> {
  const connection = await (await DuckDBInstance.create(':memory:')).connect()
  const rows = await (await connection.runAndReadAll(sql)).getRowsJS()
  connection.closeSync()
  return rows as unknown[][]
}

const asRow = ({ run, producer, step, time, name, value }: JournalPoint): unknown[] => [
  run,
  producer,
  step,
  new Date(time),
  name,
  value,
]

describe('a long table', () => {
  test('as Parquet is read back by DuckDB as the journals have it, to the last bit', async () => {
    const { dir, runs } = twoRuns()
    const file = await exported(dir, runs, { format: 'parquet' })
    const found = await query(`select * from '${file}'`)
    expect(found).toEqual(runs.flatMap(journalPoints).map(asRow))
    // toEqual() takes 0 for -0.
    expect(found.filter(([, , , , , value]) => Object.is(value, -0))).toHaveLength(1)
    const types = await query(`select column_name, column_type from (describe select * from '${file}')`)
    expect(Object.fromEntries(types)).toEqual({
      run: 'VARCHAR',
      producer: 'INTEGER',
      step: 'DOUBLE',
      time: 'TIMESTAMP',
      name: 'VARCHAR',
      value: 'DOUBLE',
    })
  })

  test('as CSV is read back by DuckDB as the journals have it', async () => {
    const { dir, runs } = twoRuns()
    const file = await exported(dir, runs, { format: 'csv' })
    const sql = `select run, producer, step::double, time, name, value::double from read_csv('${file}', header=true, all_varchar=true)`
    const found = await query(sql)
    const texts = runs
      .flatMap(journalPoints)
      .map(({ run, producer, step, time, name, value }) => [run, `${producer}`, step, `${time}`, name, value])
    expect(found).toEqual(texts)
  })

  test('as JSON Lines has the same values, with NaN and infinities as strings', async () => {
    const { dir, runs } = twoRuns()
    const file = await exported(dir, runs, { format: 'jsonl' })
    const found = readFileSync(file, 'utf8')
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as JournalPoint)
    expect(found.slice(0, 20).filter(({ value }) => typeof value === 'string')).toHaveLength(3)
    expect(found.map((point) => ({ ...point, value: Number(point.value) }))).toEqual(
      runs.flatMap(journalPoints),
    )
  })

  test('is narrowed down to metrics and to a range of steps, both ends included', async () => {
    const { dir, runs } = twoRuns()
    const file = await exported(dir, runs, { format: 'parquet', metrics: ['m1'], from: 2, to: 5 })
    const wanted = runs
      .flatMap(journalPoints)
      .filter(({ name, step }) => name === 'm1' && step >= 2 && step <= 5)
    expect(wanted.length).toBeGreaterThan(1)
    expect(await query(`select * from '${file}'`)).toEqual(wanted.map(asRow))
  })

  test('has all digits of a bigint where the format is text', async () => {
    const dir = temporaryDirectory()
    const run = storedRun(dir, 'big', [[0, { n: 2n ** 62n + 1n }]])
    const file = await exported(dir, [run], { format: 'csv' })
    expect(readFileSync(file, 'utf8')).toContain(`,n,${2n ** 62n + 1n}\n`)
  })

  test('of more rows than a row group has is whole', async () => {
    const dir = temporaryDirectory()
    const values = Object.fromEntries(Array.from({ length: 700 }, (_, m) => [`m${m}`, m]))
    const run = storedRun(
      dir,
      'run',
      Array.from({ length: 400 }, (_, step) => [step, values] as const),
    )
    const file = await exported(dir, [run], { format: 'parquet' })
    const [row] = await query(
      `select count(*)::int, sum(value), count(distinct (step, name))::int from '${file}'`,
    )
    expect(row).toEqual([280_000, (400 * 700 * 699) / 2, 280_000])
    const groups = await query(`select count(distinct row_group_id)::int from parquet_metadata('${file}')`)
    expect(groups[0]![0]).toBe(2)
  })
})

describe('a wide table', () => {
  const rows = [
    [0, { b: 1, a: 2 }],
    [0, { c: 3 }],
    [0, { a: 9 }, 1],
    [1, { a: Number.NaN }],
    [1, { a: 5 }],
    [0, { b: 7 }],
  ] as const

  test('has a row per step and producer, sorted columns, and a further row where a metric comes again', async () => {
    const dir = temporaryDirectory()
    const file = await exported(dir, [storedRun(dir, 'run', rows)], { format: 'parquet', shape: 'wide' })
    const found = await query(`select * exclude (run, time) from '${file}'`)
    expect(found).toEqual([
      [0, 0, 2, 1, 3],
      [0, 1, Number.NaN, null, null],
      [0, 1, 5, null, null],
      [0, 0, null, 7, null],
      [1, 0, 9, null, null],
    ])
    const columns = await query(`select column_name from (describe select * from '${file}')`)
    expect(columns.flat()).toEqual(['run', 'producer', 'step', 'time', 'a', 'b', 'c'])
  })

  test('as text has the same rows', async () => {
    const dir = temporaryDirectory()
    const run = storedRun(dir, 'run', rows)
    const csv = readFileSync(await exported(dir, [run], { format: 'csv', shape: 'wide' }), 'utf8')
    const withoutTime = csv.split('\n').map((line) => line.split(',').toSpliced(3, 1).join())
    expect(withoutTime).toEqual([
      'run,producer,step,a,b,c',
      'run,0,0,2,1,3',
      'run,0,1,NaN,,',
      'run,0,1,5,,',
      'run,0,0,,7,',
      'run,1,0,9,,',
      '',
    ])
    const jsonl = readFileSync(await exported(dir, [run], { format: 'jsonl', shape: 'wide' }), 'utf8')
    expect(JSON.parse(jsonl.split('\n')[1]!)).toMatchObject({ step: 1, a: 'NaN' })
  })

  test('of runs with different metrics has the columns of all', async () => {
    const dir = temporaryDirectory()
    const runs = [storedRun(dir, 'x', [[0, { a: 1 }]]), storedRun(dir, 'y', [[0, { b: 2, step: 3 }]])]
    const file = await exported(dir, runs, { format: 'parquet', shape: 'wide' })
    expect(await query(`select run, a, b, "metrics/step" from '${file}'`)).toEqual([
      ['x', 1, null, null],
      ['y', null, 2, 3],
    ])
  })
})

describe('a run with nothing to export', () => {
  test.each(['long', 'wide'] as const)('makes an empty %s table that DuckDB reads', async (shape) => {
    const dir = temporaryDirectory()
    const run = storedRun(dir, 'empty', [])
    const file = await exported(dir, [run], { format: 'parquet', shape })
    expect(await query(`select * from '${file}'`)).toEqual([])
    const csv = readFileSync(await exported(dir, [run], { format: 'csv', shape }), 'utf8')
    expect(csv).toBe(shape === 'long' ? 'run,producer,step,time,name,value\n' : 'run,producer,step,time\n')
  })
})

describe('a run with very many metrics', () => {
  const values = Object.fromEntries(Array.from({ length: 6000 }, (_, m) => [`m${m}`, m]))

  test('is exported long, and wide as text; wide Parquet says what to do', async () => {
    const dir = temporaryDirectory()
    // A journal of the tests takes a thousand names for each producer.
    const runs = Array.from({ length: 6 }, (_, part) => {
      const some = Object.entries(values).slice(part * 1000, (part + 1) * 1000)
      return storedRun(dir, `run${part}`, [[0, Object.fromEntries(some)]])
    })
    const long = await exported(dir, runs, { format: 'parquet' })
    expect(await query(`select count(distinct name)::int, sum(value) from '${long}'`)).toEqual([
      [6000, (6000 * 5999) / 2],
    ])
    const csv = readFileSync(await exported(dir, runs, { format: 'csv', shape: 'wide' }), 'utf8')
    expect(csv.split('\n')[5]!.split(',')).toHaveLength(6004)
    await expect(exported(dir, runs, { format: 'parquet', shape: 'wide' })).rejects.toThrow(
      'at most 5000 metrics, and these are 6000: choose some, or take the long shape',
    )
  })
})

describe('an export that cannot be made', () => {
  test('of a metric that no run has names the nearest, and leaves the old file as it was', async () => {
    const { dir, runs } = twoRuns()
    writeFileSync(join(dir, 'out.csv'), 'old')
    await expect(exported(dir, runs, { format: 'csv', metrics: ['los'] })).rejects.toThrow(
      'no run has a metric "los": did you mean "loss"?',
    )
    expect(readFileSync(join(dir, 'out.csv'), 'utf8')).toBe('old')
  })

  test('leaves nothing behind where it fails half-way', async () => {
    const { dir, runs } = twoRuns()
    const broken = { id: 'three', dir: join(dir, 'out.csv', 'no') } as StoredRun
    writeFileSync(join(dir, 'out.csv'), 'old')
    for (const format of ['csv', 'parquet'] as const) {
      await expect(exported(dir, [...runs, broken], { format })).rejects.toThrow(/ENOTDIR/)
    }
    expect(readFileSync(join(dir, 'out.csv'), 'utf8')).toBe('old')
    expect(existsSync(join(dir, 'out.parquet'))).toBe(false)
    expect(readdirSync(dir).filter((name) => name.endsWith('.tmp'))).toEqual([])
  })
})
