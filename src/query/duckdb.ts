import type { DuckDBConnection } from '@duckdb/node-api'
import { QueryError } from './types.js'

type DuckDb = typeof import('@duckdb/node-api')

/** An optional peer: its native library is 50 MB and more, and only queries need it. */
export async function loadDuckDb(): Promise<DuckDb> {
  try {
    return await import('@duckdb/node-api')
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    throw code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND'
      ? new QueryError('queries need DuckDB, which is not installed: npm install @duckdb/node-api', cause)
      : new QueryError(
          `DuckDB cannot be loaded (${(cause as Error).message}): npm install @duckdb/node-api`,
          cause,
        )
  }
}

/** Runs statements; DuckDB's refusal becomes a QueryError. */
export async function runSql(connection: DuckDBConnection, sql: string): Promise<void> {
  try {
    await connection.run(sql)
  } catch (error) {
    throw sqlError(error)
  }
}

/** The first line of what DuckDB says, with the candidates that it names; the lines below repeat the query. */
export function sqlError(error: unknown): QueryError {
  const message = error instanceof Error ? error.message : String(error)
  const [told] = message.split(/\n\s*\nLINE \d+:|\nLINE \d+:/)
  return new QueryError(told!.trim().replace(/\s*\n\s*/g, ' '), error)
}

/** As a literal of SQL. */
export const sqlText = (text: string): string => `'${text.replaceAll("'", "''")}'`
