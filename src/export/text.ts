/** The table formats that are text. NaN and infinities are NaN, Infinity and -Infinity; in JSON, as strings. */
import { quoteField } from '../sinks/csv/columns.js'
import { numberText } from '../sinks/wandb/extended-json.js'
import type { Point, TableWriter, WideRow } from './types.js'

export const LONG_COLUMNS = ['run', 'producer', 'step', 'time', 'name', 'value'] as const
export const WIDE_COLUMNS = ['run', 'producer', 'step', 'time'] as const

/** Takes text as it comes; when it goes to its place is its own matter. */
export type AddText = (text: string) => void

/** What a metric is called beside the fixed columns: its own name, unless one of them has it already. */
export function columnName(metric: string): string {
  return (WIDE_COLUMNS as readonly string[]).includes(metric) ? `metrics/${metric}` : metric
}

/** The shortest that reads back as the same number; all digits of a bigint. */
const valueText = (value: number | bigint): string =>
  typeof value === 'bigint' ? value.toString() : numberText(value)

function jsonValue(value: number | bigint): string {
  const text = valueText(value)
  return typeof value === 'number' && !Number.isFinite(value) ? `"${text}"` : text
}

/** Quoted texts by what they are of: names and runs come again and again. */
function remembered(make: (text: string) => string): (text: string) => string {
  const known = new Map<string, string>()
  return (text) => {
    const before = known.get(text)
    if (before !== undefined) return before
    const made = make(text)
    known.set(text, made)
    return made
  }
}

export function longCsv(add: AddText): TableWriter<Point> {
  const quoted = remembered(quoteField)
  add(`${LONG_COLUMNS.join(',')}\n`)
  return {
    add: ({ run, producer, step, time, name, value, exact }) =>
      add(`${quoted(run)},${producer},${step},${time},${quoted(name)},${valueText(exact ?? value)}\n`),
    finish: () => {},
  }
}

export function longJsonl(add: AddText): TableWriter<Point> {
  const quoted = remembered(JSON.stringify)
  return {
    add: ({ run, producer, step, time, name, value, exact }) =>
      add(
        `{"run":${quoted(run)},"producer":${producer},"step":${step},"time":${time},"name":${quoted(name)},"value":${jsonValue(exact ?? value)}}\n`,
      ),
    finish: () => {},
  }
}

export function wideCsv(add: AddText, names: readonly string[]): TableWriter<WideRow> {
  const quoted = remembered(quoteField)
  add(`${[...WIDE_COLUMNS, ...names.map((name) => quoteField(columnName(name)))].join(',')}\n`)
  return {
    add: ({ run, producer, step, time, cells }) => {
      let line = `${quoted(run)},${producer},${step},${time}`
      for (const cell of cells) line += cell === undefined ? ',' : `,${valueText(cell)}`
      add(`${line}\n`)
    },
    finish: () => {},
  }
}

export function wideJsonl(add: AddText, names: readonly string[]): TableWriter<WideRow> {
  const quoted = remembered(JSON.stringify)
  const keys = names.map((name) => `,${JSON.stringify(columnName(name))}:`)
  return {
    add: ({ run, producer, step, time, cells }) => {
      let line = `{"run":${quoted(run)},"producer":${producer},"step":${step},"time":${time}`
      for (const [column, cell] of cells.entries()) {
        if (cell !== undefined) line += keys[column]! + jsonValue(cell)
      }
      add(`${line}}\n`)
    },
    finish: () => {},
  }
}
