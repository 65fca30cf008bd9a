import { renameSync, rmSync } from 'node:fs'
import type { Writable } from 'node:stream'
import { setImmediate } from 'node:timers/promises'
import { temporaryPath } from '../store/atomic-file.js'
import { readBatches } from '../store/runs/read-rows.js'
import type { StoredRun } from '../store/runs/stored-run.js'
import { LongTable } from './long.js'
import { metricNames } from './metric-names.js'
import { removeOnExit } from './on-exit.js'
import { type Selection, Selector } from './selection.js'
import { FileTarget, StreamTarget, type TextTarget } from './target.js'
import { longCsv, longJsonl, wideCsv, wideJsonl } from './text.js'
import { ExportError, type ExportFormat, type ExportShape } from './types.js'
import { WideTable } from './wide.js'

/** A Parquet file describes each column of each row group: beyond this the description outgrows the data. */
const MAX_PARQUET_COLUMNS = 5000

export interface ExportOptions extends Selection {
  readonly format: ExportFormat
  /** Default: long. */
  readonly shape?: ExportShape
  /** The path of a file, which is replaced when the export is whole, or a stream (not for Parquet). */
  readonly out: string | Writable
}

export interface ExportReport {
  readonly runs: number
  readonly points: number
  /** Columns of metrics; 0 in a long table. */
  readonly columns: number
}

type Table = LongTable | WideTable

/**
 * Writes the metrics of runs to one table, in the order of the runs and of their journals. Memory does not grow with the
 * runs' length. A live run is exported as far as its journal goes. Media and updates are no part of it.
 *
 * Throws ExportError where there is nothing of the kind to export, and the file system's errors; the file is then as it
 * was. Blocks the thread: not for one that trains.
 */
export async function exportRuns(runs: readonly StoredRun[], options: ExportOptions): Promise<ExportReport> {
  const names = options.shape === 'wide' || options.metrics !== undefined ? metricNames(runs, options) : []
  if (options.format === 'parquet') return exportParquet(runs, options, names)
  const target = typeof options.out === 'string' ? new FileTarget(options.out) : new StreamTarget(options.out)
  try {
    return await exportText(runs, options, target, names)
  } catch (error) {
    target.abandon()
    throw error
  }
}

async function exportText(
  runs: readonly StoredRun[],
  options: ExportOptions,
  target: TextTarget,
  names: readonly string[],
): Promise<ExportReport> {
  const add = (text: string): void => target.add(text)
  const csv = options.format === 'csv'
  const selector = new Selector(options)
  const table: Table =
    options.shape === 'wide'
      ? new WideTable(selector, (csv ? wideCsv : wideJsonl)(add, names), names)
      : new LongTable(selector, (csv ? longCsv : longJsonl)(add))
  let points = 0
  for (const run of runs) {
    table.begin(run.id)
    for (const batch of readBatches(run.dir)) {
      points += table.add(batch)
      await target.drain()
      // Signals and timers have their turn.
      await setImmediate()
    }
    table.end()
  }
  table.finish()
  await target.finish()
  return report(runs, options, points, names)
}

async function exportParquet(
  runs: readonly StoredRun[],
  options: ExportOptions,
  names: readonly string[],
): Promise<ExportReport> {
  const { out, shape } = options
  if (typeof out !== 'string') throw new ExportError('Parquet cannot be written to a stream: give a file')
  if (shape === 'wide' && names.length > MAX_PARQUET_COLUMNS) {
    throw new ExportError(
      `a wide Parquet file has at most ${MAX_PARQUET_COLUMNS} metrics, and these are ${names.length}: choose some, or take the long shape`,
    )
  }
  // Only now: most of what this module is used for needs neither.
  const [{ fileWriter }, { longParquet, wideParquet }] = await Promise.all([
    import('hyparquet-writer'),
    import('./parquet.js'),
  ])
  const temporary = temporaryPath(out)
  const keep = removeOnExit(temporary)
  try {
    const writer = fileWriter(temporary)
    const selector = new Selector(options)
    const table: Table =
      shape === 'wide'
        ? new WideTable(selector, wideParquet(writer, names), names)
        : new LongTable(selector, longParquet(writer))
    let points = 0
    for (const run of runs) {
      table.begin(run.id)
      for (const batch of readBatches(run.dir)) {
        points += table.add(batch)
        await setImmediate()
      }
      table.end()
    }
    table.finish()
    renameSync(temporary, out)
    return report(runs, options, points, names)
  } catch (error) {
    rmSync(temporary, { force: true })
    throw error
  } finally {
    keep()
  }
}

function report(
  runs: readonly StoredRun[],
  { shape }: ExportOptions,
  points: number,
  names: readonly string[],
): ExportReport {
  return { runs: runs.length, points, columns: shape === 'wide' ? names.length : 0 }
}
