import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { DuckDBConnection, DuckDBResult } from '@duckdb/node-api'
import { exportRuns } from '../export/export-runs.js'
import { removeOnExit } from '../export/on-exit.js'
import type { StoredRun } from '../store/runs/stored-run.js'
import { createArtifacts, createCheckpoints } from './content-tables.js'
import { loadDuckDb, runSql, sqlError, sqlText } from './duckdb.js'
import { createRuns, createSummary } from './run-tables.js'
import type { QueryResult, QueryValue } from './types.js'

const NO_METRICS = `create table metrics (
  run varchar, producer integer, step double, time timestamp, name varchar, value double)`

export interface QueryOptions {
  /** Called with the rows as they come, in order: for results that memory should not hold. Else they are collected. */
  readonly onRows?: (columns: readonly string[], rows: readonly (readonly QueryValue[])[]) => Promise<void>
  /** Rows that are collected at most. */
  readonly limit?: number
}

/**
 * Asks DuckDB, in memory, about runs: the tables `runs`, `summary`, `checkpoints`, `artifacts` and `metrics` (see
 * docs/export.md). A query that names `metrics` costs an export of these runs to a temporary Parquet file first (about
 * 1.5 million values per second and 9 bytes of disk per value); `artifacts` reads the journals of runs that have some; any
 * other reads run.json and summary.json only. Nothing is loaded from the network.
 *
 * Throws QueryError where DuckDB is missing or refuses the query. Blocks the thread: not for one that trains.
 */
export async function queryRuns(
  runs: readonly StoredRun[],
  sql: string,
  options: QueryOptions = {},
): Promise<QueryResult> {
  const { DuckDBInstance } = await loadDuckDb()
  const instance = await DuckDBInstance.create(':memory:')
  const connection = await instance.connect()
  const directory = mkdtempSync(join(tmpdir(), 'offstep-query-'))
  const keep = removeOnExit(directory)
  try {
    await runSql(connection, 'set autoinstall_known_extensions = false')
    await createRuns(connection, runs)
    if (mentions(sql, 'summary')) await createSummary(connection, runs)
    if (mentions(sql, 'checkpoints')) await createCheckpoints(connection, runs)
    if (mentions(sql, 'artifacts')) await createArtifacts(connection, runs)
    await createMetrics(connection, mentions(sql, 'metrics') ? runs : [], directory)
    return await resultOf(connection, sql, options)
  } finally {
    connection.closeSync()
    instance.closeSync()
    rmSync(directory, { recursive: true, force: true })
    keep()
  }
}

/** A name that only stands in a text or a comment costs time, and nothing else. */
const mentions = (sql: string, table: string): boolean => new RegExp(`\\b${table}\\b`, 'i').test(sql)

async function createMetrics(
  connection: DuckDBConnection,
  runs: readonly StoredRun[],
  directory: string,
): Promise<void> {
  if (runs.length === 0) return runSql(connection, NO_METRICS)
  const file = join(directory, 'metrics.parquet')
  await exportRuns(runs, { format: 'parquet', out: file })
  await runSql(connection, `create view metrics as select * from read_parquet(${sqlText(file)})`)
}

async function resultOf(
  connection: DuckDBConnection,
  sql: string,
  { onRows, limit = Number.POSITIVE_INFINITY }: QueryOptions,
): Promise<QueryResult> {
  const result = await streamOf(connection, sql)
  const columns = result.deduplicatedColumnNames()
  const kept: (readonly QueryValue[])[] = []
  let truncated = false
  try {
    for await (const rows of result.yieldRowsJson()) {
      if (onRows !== undefined) {
        await onRows(columns, rows as QueryValue[][])
        continue
      }
      for (const row of rows as QueryValue[][]) {
        if (kept.length < limit) kept.push(row)
        else truncated = true
      }
      if (truncated) break
    }
  } catch (error) {
    throw sqlError(error)
  }
  return { columns, rows: kept, truncated }
}

async function streamOf(connection: DuckDBConnection, sql: string): Promise<DuckDBResult> {
  try {
    return await connection.stream(sql)
  } catch (error) {
    throw sqlError(error)
  }
}
