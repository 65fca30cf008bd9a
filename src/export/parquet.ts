/** Tables as Parquet: values are DOUBLE (NaN and infinities are what they are), times TIMESTAMP in ms, names dictionaries. */
import type { SchemaElement } from 'hyparquet'
import { type ColumnSource, ParquetWriter, type Writer } from 'hyparquet-writer'
import { columnName } from './text.js'
import type { Point, TableWriter, WideRow } from './types.js'

const CREATED_BY = 'offstep'
/** Rows of a row group: more would take more than 300 MB of memory. */
const GROUP_ROWS = 2 ** 18
/** Cells that a row group of a wide table holds in memory. */
const GROUP_CELLS = 2 ** 19

const STRING = { type: 'BYTE_ARRAY', converted_type: 'UTF8' } as const
const FIXED: readonly SchemaElement[] = [
  { name: 'run', ...STRING, repetition_type: 'REQUIRED' },
  { name: 'producer', type: 'INT32', repetition_type: 'REQUIRED' },
  { name: 'step', type: 'DOUBLE', repetition_type: 'REQUIRED' },
  { name: 'time', type: 'INT64', converted_type: 'TIMESTAMP_MILLIS', repetition_type: 'REQUIRED' },
]

/** The columns that each row of a table has, for one row group. */
class FixedColumns {
  readonly runs: string[]
  readonly producers: Int32Array
  readonly steps: Float64Array
  readonly times: BigInt64Array

  constructor(rows: number) {
    this.runs = new Array<string>(rows).fill('')
    this.producers = new Int32Array(rows)
    this.steps = new Float64Array(rows)
    this.times = new BigInt64Array(rows)
  }

  set(at: number, { run, producer, step, time }: Pick<Point, 'run' | 'producer' | 'step' | 'time'>): void {
    this.runs[at] = run
    this.producers[at] = producer
    this.steps[at] = step
    this.times[at] = BigInt(Math.round(time))
  }

  columns(rows: number): ColumnSource[] {
    return [
      { name: 'run', data: this.runs.slice(0, rows), encoding: 'RLE_DICTIONARY' },
      { name: 'producer', data: this.producers.subarray(0, rows), encoding: 'RLE_DICTIONARY' },
      { name: 'step', data: this.steps.subarray(0, rows), encoding: 'PLAIN', statistics: true },
      { name: 'time', data: this.times.subarray(0, rows), encoding: 'PLAIN' },
    ]
  }
}

/** Statistics cost as much as the columns themselves: only steps have them, which are what queries narrow down by. */
function parquetWriter(writer: Writer, columns: readonly SchemaElement[]): ParquetWriter {
  const root = { name: 'root', num_children: columns.length }
  return new ParquetWriter({
    writer,
    schema: [root, ...columns],
    statistics: false,
    createdBy: CREATED_BY,
  })
}

export function longParquet(writer: Writer): TableWriter<Point> {
  const parquet = parquetWriter(writer, [
    ...FIXED,
    { name: 'name', ...STRING, repetition_type: 'REQUIRED' },
    { name: 'value', type: 'DOUBLE', repetition_type: 'REQUIRED' },
  ])
  const fixed = new FixedColumns(GROUP_ROWS)
  const names = new Array<string>(GROUP_ROWS).fill('')
  const values = new Float64Array(GROUP_ROWS)
  let rows = 0
  const flush = (): void => {
    if (rows === 0) return
    parquet.write({
      columnData: [
        ...fixed.columns(rows),
        { name: 'name', data: names.slice(0, rows), encoding: 'RLE_DICTIONARY' },
        { name: 'value', data: values.subarray(0, rows), encoding: 'PLAIN' },
      ],
      rowGroupSize: rows,
    })
    rows = 0
  }
  return {
    add: (point) => {
      fixed.set(rows, point)
      names[rows] = point.name
      values[rows] = point.value
      if (++rows === GROUP_ROWS) flush()
    },
    finish: () => {
      flush()
      parquet.finish()
    },
  }
}

export function wideParquet(writer: Writer, names: readonly string[]): TableWriter<WideRow> {
  const columns = names.map(columnName)
  const parquet = parquetWriter(writer, [
    ...FIXED,
    ...columns.map((name) => ({ name, type: 'DOUBLE', repetition_type: 'OPTIONAL' }) as const),
  ])
  const groupRows = Math.max(1, Math.min(GROUP_ROWS, Math.floor(GROUP_CELLS / (names.length + 1))))
  const fixed = new FixedColumns(groupRows)
  const cells = names.map(() => new Array<number | null>(groupRows).fill(null))
  let rows = 0
  const flush = (): void => {
    if (rows === 0) return
    const data = columns.map(
      (name, column) => ({ name, data: cells[column]!.slice(0, rows), encoding: 'PLAIN' }) as const,
    )
    parquet.write({ columnData: [...fixed.columns(rows), ...data], rowGroupSize: rows })
    rows = 0
  }
  return {
    add: (row) => {
      fixed.set(rows, row)
      for (const [column, cell] of row.cells.entries())
        cells[column]![rows] = cell === undefined ? null : Number(cell)
      if (++rows === groupRows) flush()
    },
    finish: () => {
      flush()
      parquet.finish()
    },
  }
}
