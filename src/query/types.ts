/** A table of a query's results. */
export interface QueryResult {
  readonly columns: readonly string[]
  /** What JSON can hold; NaN, infinities, and integers beyond 2^53 are strings. */
  readonly rows: readonly (readonly QueryValue[])[]
  /** There are more rows than the limit allows. */
  readonly truncated: boolean
}

export type QueryValue =
  | null
  | boolean
  | number
  | string
  | readonly QueryValue[]
  | { readonly [key: string]: QueryValue }

/** DuckDB is not there, or refuses the query. The message says what to do. */
export class QueryError extends Error {
  readonly code = 'OFFSTEP_QUERY'
  readonly retryable = false

  constructor(message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'QueryError'
  }
}
