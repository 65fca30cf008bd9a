/** `long`: one row per value. `wide`: one row per step and producer, with a column per metric. */
export type ExportShape = 'long' | 'wide'
export type ExportFormat = 'csv' | 'jsonl' | 'parquet'

/** One value of one log call. The same object is used for each: take what is needed out of it. */
export interface Point {
  /** Id of the run. */
  run: string
  /** 0 is the thread that called `init()`. */
  producer: number
  step: number
  /** Milliseconds since the epoch. */
  time: number
  name: string
  /** May be NaN or infinite; a bigint as the nearest number. */
  value: number
  /** The value, where it was logged as a bigint. */
  exact: bigint | undefined
}

/** Values of one step of one producer. The same object is used for each. */
export interface WideRow {
  run: string
  producer: number
  step: number
  /** Of the first log call at this step. Milliseconds since the epoch. */
  time: number
  /** By column; undefined where there is no value. */
  readonly cells: (number | bigint | undefined)[]
}

/** Where the rows of a table go. All calls block for file calls. */
export interface TableWriter<Row> {
  add(row: Row): void
  /** Writes what is left; the file is complete then. */
  finish(): void
}

/** The export cannot be made as it was asked for. The message says what to ask for instead. */
export class ExportError extends Error {
  readonly code = 'OFFSTEP_EXPORT'
  readonly retryable = false

  constructor(message: string) {
    super(message)
    this.name = 'ExportError'
  }
}
