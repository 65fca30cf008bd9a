import { once } from 'node:events'
import fs from 'node:fs'
import { queryRuns } from '../../query/query-runs.js'
import type { QueryResult, QueryValue } from '../../query/types.js'
import { quoteField } from '../../sinks/csv/columns.js'
import { countText } from '../../text/text.js'
import { valueText } from '../../text/values.js'
import { CliError, EXIT } from '../errors.js'
import { storedRuns } from '../export/choose-runs.js'
import { exitOnSignals } from '../export/signals.js'
import type { Output } from '../output.js'
import type { QueryCommandOptions } from '../query.js'
import { rootOf } from '../runs.js'
import { type Column, renderTable } from '../table.js'

/** More is not for people to read. */
const TABLE_ROWS = 1000
const MIN_WIDTH = 8

/** `offstep query`. Resolves with the exit code; throws what is wrong with the command line or the SQL. */
export async function query(
  sql: string,
  { format, ...options }: QueryCommandOptions & { readonly dir?: string },
  output: Output,
): Promise<number> {
  const root = rootOf(options)
  if (!fs.existsSync(root)) {
    throw new CliError(
      `there is no directory ${root}: give the runs' directory with --dir, or set OFFSTEP_DIR`,
    )
  }
  const runs = storedRuns(options, root)
  exitOnSignals()
  const as = format ?? (output.json ? 'json' : 'table')
  if (as === 'table') printTable(await queryRuns(runs, sql, { limit: TABLE_ROWS }), output)
  else await (as === 'csv' ? printCsv : printJson)(sql, runs)
  return EXIT.ok
}

type Runs = Parameters<typeof queryRuns>[0]

function printTable({ columns, rows, truncated }: QueryResult, output: Output): void {
  const numbers = columns.map((_, column) => rows.every((row) => isNumber(row[column]!)))
  const shown: Column[] = columns.map((title, column) => ({
    title,
    align: numbers[column] ? 'right' : 'left',
    minWidth: MIN_WIDTH,
  }))
  output.print(
    renderTable(
      shown,
      rows.map((row) => row.map(cellText)),
      output,
    ),
  )
  if (truncated)
    output.note(output.err.dim(`the first ${countText(rows.length)} rows: --format csv prints all`))
}

/** With all digits: who asks in SQL rounds in SQL. */
const cellText = (value: QueryValue): string => (typeof value === 'number' ? String(value) : valueText(value))

const isNumber = (value: QueryValue): boolean => value === null || typeof value === 'number'

async function printCsv(sql: string, runs: Runs): Promise<void> {
  let heading = true
  const result = await queryRuns(runs, sql, {
    onRows: async (columns, rows) => {
      if (heading) await write(`${columns.map(quoteField).join(',')}\n`)
      heading = false
      await write(rows.map((row) => `${row.map(csvCell).join(',')}\n`).join(''))
    },
  })
  if (heading) await write(`${result.columns.map(quoteField).join(',')}\n`)
}

/** A null is an empty cell, an empty text is `""`. */
function csvCell(value: QueryValue): string {
  if (value === null) return ''
  return quoteField(typeof value === 'object' ? JSON.stringify(value) : String(value))
}

async function printJson(sql: string, runs: Runs): Promise<void> {
  let before = '['
  await queryRuns(runs, sql, {
    onRows: async (columns, rows) => {
      const objects = rows.map((row) =>
        JSON.stringify(Object.fromEntries(columns.map((c, i) => [c, row[i]]))),
      )
      await write(objects.map((text) => `${take()}\n${text}`).join(''))
    },
  })
  await write(before === '[' ? '[]\n' : '\n]\n')

  function take(): string {
    const sign = before
    before = ','
    return sign
  }
}

async function write(text: string): Promise<void> {
  if (!process.stdout.write(text)) await once(process.stdout, 'drain')
}
