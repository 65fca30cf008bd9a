import { statSync } from 'node:fs'
import { basename } from 'node:path'
import { FIXED_FIELDS } from '../../sinks/file/fields.js'
import {
  ImportError,
  type ImportedFacts,
  type ImportedRow,
  LeftOut,
  plainFacts,
  type RunSource,
  type SourceReader,
} from '../types.js'
import { readCsv } from './parse.js'

/** In the order in which they are looked for; case and spaces do not matter. */
const STEPS = ['step', '_step', 'global_step', 'iteration', 'iter', 'epoch', 'batch']
const TIMES = ['timestamp', '_timestamp', 'wall_time', 'time', 'datetime', 'date']
/** Of offstep's and W&B's own files: they say where a row comes from, and are no metrics. */
const NO_METRICS = new Set<string>([...FIXED_FIELDS, '_runtime', 'run'])

export const isCsvFile = (name: string): boolean => /\.(csv|tsv)$/i.test(name)

/** A file with a column per metric and a heading. */
export function csvSource(path: string): RunSource {
  return { kind: 'csv', path, files: [path], open: () => new CsvReader(path) }
}

interface Columns {
  /** -1: there is none. */
  readonly step: number
  readonly time: number
  readonly metrics: readonly { readonly column: number; readonly name: string }[]
}

class CsvReader implements SourceReader {
  readonly #path: string
  readonly #leftOut = new LeftOut()

  constructor(path: string) {
    this.#path = path
  }

  *records(): Generator<ImportedRow> {
    const modified = Math.round(statSync(this.#path).mtimeMs)
    let columns: Columns | null = null
    let number = 0
    for (const cells of readCsv(this.#path)) {
      // An empty line.
      if (cells.length === 1 && cells[0] === '') continue
      if (columns === null) {
        columns = columnsOf(cells, this.#path)
        continue
      }
      const step = columns.step < 0 ? number : numberIn(cells[columns.step])
      const time = columns.time < 0 ? modified : timeIn(cells[columns.time])
      number++
      if (step === null || !Number.isFinite(step)) this.#leftOut.add('rows without a step')
      else yield { step, time: time ?? modified, values: this.#values(cells, columns) }
    }
    if (columns === null) throw new ImportError(`${this.#path} is empty: give a CSV file with a heading`)
  }

  facts(): ImportedFacts {
    return plainFacts(basename(this.#path).replace(/\.\w+$/, ''), this.#leftOut.counts)
  }

  #values(cells: readonly string[], { metrics }: Columns): Map<string, number> {
    const values = new Map<string, number>()
    for (const { column, name } of metrics) {
      const text = cells[column]?.trim() ?? ''
      if (text === '') continue
      const value = numberIn(text)
      if (value === null) this.#leftOut.add('values that are no numbers')
      else values.set(name, value)
    }
    return values
  }
}

function columnsOf(heading: readonly string[], path: string): Columns {
  const names = heading.map((name) => name.trim())
  const plain = names.map((name) => name.toLowerCase().replace(/\s+/g, '_'))
  if (plain.includes('name') && plain.includes('value')) {
    throw new ImportError(`${path} has a row per value: export it as a wide table, with a column per metric`)
  }
  const find = (wanted: readonly string[]): number => {
    const name = wanted.find((known) => plain.includes(known))
    return name === undefined ? -1 : plain.indexOf(name)
  }
  const [step, time] = [find(STEPS), find(TIMES)]
  const metrics = names
    .map((name, column) => ({ column, name }))
    .filter(({ column, name }) => {
      return column !== step && column !== time && name !== '' && !NO_METRICS.has(plain[column]!)
    })
  if (metrics.length === 0) throw new ImportError(`${path} has no column that could be a metric`)
  return { step, time, metrics }
}

const NON_FINITE: { readonly [text: string]: number } = {
  nan: Number.NaN,
  inf: Number.POSITIVE_INFINITY,
  '+inf': Number.POSITIVE_INFINITY,
  infinity: Number.POSITIVE_INFINITY,
  '-inf': Number.NEGATIVE_INFINITY,
  '-infinity': Number.NEGATIVE_INFINITY,
}

/** Null where it is none. */
function numberIn(text: string | undefined): number | null {
  const trimmed = text?.trim() ?? ''
  if (trimmed === '') return null
  const value = Number(trimmed)
  return Number.isNaN(value) ? (NON_FINITE[trimmed.toLowerCase()] ?? null) : value
}

/** Milliseconds since the epoch, from what a number's size says that it counts, or from a date. */
function timeIn(text: string | undefined): number | null {
  const value = numberIn(text)
  if (value === null) {
    const date = Date.parse(text ?? '')
    return Number.isNaN(date) ? null : date
  }
  if (!Number.isFinite(value)) return null
  const size = Math.abs(value)
  if (size < 1e11) return Math.round(value * 1000)
  if (size < 1e14) return Math.round(value)
  return Math.round(size < 1e17 ? value / 1e3 : value / 1e6)
}
