/**
 * metrics.csv: one row per log call, one column per metric, for pandas and spreadsheets.
 *
 *     step,timestamp,elapsed,producer,sequence,train/loss,val/loss
 *     10,1732190000.123,12.5,0,17,1.5,
 *
 * timestamp: Unix seconds; elapsed: seconds since the run began; an empty cell: not logged in this row; NaN,
 * Infinity and -Infinity as they are. Every row has as many fields as the header, at all times: when metrics
 * appear, the file is rewritten with their columns, once for the batch. Where that would take too many columns
 * or too large a file, these and all later new metrics go to metrics-overflow.csv instead, a row per value
 * (step,timestamp,elapsed,producer,sequence,name,value), so that a metric is in one of the files only. Media
 * (images, histograms, ...) are not applicable here.
 *
 * State: length and CRC-32 of both files, the number of rows, the metrics that have columns. A crash between the
 * rewriting and its commit leaves a header that the state does not know: then it is all written again.
 */
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import type { RecordBatch } from '../../record/batch.js'
import { SinkError } from '../errors.js'
import { AppendFile, extentIn, lengthIn } from '../file/append-file.js'
import { parseOptions } from '../file/parse-options.js'
import { TextBuffer } from '../file/text-buffer.js'
import type { Sink, SinkContext, SinkState, WriteResult } from '../sink.js'
import { Columns } from './columns.js'
import { OVERFLOW_HEADER, RowFormatter } from './format.js'
import { type CsvOptions, csvOptions } from './options.js'
import { temporaryPath, widen } from './widen.js'

export function createSink(): Sink {
  return new CsvSink()
}

class CsvSink implements Sink {
  #context!: SinkContext
  #options!: CsvOptions
  #path = ''
  #file: AppendFile | undefined
  #overflow: AppendFile | undefined
  #columns = new Columns([])
  #rows = 0
  #formatter = new RowFormatter(0)
  readonly #text = new TextBuffer()
  readonly #overflowText = new TextBuffer()

  async open(context: SinkContext, state: SinkState | null): Promise<void> {
    await this.close()
    this.#context = context
    this.#options = parseOptions('csv', csvOptions, context.options)
    this.#path = join(context.runDir, 'metrics.csv')
    this.#formatter = new RowFormatter(context.startTime)
    this.#columns = new Columns(state === null ? [] : columnsIn(state))
    this.#rows = state === null ? 0 : lengthIn(state, 'rows')
    try {
      this.#openFiles(state)
    } catch (error) {
      await this.close()
      throw error
    }
  }

  async write(batch: RecordBatch): Promise<WriteResult> {
    this.#admit(batch)
    this.#text.clear()
    this.#overflowText.clear()
    const file = this.#file!
    if (file.length === 0 && batch.count > 0) this.#text.add(this.#columns.header())
    if (this.#overflow?.length === 0) this.#overflowText.add(OVERFLOW_HEADER)
    this.#formatter.format(batch, this.#columns, this.#text, this.#overflowText)
    this.#append(file, this.#text.finish(), this.#overflowText.finish())
    this.#rows += batch.count - batch.media.size
    const overflow = this.#overflow?.extent
    return {
      state: {
        ...file.extent,
        rows: this.#rows,
        columns: this.#columns.names,
        overflowLength: overflow?.length ?? null,
        ...(overflow !== undefined && { overflowCrc: overflow.crc }),
      },
      notApplicable: batch.media.size,
    }
  }

  async close(): Promise<void> {
    try {
      this.#file?.close()
    } finally {
      this.#file = undefined
      this.#overflow?.close()
      this.#overflow = undefined
    }
  }

  #openFiles(state: SinkState | null): void {
    rmSync(temporaryPath(this.#path), { force: true })
    const { suspect } = this.#context
    this.#file =
      state === null
        ? AppendFile.create(this.#path)
        : AppendFile.open(this.#path, extentIn(state, 'length', 'crc'), suspect)
    this.#assertHeader()
    if (typeof state?.overflowLength === 'number') {
      const extent = extentIn(state, 'overflowLength', 'overflowCrc')
      this.#overflow = AppendFile.open(this.#overflowPath(), extent, suspect)
    } else {
      rmSync(this.#overflowPath(), { force: true })
    }
  }

  /** Both files or neither. */
  #append(file: AppendFile, rows: Uint8Array, overflowRows: Uint8Array): void {
    const before = file.extent
    file.append(rows, rows.length)
    try {
      this.#overflow?.append(overflowRows, overflowRows.length)
    } catch (error) {
      file.cut(before)
      throw error
    }
  }

  /** Gives every new metric of the batch a column, or sends it to the overflow. */
  #admit(batch: RecordBatch): void {
    const keys = this.#columns.unknownKeys(batch)
    if (keys.length === 0) return
    const admitted = keys.slice(0, this.#room(keys.length))
    const refused = keys.slice(admitted.length)
    if (admitted.length > 0 && this.#file!.length > 0) {
      const header = this.#columns.header(admitted.map((key) => batch.names[key]!))
      this.#file = widen(this.#file!, this.#path, this.#columns.header(), header, admitted.length)
    }
    this.#columns.add(batch, admitted)
    // Last: once it is open no metric gets a column any more, also not where the batch must come again.
    if (refused.length > 0) this.#openOverflow(batch.names[refused[0]!]!)
    this.#columns.overflow(refused)
  }

  /** How many of `wanted` new metrics may have columns. */
  #room(wanted: number): number {
    // From then on no new columns, or a metric could be in the overflow first and in a column later.
    if (this.#overflow !== undefined) return 0
    const columns = Math.max(0, Math.min(wanted, this.#options.maxColumns - this.#columns.names.length))
    return this.#file!.length + this.#rows * columns <= this.#options.maxRewriteBytes ? columns : 0
  }

  #openOverflow(name: string): void {
    if (this.#overflow !== undefined) return
    this.#overflow = AppendFile.create(this.#overflowPath())
    this.#context.warn(
      'csv_overflow',
      `metrics.csv takes no new columns any more (${this.#columns.names.length} columns, ${this.#file!.length} bytes): "${name}" and later new metrics go to metrics-overflow.csv, a row per value`,
    )
  }

  #overflowPath(): string {
    return join(this.#context.runDir, 'metrics-overflow.csv')
  }

  #assertHeader(): void {
    if (this.#file!.length === 0) return
    const expected = Buffer.from(this.#columns.header())
    const found = Buffer.alloc(expected.length)
    this.#file!.read(found, 0)
    if (expected.equals(found)) return
    throw new SinkError(
      'rebuild',
      'HEADER_CHANGED',
      `${this.#path} has columns that were not committed; it is written again from the journal`,
    )
  }
}

function columnsIn(state: SinkState): string[] {
  const { columns } = state
  if (Array.isArray(columns) && columns.every((name) => typeof name === 'string')) return columns
  throw new SinkError(
    'rebuild',
    'STATE_INVALID',
    'the cursor holds no usable columns; the file is written again',
  )
}
